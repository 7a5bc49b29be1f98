"""Swap as soon as possible along a path, sampled for many shots at once.

Every link tries until it heralds; a node swaps when both its links have; the ends hold their qubits until
every outcome has arrived. A failed Bell measurement costs the whole chain. All waiting decays the qubits that
wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.errors import InputError
from qstack.link import LinkModel
from qstack.swapping.delivery import Delivery, joined
from qstack.swapping.purify import Made, Maker, purified, until_success
from qstack.swapping.station import Station

Floats = NDArray[np.float64]
Check = Callable[[], None]
CHUNK_ROWS = 1 << 16
"""Rows (shots x links x pairs) sampled at a time: bounds memory, and the time to notice a cancellation."""


class ChainError(InputError):
    """A chain is put together wrongly or can never deliver."""


@dataclass(frozen=True)
class Chain:
    """A path ready to be sampled.

    Attributes:
        path: node names, one more than links.
        stations: what each node does to pairs.
        links: how each pair of neighbours gets its link pairs.
        flight_s: flight time of a classical message along each link; zeros for instant control.
        link_rounds: DEJMPS rounds on every link before swapping.
        end_rounds: DEJMPS rounds end to end.
    """

    path: tuple[str, ...]
    stations: tuple[Station, ...]
    links: tuple[LinkModel, ...]
    flight_s: tuple[float, ...]
    link_rounds: int = 0
    end_rounds: int = 0

    def __post_init__(self) -> None:
        """Refuse chains whose parts do not fit.

        Raises:
            ChainError: the numbers of nodes, stations, links and flight times do not fit, or rounds are
                negative.
        """
        if not len(self.path) == len(self.stations) == len(self.links) + 1 == len(self.flight_s) + 1 >= 2:
            raise ChainError(
                f"{len(self.path)} nodes, {len(self.stations)} stations, {len(self.links)} links do not fit"
            )
        if min(self.link_rounds, self.end_rounds) < 0:
            raise ChainError("purification rounds cannot be negative")

    @property
    def plan(self) -> str:
        """How its pairs are made, for people."""
        parts = []
        if self.link_rounds:
            parts.append(f"DEJMPS x{self.link_rounds} on every link")
        swaps = len(self.links) - 1
        parts.append(f"{swaps} {'swap' if swaps == 1 else 'swaps'} as soon as possible" if swaps else "one link")
        if self.end_rounds:
            parts.append(f"DEJMPS x{self.end_rounds} end to end")
        return ", ".join(parts)

    @property
    def ends(self) -> tuple[Station, Station]:
        """The two end stations."""
        return self.stations[0], self.stations[-1]


def sample(
    chain: Chain,
    shots: int,
    pairs: int,
    rng: np.random.Generator,
    *,
    check: Check | None = None,
    progress: Callable[[float], None] | None = None,
) -> Delivery:
    """Deliver `pairs` pairs in each of `shots` shots, the pairs of a shot one after the other.

    Args:
        chain: the path and how to use it.
        shots: number of shots.
        pairs: pairs per shot; earlier ones wait for the last, so their decay is correlated.
        rng: source of all randomness.
        check: called every few milliseconds; may raise to stop.
        progress: told the fraction done.

    Raises:
        ChainError: less than one shot or one pair.
    """
    if min(shots, pairs) < 1:
        raise ChainError(f"{shots} shots of {pairs} pairs; ask for 1 or more of each")
    rows = max(1, CHUNK_ROWS // (pairs * len(chain.links) * 2 ** (chain.link_rounds + chain.end_rounds)))
    parts: list[Delivery] = []
    for start in range(0, shots, rows):
        if check is not None:
            check()
        if progress is not None:
            progress(start / shots)
        parts.append(_sample_chunk(chain, min(rows, shots - start), pairs, rng, check))
    return joined(parts)


def _sample_chunk(chain: Chain, shots: int, pairs: int, rng: np.random.Generator, check: Check | None) -> Delivery:
    left, right = chain.ends
    n = shots * pairs
    if chain.end_rounds:
        end_flight = sum(chain.flight_s)
        made = purified(lambda k: _end_to_end(chain, k, rng, check), chain.end_rounds, chain.ends, end_flight, rng)(n)
        hops, time_s, total = None, made.time_s, made.correlations
    else:
        time_s, hops = _swapped(chain, n, rng, check)
        total = _combined(chain, hops)
    ready = np.cumsum(time_s.reshape(shots, pairs), axis=1)
    shot_time = ready[:, -1]
    held = shot_time[:, None] - ready
    at_left, at_right = left.decay(held), right.decay(held)
    shape = (shots, pairs, 4)
    links = None
    if hops is not None and not chain.link_rounds:
        kept = [hop.reshape(shape) for hop in hops]
        kept[0] = kept[0] * at_left
        kept[-1] = kept[-1] * at_right
        links = tuple(bell.from_transform(hop) for hop in kept)
    return Delivery(
        path=chain.path,
        plan=chain.plan,
        states=bell.from_transform(total.reshape(shape) * at_left * at_right),
        bell_index=_bell_indices(chain, (shots, pairs), rng),
        ready_s=ready,
        shot_time_s=shot_time,
        memories=((left.t1_s, left.t2_s), (right.t1_s, right.t2_s)),
        link_states=links,
    )


def _end_to_end(chain: Chain, n: int, rng: np.random.Generator, check: Check | None) -> Made:
    time_s, hops = _swapped(chain, n, rng, check)
    return Made(time_s, _combined(chain, hops))


def _combined(chain: Chain, hops: list[Floats]) -> Floats:
    """Correlations of the end-to-end pair: those of the links and the errors of the swaps multiply."""
    total = hops[0].copy()
    for hop in hops[1:]:
        total *= hop
    for station in chain.stations[1:-1]:
        total *= station.swap_factor
    return total


def _swapped(chain: Chain, n: int, rng: np.random.Generator, check: Check | None) -> tuple[Floats, list[Floats]]:
    """Times until n pairs are known at both ends, shape (n,), and each link's correlations then, (n, 4)."""
    makers = [_link_maker(chain, k, rng, check) for k in range(len(chain.links))]
    success = float(np.prod([station.swap_success for station in chain.stations[1:-1]]))
    if success == 1:
        return _one_try(chain, makers, n)
    return until_success(lambda k: (*_one_try(chain, makers, k), rng.random(k) < success), n)


