"""What a link can do, as plain data, and what it therefore cannot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from qstack.link.errors import LinkError, need_amount, need_count, need_probability
from qstack.link.service.requests import Create, Direction, ErrorCode, Kind


@dataclass(frozen=True, slots=True)
class Option:
    """One way of making a pair, such as one brightness of the sources.

    Attributes:
        fidelity: of a pair right after its herald.
        success_probability: of one attempt.
        attempt_time_s: from the start of one attempt to the start of the next.
    """

    fidelity: float
    success_probability: float
    attempt_time_s: float

    def __post_init__(self) -> None:
        """Refuse impossible options.

        Raises:
            LinkError: a figure is out of range.
        """
        need_probability("fidelity", self.fidelity)
        need_probability("success_probability", self.success_probability, positive=True)
        need_amount("attempt_time_s", self.attempt_time_s, "seconds", positive=True)

    @property
    def mean_time_s(self) -> float:
        """Mean time to a herald."""
        return self.attempt_time_s / self.success_probability


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What one end of a link knows of it. Both ends have to know the same options, link id and cutoff.

    Attributes:
        link_id: the link's name.
        options: the ways of making a pair.
        slots: memory slots that this end has for the link.
        peer_slots: those of the other end.
        cutoff_s: a stored pair older than this has expired; inf if none ever does.
    """

    link_id: str
    options: tuple[Option, ...]
    slots: int
    peer_slots: int
    cutoff_s: float = math.inf

    def __post_init__(self) -> None:
        """Refuse links that can do nothing.

        Raises:
            LinkError: there is no option, or a figure is out of range.
        """
        need_count("number of options", len(self.options))
        need_amount("slots", self.slots, "slots")
        need_amount("peer_slots", self.peer_slots, "slots")
        if not self.cutoff_s > 0:
            raise LinkError(f"cutoff_s is {self.cutoff_s}; give more than 0 seconds, or inf")

    @property
    def best_fidelity(self) -> float:
        """Fidelity of the best option."""
        return max(option.fidelity for option in self.options)

    def option_for(self, create: Create) -> Option | None:
        """The fastest option that is good enough; None if there is none."""
        good = [option for option in self.options if option.fidelity >= create.minimum_fidelity]
        return min(good, key=lambda option: option.mean_time_s, default=None)


class Objection(NamedTuple):
    """Why a request is not taken."""

    code: ErrorCode
    why: str


def malformed(create: Create, remote_node_id: str) -> Objection | None:
    """What makes no sense in a request to this remote node; None if all does."""
    bases = (bool(create.bases), bool(create.peer_bases))
    wanted = {Kind.KEEP: (False, False), Kind.MEASURE: (True, True), Kind.PREPARE: (True, False)}[create.kind]
    checks = {
        f"remote_node_id is {create.remote_node_id!r}; this link goes to {remote_node_id!r}": (
            create.remote_node_id == remote_node_id
        ),
        f"number is {create.number}; ask for 1 pair or more": create.number >= 1,
        f"minimum_fidelity is {create.minimum_fidelity}; give one from 0 to 1": 0 <= create.minimum_fidelity <= 1,
        f"max_time_s is {create.max_time_s}; give more than 0 seconds, or inf": create.max_time_s > 0,
        f"kind {create.kind} takes {' and '.join(_BASES[wanted])}": bases == wanted,
    }
    return next((Objection(ErrorCode.CREATE, why) for why, fine in checks.items() if not fine), None)


_BASES = {
    (False, False): ("no bases", "no peer_bases"),
    (True, True): ("bases", "peer_bases"),
    (True, False): ("bases", "no peer_bases"),
}


def unsupported(create: Create, option: Option, cutoff_s: float) -> Objection | None:
    """What the link could not do even with nothing else to do.

    Times are means; that atomic pairs may have to be made again after their cutoff is left out.
    """
    needed_s = create.number * option.mean_time_s
    if needed_s > create.max_time_s:
        why = f"{create.number} pairs take {needed_s:.3g} s on the idle link, not {create.max_time_s} s"
        return Objection(ErrorCode.UNSUPP, why)
    apart_s = (create.number - 1) * option.attempt_time_s
    if create.atomic and create.kind is not Kind.MEASURE and apart_s > cutoff_s:
        why = f"{create.number} pairs are made over at least {apart_s:.3g} s, and live {cutoff_s} s"
        return Objection(ErrorCode.UNSUPP, why)
    return None


def without_memory(create: Create, direction: Direction, facts: LinkFacts) -> Objection | None:
    """Which end has too few slots for a request of that direction, even if all are free."""
    needed = create.number if create.atomic else 1
    for end, seen, slots in (("this", direction, facts.slots), ("the other", direction.other, facts.peer_slots)):
        if not create.bases_of(seen) and slots < needed:
            return Objection(ErrorCode.NORES, f"{needed} memory slots are needed at once, {end} end has {slots}")
    return None
