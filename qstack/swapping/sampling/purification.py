"""Purification between the two ends of a segment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qstack import bell
from qstack.swapping.plan import PAIRS_PER_ROUND, Purify, Scheme
from qstack.swapping.sampling.pairs import Floats, Pairs, faded
from qstack.swapping.sampling.restarts import Tries, until_success
from qstack.swapping.sampling.source import Draws, Site, Source, rows

SCHEMES: dict[Scheme, Callable[..., tuple[Floats, Floats]]] = {
    "dejmps": bell.dejmps,
    "bbpssw": bell.bbpssw,
    "double_selection": bell.double_selection,
}

LIKELY = 0.7
"""A first guess of how often a round succeeds."""


class Purified:
    """One pair is kept and purified with fresh ones a number of times; a failure costs all of them.

    Nested rounds are purifications of one round each, with one for the source of the next.
    """

    def __init__(self, plan: Purify, rounds: int, source: Source, site: Site) -> None:
        chain = site.chain
        self._plan = plan
        self._rounds = rounds
        self._source = source
        self._fresh = PAIRS_PER_ROUND[plan.scheme] - 1
        self.link_pairs = source.link_pairs * (1 + rounds * self._fresh)
        ends = chain.stations[plan.first], chain.stations[plan.last]
        self._noise = ends[0].noise, ends[1].noise
        self._per_s = site.per_s[:, plan.first] + site.per_s[:, plan.last]
        self._compare_s = max(end.operation_time_s for end in ends) + site.at_s[plan.last] - site.at_s[plan.first]

    def draw(self, n: int, draws: Draws) -> Pairs:
        """See `Source.draw`."""
        likely = LIKELY**self._rounds
        return until_success(lambda k: self._tries(k, draws), n, rows(self.link_pairs), likely, self._plan)

    def _tries(self, n: int, draws: Draws) -> Tries:
        first = self._source.draw(n, draws)
        time_s = first.time_s[0].copy()
        correlations = first.correlations()[0]
        alive = np.arange(n)
        for _ in range(self._rounds):
            if alive.size == 0:
                break
            others = [self._source.draw(alive.size, draws) for _ in range(self._fresh)]
            waits_s = np.zeros(alive.size)
            states: list[Floats] = []
            for other in reversed(others):
                states.insert(0, self._stored(other.correlations()[0], waits_s))
                waits_s = waits_s + other.time_s[0]
            states.insert(0, self._stored(correlations[alive], waits_s))
            state, chance = SCHEMES[self._plan.scheme](*states, self._noise)
            time_s[alive] += waits_s + self._compare_s
            succeeds = draws.rng.random(alive.size) < chance
            alive = alive[succeeds]
            correlations[alive] = faded(bell.transform(state[succeeds]), self._per_s * self._compare_s)
        worked = np.zeros(n, dtype=np.bool_)
        worked[alive] = True
        return Tries(time_s, worked, lambda chosen: self._made(time_s[chosen], correlations[chosen]))

    def _stored(self, correlations: Floats, time_s: Floats) -> Floats:
        """Weights of pairs after so long at both ends."""
        return bell.from_transform(faded(correlations, np.multiply.outer(self._per_s, time_s)))

    def _made(self, time_s: Floats, correlations: Floats) -> Pairs:
        return Pairs(time_s[None], correlations[None], np.broadcast_to(0.0, (self._per_s.size, 1, time_s.size)))
