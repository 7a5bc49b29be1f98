"""What every way of making link pairs says of itself, and how its heralds are sampled."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from qstack import bell

Floats = NDArray[np.float64]


class Heralds(NamedTuple):
    """Heralds drawn one after the other, each counted from the one before.

    Attributes:
        time_s: how long each took, shape (n,).
        states: Bell-diagonal state of each pair at its herald, corrected to Phi+, (n, 4); may be a view.
    """

    time_s: Floats
    states: Floats


class LinkModel(Protocol):
    """What a way of making link pairs must say."""

    @property
    def success_probability(self) -> float:
        """Probability that one attempt, all its modes together, heralds a pair."""

    @property
    def attempt_time_s(self) -> float:
        """Time from the start of one attempt to the start of the next."""

    @property
    def stored_s(self) -> tuple[float, float]:
        """How long each of the two qubits has been stored when both nodes know of the herald.

        That decay is not in the state: it depends on the memories.
        """

    @property
    def density(self) -> NDArray[np.complex128]:
        """State of a heralded pair, corrected to Phi+, shape (4, 4), basis 00, 01, 10, 11; exact for the model."""

    @property
    def state(self) -> Floats:
        """The same, Pauli-twirled to Bell-diagonal weights, shape (4,)."""

    @property
    def twirled(self) -> bool:
        """Whether the twirl has changed the state: whether `state` says less than `density`."""

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """The Bell states (2z + x) a herald announces before correction, all alike in probability."""

    def sample(self, n: int, rng: np.random.Generator) -> Heralds:
        """Draw n heralds in one vectorised call, skipping ahead over the failed attempts."""


class Steady:
    """Mix-in for links whose attempts are all alike: the twirl of the state, and geometric waiting."""

    @cached_property
    def state(self: LinkModel) -> Floats:
        """Weights of the four Bell states in `density`, shape (4,)."""
        return bell.twirl(self.density)

    @cached_property
    def twirled(self: LinkModel) -> bool:
        """Whether `density` is no mixture of Bell states."""
        return not np.allclose(self.density, bell.density_matrix(self.state), rtol=0, atol=1e-12)

    def sample(self: LinkModel, n: int, rng: np.random.Generator) -> Heralds:
        """Draw n heralds: whole attempts, geometric in number; see `LinkModel.sample`."""
        times = waiting_attempts(self.success_probability, n, rng) * self.attempt_time_s
        return Heralds(times, np.broadcast_to(self.state, (n, 4)))


OFTEN = 1 / 3
"""Success probabilities from here up are counted attempt by attempt, which is faster than by a logarithm."""


def waiting_attempts(success_probability: float, n: int, rng: np.random.Generator) -> Floats:
    """Numbers of attempts up to and with the first success, n of them.

    An exponential of rate -log(1 - p), rounded up, is geometric with p; it also serves where the numbers of attempts do
    not fit into integers.
    """
    if success_probability >= OFTEN:
        return rng.geometric(success_probability, size=n).astype(np.float64)
    attempts = rng.standard_exponential(size=n)
    attempts *= -1 / np.log1p(-success_probability)
    np.ceil(attempts, out=attempts)
    return np.maximum(attempts, 1.0, out=attempts)


def multiplexed(single_probability: float, modes: int) -> float:
    """Probability that at least one of several modes heralds."""
    return float(-np.expm1(modes * np.log1p(-min(single_probability, 1 - 1e-16))))
