"""What the layer above asks of a link and hears from it, in the words of Dahlberg et al. 2019 (EGP)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What becomes of the two qubits of a pair."""

    KEEP = "K"
    """Both ends keep theirs."""
    MEASURE = "M"
    """Both ends measure theirs at once."""
    PREPARE = "R"
    """The creator measures its own at once and so prepares the peer's, which is kept (remote state preparation)."""


class Basis(StrEnum):
    """In which basis a qubit is measured; the last two are those of a CHSH test, 45 degrees off Z towards +-X."""

    X = "X"
    Y = "Y"
    Z = "Z"
    Z_PLUS_X = "Z+X"
    Z_MINUS_X = "Z-X"


class ErrorCode(IntEnum):
    """Why there is no pair, or no longer one."""

    UNSUPP = 0
    """The link cannot do it, even with nothing else to do."""
    NOTIME = 1
    """The link cannot do it in time, with all it has to do."""
    NORES = 2
    """There are not enough memory slots."""
    TIMEOUT = 3
    """The time is over."""
    REJECTED = 4
    """The peer does not want it."""
    OTHER = 5
    """The peer restarted or is silent, or too many requests are waiting."""
    EXPIRE = 6
    """A delivered pair has become invalid. The only one that is about a pair, not about a request."""
    CREATE = 7
    """The request makes no sense."""


class Direction(IntEnum):
    """Which end created the request."""

    LOCAL = 0
    REMOTE = 1

    @property
    def other(self) -> Direction:
        """As the peer sees it."""
        return Direction(1 - self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Asks for pairs with the node at the other end of the link.

    Attributes:
        remote_node_id: the node at the other end.
        kind: what becomes of the qubits.
        number: how many pairs.
        minimum_fidelity: lowest fidelity at the herald.
        max_time_s: how long the layer above will wait for all of them; inf for ever.
        purpose_id: what they are for; purposes share the link fairly, and the peer may refuse some.
        priority: a request of higher priority goes before all those of lower ones.
        atomic: deliver all at once, alive in memory at the same time, or none.
        consecutive: make no pair of another request between the first and the last.
        bases: in which of these the creator measures, drawn anew for each pair if several; empty if it keeps.
        peer_bases: the same for the peer.
    """

    remote_node_id: str
    kind: Kind = Kind.KEEP
    number: int = 1
    minimum_fidelity: float = 0.0
    max_time_s: float = math.inf
    purpose_id: int = 0
    priority: int = 0
    atomic: bool = False
    consecutive: bool = False
    bases: tuple[Basis, ...] = ()
    peer_bases: tuple[Basis, ...] = ()

    def bases_of(self, direction: Direction) -> tuple[Basis, ...]:
        """In which bases the end measures to which the request has that direction; empty if it keeps its qubits."""
        return self.bases if direction is Direction.LOCAL else self.peer_bases


class RequestId(NamedTuple):
    """Names a request for ever: create ids start anew when a node does, its epoch does not come back."""

    node_id: str
    epoch: int
    create_id: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request as both ends know it.

    Attributes:
        id: its name.
        create: what was asked.
        created_s: when.
    """

    id: RequestId
    create: Create
    created_s: float

    @property
    def deadline_s(self) -> float:
        """When its time is over."""
        return self.created_s + self.create.max_time_s


@dataclass(frozen=True, slots=True)
class PairId:
    """Names a pair for ever, and the same at both ends.

    Attributes:
        link_id: the link that made it.
        epochs: the epochs of its two ends, the leader's first.
        sequence_number: the midpoint's number of the herald.
    """

    link_id: str
    epochs: tuple[int, int]
    sequence_number: int


@dataclass(frozen=True, slots=True)
class Release:
    """The layer above has used up its qubit of a pair: the slot is free."""

    pair_id: PairId


@dataclass(frozen=True, slots=True)
class Created:
    """The number given to the request that was just handed in."""

    create_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ok:
    """A pair is delivered.

    Attributes:
        pair_id: its name.
        create_id: the request it is for, as numbered by the node that created it.
        directionality: whether that node is this one.
        purpose_id: what it is for.
        remote_node_id: where the other half is.
        goodness: fidelity to `bell_state` at the herald, as the link's facts say.
        time_of_goodness_s: when that was.
        bell_state: (z, x) of the pair, uncorrected.
        logical_qubit_id: the slot where the qubit waits until it is released or expires; None if it was measured.
        measurement_outcome: 0 or 1; None if the qubit is kept.
        measurement_basis: in which basis; None if the qubit is kept.
    """

    pair_id: PairId
    create_id: int
    directionality: Direction
    purpose_id: int
    remote_node_id: str
    goodness: float
    time_of_goodness_s: float
    bell_state: tuple[int, int]
    logical_qubit_id: int | None
    measurement_outcome: int | None
    measurement_basis: Basis | None

    @property
    def sequence_number(self) -> int:
        """The midpoint's number of the pair."""
        return self.pair_id.sequence_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """All pairs of a request are delivered at both ends, and none of them is taken back for want of its other half."""

    create_id: int
    origin_node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A request has failed or, with EXPIRE, a delivered pair has become invalid.

    Attributes:
        code: what went wrong.
        why: the same in words.
        create_id: the request, as numbered by the node that created it.
        origin_node_id: that node.
        pair_id: the pair that has expired; None with every other code.
    """

    code: ErrorCode
    why: str
    create_id: int
    origin_node_id: str
    pair_id: PairId | None = None
