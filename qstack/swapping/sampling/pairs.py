"""What is passed up the tree while a plan is sampled: pairs as arrays, with their decay kept as exponents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """n independent bundles of pairs; the pairs of a bundle lie side by side and were all started at once.

    Each pair is a product of factors: its hops where they are kept apart, a single one otherwise.

    Attributes:
        time_s: when each pair was ready, from the start of its bundle, shape (pairs, n).
        noise: correlations of each factor without decay, (factors, n, 4), or (factors, 4) if the same in all bundles.
        fading: exponents of the decay of each factor so far, shape (rates, factors, n): of ZZ, and of XX and YY, or one
            for all of them.
    """

    time_s: Floats
    noise: Floats
    fading: Floats

    @property
    def n(self) -> int:
        """Number of bundles."""
        return int(self.time_s.shape[1])

    def __getitem__(self, chosen: Any) -> Pairs:
        """The chosen bundles, by whatever indexes an axis of an array."""
        noise = self.noise if self.noise.ndim == 2 else self.noise[:, chosen]
        return Pairs(self.time_s[:, chosen], noise, self.fading[:, :, chosen])

    def noise_of_each(self) -> Floats:
        """The noise with an axis for the bundles, shape (factors, n, 4)."""
        if self.noise.ndim == 3:
            return self.noise
        factors = len(self.noise)
        return np.broadcast_to(self.noise[:, None], (factors, self.n, 4))

    def correlations(self) -> Floats:
        """Correlations (1, ZZ, XX, -YY) of each factor, shape (factors, n, 4)."""
        return faded(self.noise_of_each(), self.fading)


def faded(correlations: Floats, fading: Floats) -> Floats:
    """Correlations (..., 4) after a decay with these exponents, shape (rates, ...)."""
    kept = np.exp(-fading)
    after = np.empty(np.broadcast_shapes(correlations.shape, (*kept.shape[1:], 4)))
    after[..., 0] = correlations[..., 0]
    for k, rate in ((1, 0), (2, -1), (3, -1)):
        np.multiply(correlations[..., k], kept[rate], out=after[..., k])
    return after


def side_by_side(parts: Sequence[Pairs]) -> Pairs:
    """Bundles of all the parts."""
    if len(parts) == 1:
        return parts[0]
    return Pairs(
        np.concatenate([part.time_s for part in parts]),
        np.concatenate([part.noise for part in parts] if _steady(parts) else [part.noise_of_each() for part in parts]),
        np.concatenate([part.fading for part in parts], axis=1),
    )


def one_after_the_other(blocks: Sequence[Pairs]) -> Pairs:
    """More bundles of the same kind."""
    if len(blocks) == 1:
        return blocks[0]
    return Pairs(
        np.concatenate([block.time_s for block in blocks], axis=1),
        blocks[0].noise if _steady(blocks) else np.concatenate([block.noise_of_each() for block in blocks], axis=1),
        np.concatenate([block.fading for block in blocks], axis=2),
    )


def _steady(parts: Sequence[Pairs]) -> bool:
    return all(part.noise.ndim == 2 for part in parts)
