"""What a Bell-diagonal state is: making, checking, sampling it, and its correlations."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.errors import InputError

State = NDArray[np.float64]
"""Bell-diagonal states, shape (..., 4)."""

PERFECT: State = np.array([1.0, 0.0, 0.0, 0.0])
PERFECT.flags.writeable = False

_ONES = np.ones((4, 1))
_WALSH = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype=np.float64)
"""_WALSH[k, i] = (-1)^(bit overlap of k and i): transforms weights to correlations (1, ZZ, XX, -YY)."""

_BELL_VECTORS = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 0, 0, -1], [0, 1, -1, 0]], dtype=np.float64) / math.sqrt(2)


class BellStateError(InputError):
    """A number that should describe a pair, or what is done to it, is out of range."""


def need_probability(name: str, value: ArrayLike) -> None:
    """Refuse what is no probability.

    Raises:
        BellStateError: a value is outside [0, 1] or nan.
    """
    given = np.asarray(value, dtype=np.float64)
    if not np.all((given >= 0) & (given <= 1)):
        raise BellStateError(f"{name} is {given}; give a probability from 0 to 1")


def werner(fidelity: ArrayLike) -> State:
    """Werner states of the given fidelities, shape fidelity.shape + (4,).

    Raises:
        BellStateError: a fidelity is outside [0, 1].
    """
    need_probability("fidelity", fidelity)
    value = np.asarray(fidelity, dtype=np.float64)
    rest = (1 - value) / 3
    return np.stack([value, rest, rest, rest], axis=-1)


def fidelity(state: State) -> NDArray[np.float64]:
    """Overlap with Phi+, shape (...)."""
    return np.asarray(state[..., 0])


def transform(state: State) -> State:
    """Correlations (1, ZZ, XX, -YY) of the states; `from_transform` undoes it."""
    return np.asarray(state @ _WALSH)


def from_transform(correlations: State) -> State:
    """Weights of the states with these correlations, clipped at rounding error below zero."""
    weights = np.maximum(correlations @ (_WALSH / 4), 0.0)
    return np.asarray(weights / (weights @ _ONES))  # a product: sums along an axis of four are slow


def density_matrix(state: State) -> NDArray[np.complex128]:
    """The 4x4 density matrices, shape (..., 4, 4), basis 00, 01, 10, 11."""
    return np.asarray(np.einsum("...k,ki,kj->...ij", state, _BELL_VECTORS, _BELL_VECTORS), dtype=np.complex128)


def twirl(density: ArrayLike) -> State:
    """Weights of the four Bell states in two-qubit density matrices (..., 4, 4): the Pauli-twirled states, (..., 4).

    Raises:
        BellStateError: not of that shape, or its trace is not 1 (to 1e-6).
    """
    rho = np.asarray(density, dtype=np.complex128)
    if rho.shape[-2:] != (4, 4) or np.any(np.abs(np.trace(rho, axis1=-2, axis2=-1) - 1) > 1e-6):
        raise BellStateError(f"shape {rho.shape}: give two-qubit density matrices of trace 1, shape (..., 4, 4)")
    weights = np.maximum(np.einsum("ki,...ij,kj->...k", _BELL_VECTORS, rho, _BELL_VECTORS).real, 0.0)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def sample_paulis(state: State, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw, for each state, the Pauli that makes it from Phi+: arrays (z, x) of shape (...)."""
    edges = np.cumsum(state[..., :3], axis=-1)
    index = np.sum(rng.random(state.shape[:-1])[..., None] >= edges, axis=-1)
    return (index >> 1).astype(np.uint8), (index & 1).astype(np.uint8)


def as_state(weights: ArrayLike) -> State:
    """Check and normalise weights that come from outside.

    Raises:
        BellStateError: not four non-negative numbers with sum 1 (to 1e-6).
    """
    state = np.asarray(weights, dtype=np.float64)
    if state.shape[-1:] != (4,) or not (np.all(state >= 0) and np.all(np.abs(state.sum(axis=-1) - 1) <= 1e-6)):
        raise BellStateError(f"{state}: a Bell-diagonal state has four weights of 0 or more that sum to 1")
    return np.asarray(state / state.sum(axis=-1, keepdims=True))
