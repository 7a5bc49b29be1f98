"""What is done to pairs at one node: Pauli channels, storage, and swaps with imperfect gates or with photons."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.bell.states import BellStateError, State, from_transform, need_probability, transform


@dataclass(frozen=True, slots=True)
class LocalNoise:
    """How well a node works on its qubits.

    Attributes:
        gate1_depolarizing: p of rho -> (1-p) rho + p I/2 after a one-qubit gate.
        gate2_depolarizing: p of rho -> (1-p) rho + p I/4 after a two-qubit gate.
        readout_error: probability of a wrong outcome, the mean of p(1|0) and p(0|1). The mean is all that counts
            for a swap, whose outcomes are uniform, and for a purification that flips the measured qubits at random.
    """

    gate1_depolarizing: float = 0.0
    gate2_depolarizing: float = 0.0
    readout_error: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no probability.

        Raises:
            BellStateError: a number is outside [0, 1].
        """
        for field in fields(self):
            need_probability(field.name, getattr(self, field.name))


NOISELESS = LocalNoise()
"""A node that makes no mistakes."""


def swap(first: State, second: State, noise: LocalNoise = NOISELESS) -> State:
    """The pair left by a corrected swap of two pairs: Paulis compose, weights convolve over XOR.

    Args:
        first: pairs with one qubit at the node, shape (..., 4).
        second: pairs with another qubit at the node.
        noise: of the Bell measurement, see `swap_factor`.
    """
    return from_transform(transform(first) * transform(second) * swap_factor(noise))


def swap_factor(noise: LocalNoise) -> State:
    """What the errors of a Bell measurement by gates do to the correlations of the pair left, shape (4,).

    The measurement is a CNOT, a Hadamard on its control, and two readouts. A two-qubit depolarisation leaves no
    correlation. One before the phase readout, or its misreading, costs XX and YY; a misread parity costs ZZ and YY.
    """
    both = 1 - noise.gate2_depolarizing
    parity = 1 - 2 * noise.readout_error
    phase = (1 - noise.gate1_depolarizing) * parity
    return np.array([1.0, both * parity, both * phase, both * phase * parity])


def optical_swap(
    first: State, second: State, visibility: ArrayLike = 1.0, efficiency: ArrayLike = 1.0
) -> tuple[State, NDArray[np.float64]]:
    """A swap by two photons on a beam splitter, which tells only Psi+ and Psi- from the rest.

    No linear optics without ancillas tells more than half of the Bell states (Calsamiglia and Luetkenhaus 2001).
    Both photons have to be seen, so a lost one costs success and no fidelity; false clicks are left out.

    Args:
        first: pairs with one half in the first photon, shape (..., 4).
        second: pairs with one half in the second photon.
        visibility: two-photon interference visibility V, see `optical_swap_factor`.
        efficiency: probability that a photon sent to the beam splitter is detected.

    Returns:
        The corrected pair left given success, shape (..., 4), and the probability of success, efficiency^2 / 2.

    Raises:
        BellStateError: a number is outside [0, 1].
    """
    need_probability("efficiency", efficiency)
    state = from_transform(transform(first) * transform(second) * optical_swap_factor(visibility))
    return state, np.full(state.shape[:-1], np.square(efficiency) / 2)


def optical_swap_factor(visibility: ArrayLike) -> State:
    """What imperfect interference does to the correlations of the pair left, shape visibility.shape + (4,).

    Photons that can be told apart (a share 1 - V) still show that they differ in the encoded bit, but no longer the
    phase: it is then right half of the time, as in a heralded link with fidelity (1 + V) / 2.

    Raises:
        BellStateError: a visibility is outside [0, 1].
    """
    need_probability("visibility", visibility)
    kept = np.asarray(visibility, dtype=np.float64)
    return np.stack([np.ones_like(kept), np.ones_like(kept), kept, kept], axis=-1)


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
