"""What a link machine asks of its physical layer and hears from it.

The physical layer attempts, over and over, what the last `Generate` says, until it hands on a `Herald` or is told to
`Stop`. The midpoint heralds only while both ends attempt for the same request.
"""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.service.facts import Option
from qstack.link.service.requests import Basis, RequestId


@dataclass(frozen=True, slots=True)
class Generate:
    """Attempt for this request from now on, and for no other.

    Attributes:
        request: for whom; the midpoint compares it.
        option: how bright.
        slot: the memory slot that receives the qubit; None if it is measured at once.
        bases: the bases of that measurement, one drawn per attempt; empty if the qubit is kept.
    """

    request: RequestId
    option: Option
    slot: int | None
    bases: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Attempt nothing."""


@dataclass(frozen=True, slots=True)
class Herald:
    """The midpoint has seen a success. Handed on only if the qubit of that attempt is still where it was put.

    Attributes:
        sequence_number: counts up at the midpoint, also over its restarts; need not count successes only.
        request: what both ends attempted for.
        bell_state: (z, x) of the pair.
        outcome: what this end has measured; None if it keeps its qubit.
        basis: in which basis; None if it keeps its qubit.
    """

    sequence_number: int
    request: RequestId
    bell_state: tuple[int, int]
    outcome: int | None = None
    basis: Basis | None = None
