"""What a machine asks of the link layer and of its qubits, and what it hears from them.

A qubit is named by the link pair that it was half of when it was made: a node never holds both halves.
"""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.service import PairId as LinkPairId
from qstack.swapping.plan import Scheme
from qstack.swapping.service.messages import Name


@dataclass(frozen=True, slots=True)
class Generate:
    """Make a pair on a hop. Both nodes of the hop ask for it by the same name; it is for those two requests alone.

    Attributes:
        hop: hop k joins nodes k and k + 1 of the path.
        task: for what.
    """

    hop: int
    task: Name


@dataclass(frozen=True, slots=True)
class Cancel:
    """Do not make that pair any more."""

    hop: int
    task: Name


@dataclass(frozen=True, slots=True)
class LinkReady:
    """A pair that was asked for is there, and its other node hears of it at the same moment.

    Attributes:
        task: for what it was asked.
        pair_id: the link layer's name of it.
        bell_index: its Bell state, 2z + x.
    """

    task: Name
    pair_id: LinkPairId
    bell_index: int


@dataclass(frozen=True, slots=True)
class MeasureBell:
    """Measure two qubits in the Bell basis: a swap."""

    left: LinkPairId
    right: LinkPairId


@dataclass(frozen=True, slots=True)
class Measured:
    """That is done; both qubits are gone.

    Attributes:
        left: the qubit of the pair on the left.
        right: the qubit of the pair on the right.
        succeeded: whether a Bell state was told.
        bell_index: which, 2z + x; of no meaning without success.
    """

    left: LinkPairId
    right: LinkPairId
    succeeded: bool
    bell_index: int


@dataclass(frozen=True, slots=True)
class CheckPair:
    """Do this end's half of a round of purification.

    Attributes:
        scheme: which gates and readouts.
        kept: the qubit that is kept.
        by: the qubits that check it, in the order of the scheme; they are measured.
        corrections: Paulis X^x Z^z, 2z + x, to do first on the kept qubit and on those; they cost no gate of their own,
            because the scheme's first rotation takes them in.
    """

    scheme: Scheme
    kept: LinkPairId
    by: tuple[LinkPairId, ...]
    corrections: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """That is done.

    Attributes:
        kept: the qubit that was kept.
        outcomes: one bit per qubit measured.
    """

    kept: LinkPairId
    outcomes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Discard:
    """Forget a qubit: its slot is free."""

    qubit: LinkPairId


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing but time has passed."""
