"""Algebra of Bell-diagonal pairs, vectorised over any leading axes. Leaf: imports no other room.

A state is float64[..., 4]: the weights of Phi+, Psi+, Phi-, Psi-, i.e. index 2z + x for the Pauli X^x Z^z
applied to one half of Phi+. It is a probability distribution over Paulis, so its Walsh-Hadamard transform
turns what composes (swaps, Pauli channels, decay) into elementwise products.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.errors import InputError

State = NDArray[np.float64]
"""Bell-diagonal states, shape (..., 4)."""

PERFECT: State = np.array([1.0, 0.0, 0.0, 0.0])
PERFECT.flags.writeable = False

_WALSH = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype=np.float64)
"""_WALSH[k, i] = (-1)^(bit overlap of k and i): transforms weights to correlations (1, ZZ, XX, -YY)."""

_BELL_VECTORS = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 0, 0, -1], [0, 1, -1, 0]], dtype=np.float64) / math.sqrt(2)


class BellStateError(InputError):
    """A number that should describe a pair is out of range."""


def werner(fidelity: ArrayLike) -> State:
    """Werner states of the given fidelities, shape fidelity.shape + (4,).

    Raises:
        BellStateError: a fidelity is outside [0, 1].
    """
    value = np.asarray(fidelity, dtype=np.float64)
    if np.any(~((value >= 0) & (value <= 1))):
        raise BellStateError(f"fidelity {value} is outside [0, 1]")
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
    weights = np.maximum(correlations @ _WALSH / 4, 0.0)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def swap(first: State, second: State) -> State:
    """The pair left by a perfect, corrected swap of two pairs: Paulis compose, weights convolve over XOR."""
    return from_transform(transform(first) * transform(second))


def pauli(state: State, px: ArrayLike, py: ArrayLike, pz: ArrayLike) -> State:
    """After a Pauli channel on one of the two qubits; probabilities broadcast against the leading axes.

    Raises:
        BellStateError: a probability is negative, or they sum to more than 1.
    """
    x, y, z = np.broadcast_arrays(*(np.asarray(p, dtype=np.float64) for p in (px, py, pz)))
    if not np.all((x >= 0) & (y >= 0) & (z >= 0) & (x + y + z <= 1 + 1e-12)):
        raise BellStateError(f"px={x}, py={y}, pz={z}: give probabilities that sum to at most 1")
    return swap(state, np.stack([1 - x - y - z, x, z, y], axis=-1))


def decoherence(t_s: ArrayLike, t1_s: float = math.inf, t2_s: float = math.inf) -> State:
    """What storing one qubit for `t_s` multiplies the correlations by, shape t_s.shape + (4,).

    Pauli-twirled relaxation: ZZ shrinks by e^(-t/T1), XX and YY by e^(-t/T2) (Geller and Zhou 2013, eq 9).

    Raises:
        BellStateError: t_s is negative, t1_s or t2_s is not positive, or t2_s > 2 t1_s.
    """
    if not (t1_s > 0 and 0 < t2_s <= 2 * t1_s):
        raise BellStateError(f"t1_s={t1_s}, t2_s={t2_s}: both must be positive and t2_s at most 2 t1_s")
    time = np.asarray(t_s, dtype=np.float64)
    if not np.all(time >= 0):
        raise BellStateError(f"stored for {time.min():g} s; a time cannot be negative or nan")
    along, across = np.exp(-time / t1_s), np.exp(-time / t2_s)
    return np.stack([np.ones_like(time), along, across, across], axis=-1)


def decohere(state: State, t_s: ArrayLike, t1_s: float = math.inf, t2_s: float = math.inf) -> State:
    """After one of the two qubits was stored for `t_s` in a memory with T1 and T2; see `decoherence`."""
    return from_transform(transform(state) * decoherence(t_s, t1_s, t2_s))


def depolarise(state: State, t_s: ArrayLike, time_constant_s: float) -> State:
    """After one qubit was stored for `t_s` in a depolarising memory: all correlations shrink by e^(-t/T)."""
    return decohere(state, t_s, time_constant_s, time_constant_s)


def bbpssw(first: State, second: State) -> tuple[State, NDArray[np.float64]]:
    """One round of Bennett et al. 1996: both pairs twirled to Werner form, then purified.

    Returns the kept pair as a Werner state, and the probability that the round succeeds.
    """
    f, g = fidelity(first), fidelity(second)
    a, b = (1 - f) / 3, (1 - g) / 3
    success = f * g + f * b + a * g + 5 * a * b
    return werner((f * g + a * b) / success), success


def dejmps(first: State, second: State) -> tuple[State, NDArray[np.float64]]:
    """One round of Deutsch et al. 1996 on two Bell-diagonal pairs.

    Returns the kept pair given success, shape (..., 4), and the probability of success, shape (...).
    """
    a1, c1, d1, b1 = (first[..., k] for k in range(4))
    a2, c2, d2, b2 = (second[..., k] for k in range(4))
    success = (a1 + b1) * (a2 + b2) + (c1 + d1) * (c2 + d2)
    kept = np.stack([a1 * a2 + b1 * b2, c1 * c2 + d1 * d2, a1 * b2 + b1 * a2, c1 * d2 + d1 * c2], axis=-1)
    # In the order Phi+, Psi+, Phi-, Psi-: N A' = AA+BB, N C' = CC+DD, N D' = AB+BA, N B' = CD+DC.
    return np.asarray(kept / success[..., None]), np.asarray(success)


def qber(state: State) -> dict[str, NDArray[np.float64]]:
    """Probability that outcomes disagree with Phi+ when both ends measure the same Pauli: X, Y, Z."""
    _, zz, xx, minus_yy = np.moveaxis(transform(state), -1, 0)
    return {"X": (1 - xx) / 2, "Y": (1 - minus_yy) / 2, "Z": (1 - zz) / 2}


def chsh_value(state: State) -> NDArray[np.float64]:
    """CHSH value at its best settings, 2 sqrt(sum of the two largest squares) (Horodecki et al. 1995)."""
    squares = np.sort(transform(state)[..., 1:] ** 2, axis=-1)
    return np.asarray(2 * np.sqrt(squares[..., 1] + squares[..., 2]))


def key_fraction(state: State) -> NDArray[np.float64]:
    """Asymptotic BBM92 key bits per pair, 1 - h(QBER_X) - h(QBER_Z), not below 0 (Shor and Preskill 2000)."""
    rates = qber(state)
    return np.maximum(0.0, 1 - binary_entropy(rates["X"]) - binary_entropy(rates["Z"]))


def binary_entropy(p: ArrayLike) -> NDArray[np.float64]:
    """h(p) in bits."""
    value = np.asarray(p, dtype=np.float64)
    inside = np.clip(value, 1e-300, 1 - 1e-16)
    entropy = -inside * np.log2(inside) - (1 - inside) * np.log2(1 - inside)
    return np.asarray(np.where((value <= 0) | (value >= 1), 0.0, entropy))


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
