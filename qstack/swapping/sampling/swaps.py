"""Swaps: parts that are joined as soon as they are ready."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qstack.swapping.plan import Swap
from qstack.swapping.sampling.pairs import Floats, Pairs, side_by_side
from qstack.swapping.sampling.restarts import Tries, until_success
from qstack.swapping.sampling.source import Draws, Site, Source, rows, swap_errors


class Swaps:
    """The pairs of a swap.

    Attributes:
        link_pairs: see `Source`.
        sources: make its parts.
        edges: the nodes at which the parts begin and end.
        chance: that all measurements succeed.
    """

    def __init__(self, plan: Swap, sources: Sequence[Source], site: Site) -> None:
        self.link_pairs = plan.link_pairs
        self.sources = sources
        self.edges = [plan.first, *(part.last for part in plan.parts)]
        self._plan = plan
        stations = [site.chain.stations[node] for node in self.edges[1:-1]]
        self.chance = float(np.prod([each.swap_success for each in stations]))
        self._errors = swap_errors(stations)
        self._operation_s = np.array([[each.operation_time_s] for each in stations])
        at_s = site.at_s[self.edges]
        self._after_s = self._operation_s + np.maximum(at_s - at_s[0], at_s[-1] - at_s)[1:-1, None]
        self._per_s = site.per_s[:, self.edges]
        self._while_measured = 2 * self._per_s[:, 1:-1] @ self._operation_s
        self._hops_apart = site.hops_apart
        self._first_hops = [node - plan.first for node in self.edges[:-1]]
        self._last_hops = [node - plan.first - 1 for node in self.edges[1:]]

    def draw(self, n: int, draws: Draws) -> Pairs:
        """See `Source.draw`."""
        if self.chance == 1:
            return self.joined(self.parts(n, draws))
        return until_success(
            lambda k: self.tries(self.parts(k, draws), draws), n, rows(self.link_pairs), self.chance, self._plan
        )

    def parts(self, n: int, draws: Draws) -> Pairs:
        """What is joined, as bundles."""
        return side_by_side([source.draw(n, draws) for source in self.sources])

    def tries(self, parts: Pairs, draws: Draws) -> Tries:
        """One measurement at every node between the parts."""
        worked = draws.rng.random(parts.n) < self.chance
        return Tries(self._known_s(parts.time_s), worked, lambda chosen: self.joined(parts[chosen]))

    def joined(self, parts: Pairs) -> Pairs:
        """The pairs that are left when all measurements succeed."""
        known_s = self._known_s(parts.time_s)
        if self._hops_apart:
            return Pairs(known_s[None], parts.noise, self._faded_hops(parts, known_s))
        # At a node the pair that was ready first waits for the other; then both are measured.
        waits_s = parts.time_s[1:] - parts.time_s[:-1]
        np.abs(waits_s, out=waits_s)
        fading = parts.fading.sum(axis=1) + self._while_measured
        fading += np.einsum("em,mn->en", self._per_s[:, 1:-1], waits_s)
        for end in (0, -1):
            fading += np.multiply.outer(self._per_s[:, end], known_s - parts.time_s[end])
        noise = parts.noise.prod(axis=0, keepdims=True) * self._errors
        return Pairs(known_s[None], noise, fading[:, None])

    def _known_s(self, ready_s: Floats) -> Floats:
        """When both ends know of all measurements, shape (n,)."""
        swapped_s = np.maximum(ready_s[:-1], ready_s[1:])
        swapped_s += self._after_s
        return np.asarray(swapped_s.max(axis=0))

    def _faded_hops(self, parts: Pairs, known_s: Floats) -> Floats:
        """Exponents of every hop: the outermost wait at the ends, the others until their node has measured."""
        swapped_s = np.maximum(parts.time_s[:-1], parts.time_s[1:]) + self._operation_s
        fading = parts.fading.copy()
        fading[:, self._first_hops] += self._per_s[:, :-1, None] * (np.vstack([known_s, swapped_s]) - parts.time_s)
        fading[:, self._last_hops] += self._per_s[:, 1:, None] * (np.vstack([swapped_s, known_s]) - parts.time_s)
        return fading
