"""Plans sampled, next to plain numpy written for one case only.

The first case is the reference chain of eight links, swapped as soon as possible. Ours goes through the tree of the
plan, the seam of the link models and the arrays of a delivery. The reference knows that all links, memories and swaps
are equal and perfect but for storage, that control takes no time, and that states are Werner states; it draws the
waiting times itself, in blocks that stay in the cache, and fills the same arrays: states, Bell indices and times.

The second is a chain of a thousand rare links, where the reference draws the times and takes the largest. Its mean time
is known: the harmonic number over the rate of a link, and half an attempt.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sidebyside import interleaved, throughput

from qstack.link import Heralded
from qstack.stats import mean
from qstack.swapping import Chain, Delivery, PlannedChain, Station, swap_asap

PAIRS = 1_000_000
ROUNDS = 9
BLOCK = 4096
LINK = Heralded(success_probability=0.05, attempt_time_s=200e-6, fidelity=0.99)
MEMORY_S = 1.0
LONG = Heralded(success_probability=1e-6, attempt_time_s=1e-6)
LONG_HOPS = 1000
LONG_PAIRS = 4000


class Arrays(NamedTuple):
    states: NDArray[np.float64]
    bell_index: NDArray[np.uint8]
    ready_s: NDArray[np.float64]


def planned(link: Heralded, hops: int, station: Station) -> PlannedChain:
    names = tuple(f"n{k}" for k in range(hops + 1))
    return swap_asap(hops).on(Chain(names, (station,) * (hops + 1), (link,) * hops, (0.0,) * hops))


def plain(hops: int, pairs: int, seed: int) -> Arrays:
    """The reference chain and nothing else."""
    rng = np.random.default_rng(seed)
    per_attempt = -1 / np.log1p(-LINK.success_probability)
    werner = ((4 * LINK.fidelity - 1) / 3) ** hops
    made = Arrays(np.empty((pairs, 1, 4)), np.empty((pairs, 1), dtype=np.uint8), np.empty((pairs, 1)))
    attempts = np.empty((hops, BLOCK))
    waits = np.empty((hops - 1, BLOCK))
    for start in range(0, pairs, BLOCK):
        stop = min(start + BLOCK, pairs)
        n = stop - start
        times, between = attempts[:, :n], waits[:, :n]
        rng.standard_exponential(out=attempts)
        times *= per_attempt
        np.ceil(times, out=times)
        ready = times.max(axis=0)
        np.subtract(times[1:], times[:-1], out=between)
        np.abs(between, out=between)
        stored = between.sum(axis=0)
        stored += 2 * ready
        stored -= times[0]
        stored -= times[-1]
        stored *= -LINK.attempt_time_s / MEMORY_S
        kept = np.exp(stored, out=stored)
        kept *= werner / 4
        made.states[start:stop, 0, 0] = 0.25 + 3 * kept
        made.states[start:stop, 0, 1:] = (0.25 - kept)[:, None]
        np.multiply(ready, LINK.attempt_time_s, out=made.ready_s[start:stop, 0])
        made.bell_index[start:stop, 0] = rng.integers(4, size=n, dtype=np.uint8)
    return made


def plain_times(hops: int, pairs: int, seed: int) -> NDArray[np.float64]:
    """When the last of so many rare links is ready."""
    rng = np.random.default_rng(seed)
    per_attempt = -1 / np.log1p(-LONG.success_probability)
    block = max(1, (1 << 16) // hops)
    ready = np.empty(pairs)
    for start in range(0, pairs, block):
        stop = min(start + block, pairs)
        ready[start:stop] = rng.standard_exponential((hops, stop - start)).max(axis=0)
    return np.ceil(ready * per_attempt) * LONG.attempt_time_s


def check(name: str, delivered: Delivery | Arrays, time_s: float, fidelity: float) -> None:
    """Refuse to measure what is wrong."""
    for what, values, expected, tolerance in (
        ("time", delivered.ready_s, time_s, 5e-5 * time_s),
        ("fidelity", delivered.states[..., 0], fidelity, 5e-5),
    ):
        found = mean(values)
        if not abs(found.value - expected) <= 4 * found.std_error + tolerance:
            raise AssertionError(f"{name}: {what} is {found.value}, not {expected}")


def main() -> int:
    """Check the physics, then measure."""
    met = True
    eight = planned(LINK, 8, Station(t1_s=MEMORY_S, t2_s=MEMORY_S))
    check("ours", eight.sample(200_000, np.random.default_rng(1)), 1 / 93.48, 0.8969)
    check("plain", plain(8, 200_000, 1), 1 / 93.48, 0.8969)
    times = interleaved(
        lambda: eight.sample(PAIRS, np.random.default_rng(1)), lambda: plain(8, PAIRS, 1), rounds=ROUNDS
    )
    ratio = throughput("reference chain, 8 links", times, at_least=0.5)
    print(ratio, f"   {PAIRS / ratio.ours_s / 1e6:.2f} M pairs per second")
    met &= ratio.met

    long = planned(LONG, LONG_HOPS, Station())
    harmonic = float((1 / np.arange(1, LONG_HOPS + 1)).sum())
    expected_s = (harmonic / -np.log1p(-LONG.success_probability) + 0.5) * LONG.attempt_time_s
    check("ours", long.sample(LONG_PAIRS, np.random.default_rng(1)), expected_s, 1.0)
    if abs(mean(plain_times(LONG_HOPS, LONG_PAIRS, 1)).value / expected_s - 1) > 0.02:
        raise AssertionError("plain: the mean time is not that of the harmonic number")
    times = interleaved(
        lambda: long.sample(LONG_PAIRS, np.random.default_rng(1)),
        lambda: plain_times(LONG_HOPS, LONG_PAIRS, 1),
        rounds=ROUNDS,
    )
    ratio = throughput(f"{LONG_HOPS} rare links", times, at_least=0.2)
    print(ratio, f"   {LONG_PAIRS * LONG_HOPS / ratio.ours_s / 1e6:.0f} M link pairs per second")
    met &= ratio.met
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
