"""Purification: several pairs between the same two nodes in, one better pair out if the nodes' outcomes agree.

Every scheme gives the pair kept given success, shape (..., 4), and the probability of success, shape (...). Where
it cannot succeed, the maximally mixed state stands for the pair that is never kept.

The nodes' noise is local: rotations depolarise the qubit they turn, two-qubit gates both qubits at the node, and a
misread outcome makes a failed round look like a success and the other way round.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qstack.bell.operations import NOISELESS, LocalNoise, pauli
from qstack.bell.states import BellStateError, State, fidelity, werner

Ends = tuple[LocalNoise, LocalNoise]
"""The noise of the two nodes that share the pairs."""

PERFECT_ENDS: Ends = (NOISELESS, NOISELESS)

_TURNED = (0, 1, 3, 2)
"""Index of each Bell state after DEJMPS's rotations, which exchange Phi- and Psi-."""

_OVER_Z = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, -1, 0], [0, 1, 0, -1]], dtype=np.float64)
"""Sums and differences of weights over z; in this form convolution over z is a product."""

_OVER_X = np.array([[1, 1, 0, 0], [1, -1, 0, 0], [0, 0, 1, 1], [0, 0, 1, -1]], dtype=np.float64)
"""The same over x."""


def bbpssw(first: State, second: State, ends: Ends = PERFECT_ENDS) -> tuple[State, NDArray[np.float64]]:
    """One round of Bennett et al. 1996: both pairs turned at random to Werner form, then one checked by the other.

    Turning takes one rotation per qubit. The kept pair is given in the Werner form that the next round will give it.
    """
    noise = _joint(ends)
    kept, measured = (_mixed(werner(fidelity(state)), noise.gate1_depolarizing) for state in (first, second))
    state, success = _single_selection(kept, measured, noise)
    return werner(fidelity(state)), success


def dejmps(first: State, second: State, ends: Ends = PERFECT_ENDS) -> tuple[State, NDArray[np.float64]]:
    """One round of Deutsch et al. 1996: both pairs rotated, then the first checked by measuring the second."""
    noise = _joint(ends)
    return _single_selection(_turned(first, noise), _turned(second, noise), noise)


def pump(first: State, fresh: State, rounds: int, ends: Ends = PERFECT_ENDS) -> tuple[State, NDArray[np.float64]]:
    """Entanglement pumping (Duer, Briegel, Cirac and Zoller 1999): one pair is kept, fresh ones check it in turn.

    Needs only two qubits per node. The success is that of all rounds in a row: a failure costs the kept pair.

    Raises:
        BellStateError: a negative number of rounds.
    """
    if rounds < 0:
        raise BellStateError(f"rounds is {rounds}; give 0 or more")
    shape = np.broadcast_shapes(first.shape, fresh.shape)
    state, success = np.broadcast_to(first, shape), np.ones(shape[:-1])
    for _ in range(rounds):
        state, once = dejmps(state, fresh, ends)
        success = success * once
    return state, success


def double_selection(
    first: State, second: State, third: State, ends: Ends = PERFECT_ENDS
) -> tuple[State, NDArray[np.float64]]:
    """One round of Fujii and Yamamoto 2009: the second pair checks the first, and the third the second.

    Each node acts with CNOTs from the first to the second and from the third to the second, and measures the second
    in Z and the third, by a Hadamard, in X; both parities have to be even. So phase errors of the second pair, which
    would pass to the first unseen, are found. All pairs are rotated first as in DEJMPS, so that rounds can repeat.
    """
    noise = _joint(ends)
    kept, checking, verifying = (_turned(state, noise) for state in (first, second, third))
    misread = noise.readout_error
    checking = pauli(checking, misread, 0, 0)
    # The noise of the later gates may act on the third pair beforehand: what it does to the second pair's phase no one
    # asks. The third is measured in X, so of the Hadamards' depolarisation only the phase flips are seen.
    verifying = _mixed(verifying, noise.gate2_depolarizing)
    verifying = pauli(verifying, 0, 0, misread + noise.gate1_depolarizing * (1 / 2 - misread))
    verified = _even(checking, verifying, _OVER_X)
    return _given_success(_mixed(_even(kept, verified, _OVER_Z), noise.gate2_depolarizing, 1 / 4))


def _single_selection(kept: State, measured: State, noise: LocalNoise) -> tuple[State, NDArray[np.float64]]:
    """CNOTs from the kept to the measured pair, whose Z outcomes have to agree; a misread outcome is a bit flip."""
    flipped = pauli(measured, noise.readout_error, 0, 0)
    return _given_success(_mixed(_even(kept, flipped, _OVER_Z), noise.gate2_depolarizing, 1 / 2))


def _even(kept: State, measured: State, over: NDArray[np.float64]) -> State:
    """Weights of the kept pair and an even parity.

    With `_OVER_Z`: the pairs' bit flips are equal (x = x'), and the measured pair's phase flips pass to the kept one
    (z + z'). With `_OVER_X` the same with z and x exchanged, by CNOTs the other way and readout in X.
    """
    return np.asarray((kept @ over) * (measured @ over) @ over / 2)


def _mixed(state: State, probability: float, total: float = 1.0) -> State:
    """With this probability replaced by four equal weights of that sum."""
    return np.asarray((1 - probability) * state + probability * total / 4)


def _turned(state: State, noise: LocalNoise) -> State:
    """After DEJMPS's rotation of both qubits."""
    return _mixed(state[..., _TURNED], noise.gate1_depolarizing)


def _given_success(kept: State) -> tuple[State, NDArray[np.float64]]:
    weights = np.maximum(kept, 0.0)
    success = weights.sum(axis=-1)
    possible = success[..., None] > 0
    state = np.divide(weights, success[..., None], out=np.full_like(weights, 0.25), where=possible)
    return state, np.asarray(success)


def _joint(ends: Ends) -> LocalNoise:
    """What the noise of both ends does to pairs: either gate depolarises them, one misread outcome of two counts."""
    one, other = ends
    return LocalNoise(
        1 - (1 - one.gate1_depolarizing) * (1 - other.gate1_depolarizing),
        1 - (1 - one.gate2_depolarizing) * (1 - other.gate2_depolarizing),
        one.readout_error * (1 - other.readout_error) + other.readout_error * (1 - one.readout_error),
    )
