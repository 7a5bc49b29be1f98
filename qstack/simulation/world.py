"""The hardware of a simulation: link pairs as their models make them, memories that decay, measurements that err.

Only the world knows states. They are those of the qubits as they are, not corrected to Phi+: which Bell state a pair
should be in is for the machines to find out from what they are told. A pair is kept as its correlations (1, ZZ, XX,
-YY), which all that happens multiplies: decay, swaps, errors, and Paulis by signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from qstack import bell
from qstack.link import LinkModel
from qstack.link.service import PairId
from qstack.swapping import Chain
from qstack.swapping.plan import Scheme
from qstack.swapping.service import CheckPair

BLOCK = 256
"""Heralds drawn at a time."""

SIGNS = bell.transform(np.eye(4))
"""What a Pauli X^x Z^z on one of the two qubits does to the correlations of a pair; row 2z + x."""

NOTHING = np.array([1.0, 0.0, 0.0, 0.0])
"""Correlations of a pair that is no pair any more."""

SCHEMES: dict[Scheme, Callable[..., tuple[bell.State, bell.State]]] = {
    "dejmps": bell.dejmps,
    "bbpssw": bell.bbpssw,
    "double_selection": bell.double_selection,
}


class Herald(NamedTuple):
    """A herald to come.

    Attributes:
        time_s: after how long.
        correlations: of the pair, not corrected, shape (4,).
        bell_index: the Bell state announced, 2z + x.
    """

    time_s: float
    correlations: bell.State
    bell_index: int


class HalfCheck(NamedTuple):
    """A round of purification that one node has done its half of.

    Attributes:
        place: that node.
        by: the pairs it has measured.
        found: what it has found.
    """

    place: int
    by: list[Held]
    found: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Held:
    """A pair in memories.

    Attributes:
        correlations: shape (4,).
        qubits: what each node that still holds a half of it calls that half.
        aged_s: up to when the decay at each of these nodes is in the correlations.
        check: a round of purification that has begun at one of them.
    """

    correlations: bell.State
    qubits: dict[int, PairId]
    aged_s: dict[int, float]
    check: HalfCheck | None = None


class World:
    """Everything physical of a chain.

    Args:
        chain: stations and links.
        rng: source of all randomness; every hop and every node gets a stream of its own.
    """

    def __init__(self, chain: Chain, rng: np.random.Generator) -> None:
        self._chain = chain
        hops = len(chain.links)
        streams = rng.spawn(2 * hops + 1)
        self._at_node = streams[hops:]
        self._heralds = [_heralds(link, stream) for link, stream in zip(chain.links, streams, strict=False)]
        self._numbers = [0] * hops
        self._swap_factors = [station.swap_factor for station in chain.stations]
        self._held: dict[tuple[int, PairId], Held] = {}

    @property
    def qubits(self) -> int:
        """How many are in memories."""
        return len(self._held)

    def herald(self, hop: int) -> Herald:
        """The next herald on a hop, if its nodes start to attempt now."""
        return next(self._heralds[hop])

    def store(self, hop: int, herald: Herald, now_s: float) -> PairId:
        """Put a heralded pair into the memories; its name."""
        path, stored_s = self._chain.path, self._chain.links[hop].stored_s
        pair_id = PairId(f"{path[hop]}-{path[hop + 1]}", (1, 1), self._numbers[hop])
        self._numbers[hop] += 1
        places = (hop, hop + 1)
        aged_s = {place: now_s - each_s for place, each_s in zip(places, stored_s, strict=True)}
        self._keep(Held(herald.correlations, dict.fromkeys(places, pair_id), aged_s))
        return pair_id

    def swap(self, place: int, left: PairId, right: PairId, now_s: float) -> tuple[bool, int]:
        """End a Bell measurement: whether it succeeded, and the Bell index found."""
        station, rng = self._chain.stations[place], self._at_node[place]
        one, other = (self._let_go(place, qubit, now_s) for qubit in (left, right))
        succeeded, index = bool(rng.random() < station.swap_success), int(rng.integers(4))
        correlations = NOTHING
        if succeeded:
            correlations = one.correlations * other.correlations * self._swap_factors[place] * SIGNS[index]
        self._keep(Held(correlations, one.qubits | other.qubits, one.aged_s | other.aged_s))
        return succeeded, index

    def check(self, place: int, action: CheckPair, now_s: float) -> tuple[int, ...]:
        """One node's half of a round of purification: what it finds.

        Its outcomes are random; only together with those of the other node, which comes second, do they tell something.
        """
        kept = self._held[place, action.kept]
        rng = self._at_node[min(kept.qubits)]
        self._age(kept, place, now_s)
        by = [self._let_go(place, qubit, now_s) for qubit in action.by]
        for pair, index in zip([kept, *by], action.corrections, strict=True):
            pair.correlations = pair.correlations * SIGNS[index]
        if kept.check is None or kept.check.by != by:
            found = tuple(rng.integers(2, size=len(by)).tolist())
            kept.check = HalfCheck(place, by, found)
            return found
        first = kept.check
        kept.check = None
        ends = sorted((place, first.place))
        states = [bell.from_transform(pair.correlations) for pair in (kept, *by)]
        noise = tuple(self._chain.stations[end].noise for end in ends)
        state, chance = SCHEMES[action.scheme](*states, noise)
        if rng.random() < chance:
            kept.correlations = bell.transform(state)
            return first.found
        kept.correlations = NOTHING
        return (1 - first.found[0], *first.found[1:])

    def discard(self, place: int, qubit: PairId, now_s: float) -> None:
        """Empty a memory."""
        self._let_go(place, qubit, now_s)

    def deliver(self, place: int, qubit: PairId, bell_index: int, now_s: float) -> bell.State | None:
        """Hand a qubit to the user of the network.

        Returns:
            Once both halves are handed over, the state of the pair, corrected by the Bell index said last, shape (4,).
        """
        held = self._held.pop((place, qubit))
        if any((other, name) in self._held for other, name in held.qubits.items()):
            return None
        for each in held.qubits:
            self._age(held, each, now_s)
        return bell.from_transform(held.correlations * SIGNS[bell_index])

    def _keep(self, held: Held) -> None:
        for place, qubit in held.qubits.items():
            self._held[place, qubit] = held

    def _let_go(self, place: int, qubit: PairId, now_s: float) -> Held:
        """Take a node's half out of its memory."""
        held = self._held.pop((place, qubit))
        self._age(held, place, now_s)
        del held.qubits[place], held.aged_s[place]
        return held

    def _age(self, held: Held, place: int, now_s: float) -> None:
        waited_s = np.asarray(now_s - held.aged_s[place])
        held.correlations = held.correlations * self._chain.stations[place].decay(waited_s)
        held.aged_s[place] = now_s


def _heralds(link: LinkModel, rng: np.random.Generator) -> Iterator[Herald]:
    indices = np.array(link.bell_indices)
    while True:
        heralds = link.sample(BLOCK, rng)
        index = rng.choice(indices, size=BLOCK)
        yield from map(Herald, heralds.time_s.tolist(), bell.transform(heralds.states) * SIGNS[index], index.tolist())
