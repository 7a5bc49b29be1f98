"""Copies side by side, of which the quickest counts."""

from __future__ import annotations

import numpy as np

from qstack.swapping.plan import LinkPair, Multiplex
from qstack.swapping.sampling.pairs import Pairs
from qstack.swapping.sampling.source import Draws, Site, Source


class Multiplexed:
    """The first pair of several independent copies; the others are thrown away.

    Of heralded copies of a link both nodes know which was first; of anything longer the left end says so.
    """

    def __init__(self, plan: Multiplex, source: Source, site: Site) -> None:
        self.link_pairs = plan.link_pairs
        self._tries = plan.tries
        self._source = source
        ends = [plan.first, plan.last]
        says_so = plan.tries > 1 and not isinstance(plan.of, LinkPair)
        self._word_s = float(np.diff(site.at_s[ends])[0]) if says_so else 0.0
        self._fading = site.per_s[:, ends] * self._word_s

    def draw(self, n: int, draws: Draws) -> Pairs:
        """See `Source.draw`."""
        copies = self._source.draw(n * self._tries, draws)
        quickest = copies.time_s.reshape(n, self._tries).argmin(axis=1)
        taken = copies[np.arange(n) * self._tries + quickest]
        if not self._word_s:
            return taken
        fading = taken.fading.copy()
        for end in (0, -1):
            fading[:, end] += self._fading[:, end, None]
        return Pairs(taken.time_s + self._word_s, taken.noise, fading)
