"""What every vertex becomes: a source of pairs on its segment of a chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qstack.swapping.chain import Chain
from qstack.swapping.sampling.pairs import Floats, Pairs
from qstack.swapping.station import Station

Check = Callable[[], None]

CHUNK = 1 << 16
"""Link pairs made at a time; bounds memory, and the time to notice a cancellation."""


class Site:
    """A chain as the sources see it.

    Attributes:
        chain: the chain.
        per_s: how fast its memories lose correlations, shape (rates, nodes): ZZ by 1/T1, XX and YY by 1/T2; one rate
            for both where they are equal at all nodes.
        at_s: how far each node is from the left end, in flight time, shape (nodes,).
        hops_apart: whether the hops of a pair are kept as factors of their own.
    """

    def __init__(self, chain: Chain, hops_apart: bool) -> None:
        self.chain = chain
        rates = np.array([[1 / each.t1_s, 1 / each.t2_s] for each in chain.stations]).T
        self.per_s: Floats = rates[:1] if np.array_equal(*rates) else rates
        self.at_s = np.concatenate([[0.0], np.cumsum(chain.flight_s)])
        self.hops_apart = hops_apart


@dataclass(frozen=True, slots=True)
class Draws:
    """What a draw is made with: the source of all randomness, and a function to call often, which may raise."""

    rng: np.random.Generator
    check: Check


class Source(Protocol):
    """Makes pairs.

    Attributes:
        link_pairs: link pairs made for one bundle when nothing fails.
    """

    link_pairs: int

    def draw(self, n: int, draws: Draws) -> Pairs:
        """Independent bundles of pairs, n of them, each started from nothing at time 0."""


def swap_errors(stations: Sequence[Station]) -> Floats:
    """What swaps at all these stations do to the correlations of the pair left, shape (4,)."""
    factors = {station: station.swap_factor for station in set(stations)}
    return np.asarray(np.prod([np.ones(4), *(factors[station] for station in stations)], axis=0))


def rows(link_pairs: int) -> int:
    """How many bundles that need so many link pairs each to make at a time."""
    return max(1, CHUNK // link_pairs)
