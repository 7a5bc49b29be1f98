"""The one part of sampling that goes event by event: pairs that are given up singly when they are too old.

It is plain Python over arrays. Where numba is installed (the extra `fast`) it is compiled; the results are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

SAME_TIME = 1e-12
"""Moments that differ by less than this share of them are the same: what is ready at its cutoff is ready in time."""


def expiries(
    took_s: Floats,
    following: Places,
    end: Places,
    edges_s: Floats,
    age_s: float,
    run: Floats,
    place: Places,
    ready_s: Floats,
    places: Places,
    times_s: Floats,
) -> int:
    """Start the parts of a swap again when their pairs are too old, until all are ready in time; many swaps in turn.

    The next pair to expire is always the one that was ready first. It takes with it the unbroken run of parts around
    it that are ready by then, and they begin again when both ends of the run have heard of it. If that run is all
    parts, nothing expires: all are joined.

    Args:
        took_s: how long each pair took from its start, those of a part one after the other.
        following: for each part, the place in `took_s` of its next pair; moved on.
        end: for each part, where its pairs end.
        edges_s: where the parts begin and end, in flight time; one more than parts.
        age_s: the age at which a pair expires.
        run: first and last of the parts that start next, and when; kept between calls.
        place: for each part, the place of its present pair; kept between calls.
        ready_s: for each part, when that is ready; kept between calls.
        places: filled with the places of the pairs used, shape (swaps, parts).
        times_s: filled with the times when these were ready, shape (swaps, parts).

    Returns:
        The number of swaps filled in: fewer than asked for when the pairs of a part have run out.
    """
    parts = len(place)
    first, last, start_s = int(run[0]), int(run[1]), run[2]
    for k in range(len(places)):
        while True:
            for p in range(first, last + 1):
                if following[p] == end[p]:
                    run[0], run[1], run[2] = first, last, start_s
                    return k
            for p in range(first, last + 1):
                place[p] = following[p]
                ready_s[p] = start_s + took_s[place[p]]
                following[p] += 1
            oldest = 0
            for p in range(1, parts):
                if ready_s[p] < ready_s[oldest]:
                    oldest = p
            expiry_s = ready_s[oldest] + age_s
            in_time_s = expiry_s * (1 + SAME_TIME)
            first = last = oldest
            while first > 0 and ready_s[first - 1] <= in_time_s:
                first -= 1
            while last < parts - 1 and ready_s[last + 1] <= in_time_s:
                last += 1
            if last - first == parts - 1:
                break
            start_s = expiry_s + edges_s[last + 1] - edges_s[first]
        for p in range(parts):
            places[k, p] = place[p]
            times_s[k, p] = ready_s[p]
        start_s = 0.0
    run[0], run[1], run[2] = first, last, start_s
    return len(places)


@cache
def kernel() -> Callable[..., int]:
    """`expiries`, compiled where numba is installed."""
    try:
        numba = import_module("numba")
    except ImportError:
        return expiries
    compiled: Callable[..., int] = numba.njit(expiries)
    return compiled
