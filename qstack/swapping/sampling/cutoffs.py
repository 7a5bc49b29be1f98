"""Swaps whose pairs may not grow old."""

from __future__ import annotations

import numpy as np

from qstack.swapping.events import SAME_TIME, kernel
from qstack.swapping.plan import Cutoff
from qstack.swapping.sampling.pairs import Floats, Pairs, one_after_the_other, side_by_side
from qstack.swapping.sampling.restarts import Tries, refuse_hopeless, until_success
from qstack.swapping.sampling.source import Draws, Site, rows
from qstack.swapping.sampling.swaps import Swaps

POOLED = 1 << 13
"""Pairs kept in reserve, those of all parts together: bounds the time from one check to the next."""


class CircuitCutoff:
    """All parts begin again when the first that was ready has become too old."""

    def __init__(self, plan: Cutoff, swaps: Swaps, site: Site) -> None:
        self.link_pairs = plan.link_pairs
        self._plan = plan
        self._swaps = swaps
        at_s = site.at_s[swaps.edges]
        self._heard_s, self._said_s = word_s(at_s)

    def draw(self, n: int, draws: Draws) -> Pairs:
        """See `Source.draw`."""

        def attempt(k: int) -> Tries:
            parts = self._swaps.parts(k, draws)
            tries = self._swaps.tries(parts, draws)
            first_s = parts.time_s.min(axis=0)
            late = parts.time_s.max(axis=0) > (first_s + self._plan.age_s) * (1 + SAME_TIME)
            again_s = first_s + max(self._plan.age_s, self._heard_s) + self._said_s
            return Tries(np.where(late, again_s, tries.time_s), tries.worked & ~late, tries.made)

        return until_success(attempt, n, rows(self.link_pairs), self._swaps.chance, self._plan)


def word_s(edges_s: Floats) -> tuple[float, float]:
    """How long word takes between the outermost junctions of a swap, and from a junction to the farther end at most.

    Args:
        edges_s: where the parts begin and end, in flight time from the left end of the path, shape (parts + 1,).
    """
    first, last = float(edges_s[1]), float(edges_s[-2])
    return last - first, max(last - float(edges_s[0]), float(edges_s[-1]) - first)


class PairCutoff:
    """A pair that has become too old begins again with all it has been joined to; the others go on."""

    def __init__(self, plan: Cutoff, swaps: Swaps, site: Site) -> None:
        self.link_pairs = plan.link_pairs
        self._plan = plan
        self._swaps = swaps
        self._edges_s = site.at_s[swaps.edges]

    def draw(self, n: int, draws: Draws) -> Pairs:
        """See `Source.draw`."""
        reserve = _Reserve(self._plan, self._swaps, self._edges_s, draws)
        return until_success(
            lambda k: self._swaps.tries(reserve.in_time(k), draws),
            n,
            rows(self.link_pairs),
            self._swaps.chance,
            self._plan,
        )


class _Reserve:
    """Pairs of every part, made in blocks and used up one by one; what is left over is used next."""

    def __init__(self, plan: Cutoff, swaps: Swaps, edges_s: Floats, draws: Draws) -> None:
        self._plan = plan
        self._sources = swaps.sources
        self._edges_s = edges_s
        self._draws = draws
        self._block = max(2, POOLED // plan.link_pairs)
        parts = len(swaps.sources)
        self._pools = [source.draw(self._block, draws) for source in swaps.sources]
        self._following, self._place = np.zeros((2, parts), dtype=np.int64)
        self._ready_s = np.zeros(parts)
        self._run = np.array([0.0, parts - 1.0, 0.0])

    def in_time(self, n: int) -> Pairs:
        """The parts of n swaps, ready and none too old."""
        blocks: list[Pairs] = []
        found = used = 0
        while found < n:
            refuse_hopeless(self._plan, found, used)
            before = self._following.copy()
            blocks.append(self._played(n - found))
            found += blocks[-1].n
            used += int((self._following - before).max())
            self._refill()
        return one_after_the_other(blocks)

    def _played(self, most: int) -> Pairs:
        """As many swaps as the reserve is enough for."""
        ends = np.cumsum([pool.n for pool in self._pools])
        begins = ends - [pool.n for pool in self._pools]
        self._following += begins
        self._place += begins
        places = np.empty((most, len(ends)), dtype=np.int64)
        times_s = np.empty((most, len(ends)))
        took_s = np.concatenate([pool.time_s[0] for pool in self._pools])
        state = self._run, self._place, self._ready_s
        done = kernel()(took_s, self._following, ends, self._edges_s, self._plan.age_s, *state, places, times_s)
        self._following -= begins
        self._place -= begins
        parts = side_by_side([pool[places[:done, p] - begins[p]] for p, pool in enumerate(self._pools)])
        return Pairs(times_s[:done].T, parts.noise, parts.fading)

    def _refill(self) -> None:
        """Forget what was used, except the pairs in use, and make more where little is left."""
        for p, (source, pool) in enumerate(zip(self._sources, self._pools, strict=True)):
            if pool.n - self._following[p] < self._block / 2:
                fresh = source.draw(self._block, self._draws)
                self._pools[p] = one_after_the_other([pool[self._place[p] :], fresh])
                self._following[p] -= self._place[p]
                self._place[p] = 0
