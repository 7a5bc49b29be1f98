"""Memories: what waiting does to a stored qubit, twirled to Paulis or exactly, and for how long a pair is of use."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack import bell
from qstack.link.errors import LinkError, need_amount, need_probability
from qstack.link.platform import Platform


@dataclass(frozen=True, slots=True)
class Memory:
    """Where one qubit of a pair waits.

    Attributes:
        t1_s: energy relaxation time.
        t2_s: coherence time, at most 2 t1_s.
        efficiency: probability that a stored qubit comes back.
        cutoff_s: a qubit stored for longer than this from now on is given up.
    """

    t1_s: float = math.inf
    t2_s: float = math.inf
    efficiency: float = 1.0
    cutoff_s: float = math.inf

    def __post_init__(self) -> None:
        """Refuse impossible memories.

        Raises:
            LinkError: t1_s or t2_s is not positive, t2_s > 2 t1_s, the cutoff is negative, or the efficiency is no
                probability above 0.
        """
        if not (self.t1_s > 0 and 0 < self.t2_s <= 2 * self.t1_s):
            raise LinkError(f"t1_s={self.t1_s}, t2_s={self.t2_s}: both must be positive and t2_s at most 2 t1_s")
        if not self.cutoff_s >= 0:
            raise LinkError(f"cutoff_s is {self.cutoff_s}; give 0 or more seconds")
        need_probability("memory efficiency", self.efficiency, positive=True)

    @classmethod
    def of(cls, platform: Platform) -> Memory:
        """The memory of a platform; a perfect one where photons are measured at once: outcomes do not decay."""
        kept = platform.memory
        if not kept.stores:
            return cls()
        cutoff_s = math.inf if kept.cutoff_s is None else kept.cutoff_s
        return cls(platform.t1_s, platform.t2_s, kept.efficiency, cutoff_s)

    def aged(self, t_s: float) -> Memory:
        """The memory when its qubit has been there for that time already."""
        return replace(self, cutoff_s=max(0.0, self.cutoff_s - t_s))

    def comes_back(self, t_s: ArrayLike) -> NDArray[np.float64]:
        """Probability that a qubit comes back after that time, shape t_s.shape; its loss is noticed."""
        return np.where(np.asarray(t_s) <= self.cutoff_s, self.efficiency, 0.0)

    def kraus(self, t_s: float) -> NDArray[np.complex128]:
        """Kraus operators of storing one qubit for that time, shape (3, 2, 2).

        Amplitude damping towards 0 with gamma = 1 - e^(-t/T1), and pure dephasing that brings the coherence from
        sqrt(1 - gamma) down to e^(-t/T2) (Nielsen and Chuang 2010, sections 8.3.5 and 8.3.6).

        Raises:
            LinkError: the time is negative, infinite or nan.
        """
        need_amount("storage time", t_s, "seconds")
        kept = math.exp(-t_s / (2 * self.t1_s))
        in_phase = math.exp(t_s / (2 * self.t1_s) - t_s / self.t2_s)
        plain, flipped = math.sqrt((1 + in_phase) / 2), math.sqrt((1 - in_phase) / 2)
        damped = math.sqrt(-math.expm1(-t_s / self.t1_s))
        return np.array(
            [[[plain, 0], [0, plain * kept]], [[flipped, 0], [0, -flipped * kept]], [[0, damped], [0, 0]]],
            dtype=np.complex128,
        )


Memories = tuple[Memory, Memory]
"""The memories at the two ends of a pair."""

ROUNDING = 1e-12
"""A fidelity this little below a floor has reached it."""

LIVES = 800
"""Time constants after which nothing is left in floating point."""


def stored(state: bell.State, t_s: tuple[ArrayLike, ArrayLike], ends: Memories) -> bell.State:
    """A Bell-diagonal pair after its two qubits were stored, each for its own time, shape (..., 4).

    Relaxation is twirled to Paulis, see `bell.decoherence`. For dephasing that is exact. Relaxation towards 0 at both
    ends leaves the qubits more alike than the twirl says: the exact ZZ correlation is larger by gamma_A gamma_B, and
    each qubit is more likely 0 than 1, which no Bell-diagonal state is.
    """
    first, second = (bell.decoherence(t, end.t1_s, end.t2_s) for t, end in zip(t_s, ends, strict=True))
    return bell.from_transform(bell.transform(state) * first * second)


def stored_exactly(density: ArrayLike, t_s: tuple[float, float], ends: Memories) -> NDArray[np.complex128]:
    """The same on density matrices (..., 4, 4), by the Kraus operators, without a twirl."""
    first, second = (end.kraus(t) for t, end in zip(t_s, ends, strict=True))
    both = np.einsum("mij,nkl->mnikjl", first, second).reshape(-1, 4, 4)
    return np.asarray(np.einsum("kab,...bc,kdc->...ad", both, np.asarray(density), both.conj()))


def useful_s(state: bell.State, ends: Memories, floor: float) -> float:
    """For how long a pair can be stored at both ends until its fidelity falls below `floor` or it is given up.

    The fidelity is (1 + ZZ e^(-t r1) + (XX - YY) e^(-t r2)) / 4 with the rates r1 and r2 of both ends together. It
    turns once at most, so the root is bracketed between the turn, the lives of the two parts, and the cutoff.

    Args:
        state: a Bell-diagonal pair, shape (4,), twirled as in `stored`.
        ends: the memories at its two ends.
        floor: the least fidelity that is of use.

    Returns:
        Seconds; 0 if the pair is below the floor already, inf if it never will be.
    """
    from scipy.optimize import brentq

    def above(t_s: float) -> float:
        return float(bell.fidelity(stored(state, (t_s, t_s), ends))) - floor + ROUNDING

    limit_s = min(end.cutoff_s for end in ends)
    start_s = 0.0
    for stop_s in (0.0, *sorted(min(mark, limit_s) for mark in _marks(state, ends))):
        if above(stop_s) < 0:
            return float(brentq(above, start_s, stop_s, xtol=1e-300, maxiter=1000)) if stop_s > 0 else 0.0
        start_s = stop_s
    return limit_s


def _marks(state: bell.State, ends: Memories) -> list[float]:
    """Times between which the fidelity only rises or only falls; after the last it stands still."""
    _, zz, xx, minus_yy = bell.transform(state)
    along, across = sum(1 / end.t1_s for end in ends), sum(1 / end.t2_s for end in ends)
    marks = [LIVES / rate for rate in (along, across) if rate > 0]
    falling, rising = zz * along, -(xx + minus_yy) * across
    if along != across and falling * rising > 0:
        marks.append(max(0.0, math.log(falling / rising) / (along - across)))
    return marks
