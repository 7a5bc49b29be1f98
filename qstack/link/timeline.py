"""Scheduling against coherence: when a node does what, what is left of the pair by then, and what can never work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple

from qstack import bell
from qstack.link.memory import ROUNDING, Memories, Memory, stored, useful_s
from qstack.link.model import LinkModel
from qstack.link.platform import Platform

Platforms = tuple[Platform, Platform]
"""The platforms at the two ends of a link."""

SEPARABLE = 0.5
"""Bell-diagonal pairs of this fidelity or less may hold no entanglement at all."""

NAMES = ("the first node", "the second node")


class Kind(StrEnum):
    """What takes time at a node."""

    INITIALISE = "initialisation"
    ATTEMPT = "attempt"
    HERALD = "herald"
    ONE_QUBIT_GATE = "one-qubit gate"
    TWO_QUBIT_GATE = "two-qubit gate"
    READOUT = "readout"
    MESSAGE = "message"


class Operation(NamedTuple):
    """What an end does with its qubit once the pair is heralded.

    Attributes:
        kind: a gate, a readout, or the wait for a message.
        at: which end does it, 0 or 1.
        flight_s: for how long a message flies; the other operations take what the platform takes.
    """

    kind: Kind
    at: int = 0
    flight_s: float = 0.0


class Step(NamedTuple):
    """An operation in time.

    Attributes:
        kind: what is done.
        at: which end does it, 0 or 1.
        start_s: when it starts; 0 is the start of the attempt.
        stop_s: when it is done.
        fidelity: of the pair when it is done; None while there is no pair, 0 once a memory has given its qubit up.
    """

    kind: Kind
    at: int
    start_s: float
    stop_s: float
    fidelity: float | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the two ends of a link do with a pair, from the start of the attempt that succeeds.

    Failed attempts before it are left out: they cost time and no fidelity.

    Attributes:
        steps: in the order in which they start; only those before the herald run side by side.
    """

    steps: tuple[Step, ...]

    def fits(self, floor: float) -> tuple[Step, ...]:
        """The steps up to the first that leaves the pair below the floor."""
        return tuple(takewhile(lambda step: step.fidelity is None or step.fidelity >= floor - ROUNDING, self.steps))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a link can give a fidelity at all, with nobody else in the way.

    Attributes:
        fidelity: the best it can give.
        reason: why that is not enough; empty if it is.
    """

    fidelity: float
    reason: str = ""

    @property
    def possible(self) -> bool:
        """Whether it is enough."""
        return not self.reason


class _Moment(NamedTuple):
    """The pair and its memories at a point in time; `given_up` says that a memory's cutoff has passed."""

    state: bell.State
    ends: Memories
    given_up: bool = False

    @property
    def fidelity(self) -> float:
        return 0.0 if self.given_up else float(bell.fidelity(self.state))

    def later(self, t_s: tuple[float, float]) -> _Moment:
        """After each of the two qubits was stored for its time."""
        (t_a, t_b), (end_a, end_b) = t_s, self.ends
        given_up = self.given_up or t_a > end_a.cutoff_s or t_b > end_b.cutoff_s
        return _Moment(stored(self.state, t_s, self.ends), (end_a.aged(t_a), end_b.aged(t_b)), given_up)


def best_fidelity(link: LinkModel, platforms: Platforms) -> float:
    """Fidelity of a pair when both ends know of its herald; 0 if a memory gives its qubit up before that."""
    return _heralded(link, platforms).fidelity


def timeline(link: LinkModel, platforms: Platforms, operations: Iterable[Operation] = ()) -> Timeline:
    """What the ends do: initialise, attempt, wait for the herald, and then the operations one after the other.

    Initialisation is the first part of an attempt, the wait for the herald its last: from when the qubit is stored.
    While one end works, both store. A gate's error is a depolarisation of the end's qubit; a readout ends its storage
    (its own error is no error of the pair).
    """
    now = _heralded(link, platforms)
    time_s = max(link.attempt_time_s, *link.stored_s)  # attempts that overlap last longer than their distance
    sent_s = [time_s - waits_s for waits_s in link.stored_s]
    ready_s = [min(each.memory.initialisation_time_s, sent) for each, sent in zip(platforms, sent_s, strict=True)]
    steps = [Step(Kind.INITIALISE, at, 0.0, ready_s[at], None) for at in (0, 1)]
    steps += [Step(Kind.ATTEMPT, at, ready_s[at], sent_s[at], None) for at in (0, 1)]
    steps += [Step(Kind.HERALD, at, sent_s[at], time_s, now.fidelity) for at in (0, 1)]
    for operation, duration_s, _, after in _walk(now, platforms, operations):
        steps.append(Step(operation.kind, operation.at, time_s, time_s + duration_s, after.fidelity))
        time_s += duration_s
    return Timeline(tuple(steps))


