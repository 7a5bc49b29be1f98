"""What the layer above asks of a circuit and hears from it."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.service import PairId as LinkPairId
from qstack.swapping.service.circuit import PairId


@dataclass(frozen=True, slots=True)
class Request:
    """Asks for pairs between the two ends; only the head is asked.

    Attributes:
        request_id: a name for it, never used before.
        number: how many pairs.
    """

    request_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Give up everything: the circuit is taken down."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """A pair is ready, and the qubit here belongs to the layer above.

    Attributes:
        pair_id: its name, the same at both ends.
        request_id: the request it is for.
        bell_index: its Bell state, 2z + x: X^x Z^z on one of the qubits makes it Phi+. The same at both ends.
        links: the link pairs it came from, one per hop, from the head to the tail. The qubit here is that of the first
            one at the head, of the last one at the tail.
        ready_s: when both ends know of it.
    """

    pair_id: PairId
    request_id: int
    bell_index: int
    links: tuple[LinkPairId, ...]
    ready_s: float


@dataclass(frozen=True, slots=True)
class Done:
    """All pairs of a request are delivered at both ends; only the head is told."""

    request_id: int
