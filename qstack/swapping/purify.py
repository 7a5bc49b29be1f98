"""Purification between real stations, repeated until it succeeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.swapping.station import Station

Floats = NDArray[np.float64]


class Made(NamedTuple):
    """Pairs made: how long each took, shape (n,), and its correlations when ready, shape (n, 4)."""

    time_s: Floats
    correlations: Floats


Maker = Callable[[int], Made]
"""Makes n pairs between two stations, each starting from nothing."""

Attempt = Callable[[int], tuple[Floats, list[Floats], NDArray[np.bool_]]]
"""n independent tries: how long each took, (n,), arrays of what each made, (n, ...), and whether it worked, (n,)."""

LARGEST_BLOCK = 1 << 16
"""Tries sampled at a time; bounds memory where success is rare."""


def until_success(attempt: Attempt, n: int) -> tuple[Floats, list[Floats]]:
    """Repeat independent tries until n have worked: the time each success took, its failures included, and its arrays.

    The tries form one stream that is cut after each success, so few large blocks serve all n at once.
    """
    times: list[Floats] = []
    made: list[list[Floats]] = []
    found = tried = 0
    spent = 0.0
    while found < n:
        expected = (n - found) * (tried + 2) / (found + 1 if tried else 2)
        time_s, arrays, worked = attempt(min(LARGEST_BLOCK, int(1.1 * expected) + 16))
        last = np.flatnonzero(worked)[: n - found]
        tried += worked.size
        if last.size == 0:
            spent += float(time_s.sum())
            continue
        first = np.concatenate([[0], last[:-1] + 1])
        cycles = np.add.reduceat(time_s[: last[-1] + 1], first)
        cycles[0] += spent
        spent = float(time_s[last[-1] + 1 :].sum())
        times.append(cycles)
        made.append([array[last] for array in arrays])
        found += last.size
    return np.concatenate(times), [np.concatenate(column) for column in zip(*made, strict=True)]


def purified(
    make: Maker, rounds: int, ends: tuple[Station, Station], flight_s: float, rng: np.random.Generator
) -> Maker:
    """A maker of pairs purified `rounds` times: a round uses two pairs of the one before, made in turn.

    The first waits for the second in both memories; the outcomes are compared over `flight_s`; a failed round
    is thrown away and starts again from nothing.
    """
    if rounds == 0:
        return make
    inner = purified(make, rounds - 1, ends, flight_s, rng)
    noise = ends[0].noise, ends[1].noise
    compare_s = max(end.operation_time_s for end in ends) + flight_s
    waited = ends[0].decay(np.asarray(compare_s)) * ends[1].decay(np.asarray(compare_s))

    def attempt(n: int) -> tuple[Floats, list[Floats], NDArray[np.bool_]]:
        first, second = inner(n), inner(n)
        stored = first.correlations * ends[0].decay(second.time_s) * ends[1].decay(second.time_s)
        states = bell.from_transform(stored), bell.from_transform(second.correlations)
        state, probability = bell.dejmps(*states, noise)
        time_s = first.time_s + second.time_s + compare_s
        return time_s, [bell.transform(state) * waited], rng.random(n) < probability

    def made(n: int) -> Made:
        time_s, (correlations,) = until_success(attempt, n)
        return Made(time_s, correlations)

    return made
