"""Copies side by side, of which the quickest counts."""

from __future__ import annotations

import numpy as np

from qstack.swapping.sampling.pairs import Pairs
from qstack.swapping.sampling.source import Draws, Source


class Multiplexed:
    """The first pair of several independent copies; the others are thrown away."""

    def __init__(self, tries: int, source: Source) -> None:
        self.link_pairs = tries * source.link_pairs
        self._tries = tries
        self._source = source

    def draw(self, n: int, draws: Draws) -> Pairs:
        """See `Source.draw`."""
        copies = self._source.draw(n * self._tries, draws)
        quickest = copies.time_s.reshape(n, self._tries).argmin(axis=1)
        return copies[np.arange(n) * self._tries + quickest]
