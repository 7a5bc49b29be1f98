"""What the nodes of a circuit tell each other.

A task makes one pair between the two ends of a segment; its name is that pair's name: the number of the end-to-end
pair it is for, and then, for every level down, which of the parts above it is, and the how-manieth try. A message
tells what one node has decided or measured, of pairs that it names, and all nodes of the segment hear it. Nothing is
ever concluded from silence, so a lost message delays and does not mislead.
"""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.service import PairId as LinkPairId

Name = tuple[int, ...]
"""Of a task and of the pair that it makes."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair as all nodes of its segment know it.

    Attributes:
        name: of the task that made it.
        bell_index: its Bell state, 2z + x: the Pauli frame. Nobody corrects it before the pair is used.
        links: the link pairs it came from, one per hop, from left to right.
    """

    name: Name
    bell_index: int
    links: tuple[LinkPairId, ...]


@dataclass(frozen=True, slots=True)
class Forward:
    """The head asks all nodes to make pairs.

    Attributes:
        request_id: for what.
        first: number of the first pair.
        number: how many.
        start_s: when all start; the message is at the tail by then.
    """

    request_id: int
    first: int
    number: int
    start_s: float


@dataclass(frozen=True, slots=True)
class Complete:
    """The tail has delivered all pairs of a request."""

    request_id: int


@dataclass(frozen=True, slots=True)
class Track:
    """A node has joined two pairs, or has failed to.

    Attributes:
        left: the pair on its left.
        right: the pair on its right.
        since_s: when this node had the one and the other.
        succeeded: whether the Bell measurement told anything.
        bell_index: what it told, 2z + x; the joint pair's index is the sum of this and those of the two, modulo 2.
        measured_s: when it was over.
    """

    left: Pair
    right: Pair
    since_s: tuple[float, float]
    succeeded: bool
    bell_index: int
    measured_s: float

    @property
    def task(self) -> Name:
        """The swap that is about it."""
        return self.left.name[:-2]


@dataclass(frozen=True, slots=True)
class Join:
    """A node starts to measure two pairs: from now on they share their fate.

    Attributes:
        left: name of the pair on its left.
        right: name of the pair on its right.
        since_s: when this node had the one and the other.
        joined_s: when it starts.
    """

    left: Name
    right: Name
    since_s: tuple[float, float]
    joined_s: float

    @property
    def task(self) -> Name:
        """The swap that is about it."""
        return self.left[:-2]


@dataclass(frozen=True, slots=True)
class Hold:
    """A node has the first of the two pairs that it will join."""

    pair: Name
    since_s: float

    @property
    def task(self) -> Name:
        """The swap that is about it."""
        return self.pair[:-2]


@dataclass(frozen=True, slots=True)
class Expire:
    """A node gives up the pairs that it was to join: they have waited too long.

    Attributes:
        pair: which; with the scope "circuit" any of them stands for all.
        since_s: when the first of those that share this fate was ready.
    """

    pair: Name
    since_s: float

    @property
    def task(self) -> Name:
        """The swap that is about it."""
        return self.pair[:-2]


@dataclass(frozen=True, slots=True)
class Check:
    """One end has measured the pairs that check another one.

    Attributes:
        kept: the pair that is checked.
        round: the how-manieth time, the first is 0.
        side: 0 for the left end, 1 for the right one.
        outcomes: what it found, one bit per pair measured.
        measured_s: when it was over.
    """

    kept: Name
    round: int
    side: int
    outcomes: tuple[int, ...]
    measured_s: float

    @property
    def task(self) -> Name:
        """The purification that is about it."""
        return self.kept[:-2]


@dataclass(frozen=True, slots=True)
class Take:
    """The left end takes one of several copies.

    Attributes:
        pair: which.
        taken_s: when.
    """

    pair: Name
    taken_s: float

    @property
    def task(self) -> Name:
        """The choice that it decides."""
        return self.pair[:-2]


Report = Track | Join | Hold | Expire | Check | Take
"""What is about a task."""

Message = Forward | Complete | Report


@dataclass(frozen=True, slots=True)
class Packet:
    """What travels from one node to another: a message, an acknowledgement, or both.

    Attributes:
        circuit_id: the circuit.
        source: the sender.
        target: the receiver.
        message: the message, if any.
        sequence_number: its number among all from this sender to this receiver, the first is 0; -1 without message.
        acknowledged: all messages from the receiver to the sender with smaller numbers have arrived.
    """

    circuit_id: str
    source: str
    target: str
    message: Message | None
    sequence_number: int
    acknowledged: int