def judge(
    link: LinkModel,
    platforms: Platforms,
    floor: float,
    operations: Iterable[Operation] = (),
    names: tuple[str, str] = NAMES,
) -> Verdict:
    """Whether the link's pairs can be at least as good as `floor` after the operations, and if not, why.

    Args:
        link: how the pairs are made.
        platforms: what stores them at the two ends.
        floor: the least fidelity that will do.
        operations: what has to be done with a pair before it is used.
        names: of the two ends, for the reason.
    """
    now = _heralded(link, platforms)
    if reason := _too_late(link, platforms, now, floor, names):
        return Verdict(now.fidelity, reason)
    for operation, duration_s, before, after in _walk(now, platforms, operations):
        if _short(after.fidelity, floor):
            what, where = f"a {operation.kind}", names[operation.at]
            left_s = useful_s(before.state, before.ends, floor)
            if duration_s > left_s:
                kept = f"the pair keeps fidelity {floor:g} for {_time(left_s)}"
                reason = f"{what} at {where} takes {_time(duration_s)}, {kept}"
            else:
                reason = f"{what} at {where} leaves fidelity {below(after.fidelity, floor)}, below {floor:g}"
            return Verdict(after.fidelity, reason)
        now = after
    return Verdict(now.fidelity)


def warnings(
    link: LinkModel, platforms: Platforms, floor: float = SEPARABLE, names: tuple[str, str] = NAMES
) -> list[str]:
    """What makes the link's pairs useless: the herald itself, or any single gate or readout at either end.

    Args:
        link: how the pairs are made.
        platforms: what stores them at the two ends.
        floor: the fidelity below which a pair is of no use.
        names: of the two ends.
    """
    kinds = (Kind.ONE_QUBIT_GATE, Kind.TWO_QUBIT_GATE, Kind.READOUT)
    single = [Operation(kind, at) for at in (0, 1) for kind in kinds]
    reasons = (judge(link, platforms, floor, [operation], names).reason for operation in single)
    return [reason for reason in dict.fromkeys(reasons) if reason]


def _heralded(link: LinkModel, platforms: Platforms) -> _Moment:
    first, second = (Memory.of(platform) for platform in platforms)
    return _Moment(link.state, (first, second)).later(link.stored_s)


def _walk(
    now: _Moment, platforms: Platforms, operations: Iterable[Operation]
) -> Iterator[tuple[Operation, float, _Moment, _Moment]]:
    """Each operation with its duration, and the pair before and after it."""
    for operation in operations:
        duration_s, error = _figures(operation, platforms[operation.at])
        after = now.later((duration_s, duration_s))
        after = after._replace(state=bell.pauli(after.state, error / 4, error / 4, error / 4))
        if operation.kind is Kind.READOUT:
            first, second = after.ends
            after = after._replace(ends=(Memory(), second) if operation.at == 0 else (first, Memory()))
        yield operation, duration_s, now, after
        now = after


def _figures(operation: Operation, platform: Platform) -> tuple[float, float]:
    """Duration of an operation and the depolarising probability it costs the qubit."""
    match operation.kind:
        case Kind.ONE_QUBIT_GATE:
            return platform.gate1_time_s, platform.gate1_depolarizing
        case Kind.TWO_QUBIT_GATE:
            return platform.gate2_time_s, platform.gate2_depolarizing
        case Kind.READOUT:
            return platform.readout_time_s, 0.0
        case _:
            return operation.flight_s, 0.0


def _too_late(link: LinkModel, platforms: Platforms, now: _Moment, floor: float, names: tuple[str, str]) -> str:
    """Why a pair is not good enough when both ends know of its herald; empty if it is."""
    at_herald = float(bell.fidelity(link.state))
    if _short(at_herald, floor):
        return f"heralded fidelity {below(at_herald, floor)} is below {floor:g}"
    ends = list(zip(link.stored_s, map(Memory.of, platforms), names, strict=True))
    for waits_s, end, name in ends:
        if waits_s > end.cutoff_s:
            return f"the herald takes {_time(waits_s)} at {name}, where qubits are given up after {_time(end.cutoff_s)}"
    if _short(now.fidelity, floor):
        waits_s, end, name = max(ends, key=lambda each: each[0] / each[1].t2_s)
        spent = f"the herald takes {_time(waits_s)} at {name}, where T2 is {_time(end.t2_s)}"
        return f"{spent}: fidelity {below(now.fidelity, floor)} is left, below {floor:g}"
    return ""


def _short(fidelity: float, floor: float) -> bool:
    return fidelity < floor - ROUNDING


def below(fidelity: float, floor: float) -> str:
    """A value below a floor, with three digits or as many as it takes to see that."""
    told = (f"{fidelity:.{digits}g}" for digits in range(3, 18))
    return next(text for text in told if float(text) < floor)


def _time(seconds: float) -> str:
    scales = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
    scale, unit = next((each for each in scales if seconds >= 0.9995 * each[0]), scales[-1] if seconds else scales[0])
    return f"{seconds / scale:.3g} {unit}"
