"""Purification with the gates and readout of real stations, and its repetition until it succeeds."""

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


def dejmps_round(first: Floats, second: Floats, ends: tuple[Station, Station]) -> tuple[Floats, Floats]:
    """One DEJMPS round with the stations' errors: states kept, (n, 4), and success probabilities, (n,).

    Deutsch et al. 1996 with local noise: rotations depolarise each qubit, the two-qubit gates depolarise both
    pairs' qubits at a node, and a misread outcome makes a failed round look like a success.
    """
    turned = [bell.transform(state) * _rotation_factor(ends) for state in (first, second)]
    a, b = (bell.from_transform(correlations) for correlations in turned)
    kept = np.zeros((2, *np.broadcast_shapes(a.shape, b.shape)))
    for i in range(4):
        for j in range(4):
            (z1, x1), (z2, x2) = _rotated(i), _rotated(j)
            kept[x1 ^ x2, ..., 2 * (z1 ^ z2) + x1] += a[..., i] * b[..., j]
    clean = (1 - ends[0].gate2_depolarizing) * (1 - ends[1].gate2_depolarizing)
    kept = clean * kept + (1 - clean) / 8
    misread = _odd(ends[0].readout_error, ends[1].readout_error)
    success = (1 - misread) * kept[0] + misread * kept[1]
    probability = success.sum(axis=-1)
    return success / probability[..., None], probability


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
    compare_s = max(end.operation_time_s for end in ends) + flight_s
    waited = ends[0].decay(np.asarray(compare_s)) * ends[1].decay(np.asarray(compare_s))

    def attempt(n: int) -> tuple[Floats, list[Floats], NDArray[np.bool_]]:
        first, second = inner(n), inner(n)
        stored = first.correlations * ends[0].decay(second.time_s) * ends[1].decay(second.time_s)
        states = bell.from_transform(stored), bell.from_transform(second.correlations)
        state, probability = dejmps_round(*states, ends)
        time_s = first.time_s + second.time_s + compare_s
        return time_s, [bell.transform(state) * waited], rng.random(n) < probability

    def made(n: int) -> Made:
        time_s, (correlations,) = until_success(attempt, n)
        return Made(time_s, correlations)

    return made


def _rotated(index: int) -> tuple[int, int]:
    """(z, x) of a Bell index after the rotations of DEJMPS, which exchange Phi- and Psi-."""
    z, x = index >> 1, index & 1
    return z, x ^ z


def _rotation_factor(ends: tuple[Station, Station]) -> Floats:
    kept = (1 - ends[0].gate1_depolarizing) * (1 - ends[1].gate1_depolarizing)
    return np.array([1.0, kept, kept, kept])


def _odd(first: float, second: float) -> float:
    """Probability that exactly one of two independent errors happens."""
    return first * (1 - second) + second * (1 - first)