def _one_try(chain: Chain, makers: list[Maker], n: int) -> tuple[Floats, list[Floats]]:
    """Every link heralds and every node swaps once."""
    made = [maker(n) for maker in makers]
    hops = [each.correlations for each in made]
    known = made[0].time_s
    used: list[Floats] = []
    positions = np.concatenate([[0.0], np.cumsum(chain.flight_s)])
    for k, station in enumerate(chain.stations[1:-1], start=1):
        swapped = np.maximum(made[k - 1].time_s, made[k].time_s) + station.operation_time_s
        used.append(swapped)
        farther = max(positions[k], positions[-1] - positions[k])
        known = np.maximum(known, swapped + farther)
    known = np.maximum(known, made[-1].time_s)
    last = len(hops) - 1
    for k, station in enumerate(chain.stations):
        until = known if k in (0, last + 1) else used[k - 1]
        if k > 0:
            hops[k - 1] = hops[k - 1] * station.decay(until - made[k - 1].time_s)
        if k <= last:
            hops[k] = hops[k] * station.decay(until - made[k].time_s)
    return known.copy(), hops


def _link_maker(chain: Chain, k: int, rng: np.random.Generator, check: Check | None) -> Maker:
    link = chain.links[k]
    ends = chain.stations[k], chain.stations[k + 1]
    first, second = (end.decay(np.asarray(stored)) for end, stored in zip(ends, link.stored_s, strict=True))
    stored = first * second

    def herald(n: int) -> Made:
        if check is not None:
            check()
        heralds = link.sample(n, rng)
        return Made(heralds.time_s, bell.transform(heralds.states) * stored)

    return purified(herald, chain.link_rounds, ends, chain.flight_s[k], rng)


def _bell_indices(chain: Chain, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The Bell states found: any of the four after a swap, those the link heralds without one."""
    if len(chain.links) > 1:
        return rng.integers(4, size=shape, dtype=np.uint8)
    return rng.choice(np.array(chain.links[0].bell_indices, dtype=np.uint8), size=shape)
