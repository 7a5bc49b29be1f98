"""An independent judge of stations where photons interfere: Fock states, amplitude by amplitude.

Each node's memory goes with creation operators of photons. They are multiplied out, through loss, a beam splitter and
detectors that miss, into the Fock states of everything that could know of them. Each Fock state leaves one pure state
of the memories, and is weighed with all false counts that make it a herald.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tests.swapping.density import X, Z, gate

Mode = tuple[object, ...]
"""("port", bin, detector, packet), ("missed", bin, detector, packet), ("lost", node, bin) or ("extra", node)."""

Photon = dict[Mode, complex]
"""One photon, in superposition of modes."""

Fock = tuple[Mode, ...]
"""Photons as sorted modes, repeated where there are several."""


@dataclass(frozen=True)
class Setup:
    """A beam splitter and two detectors; `seen` is their efficiency, `false` their false clicks per window."""

    arrival: tuple[float, float]
    seen: float = 1.0
    false: float = 0.0
    visibility: float = 1.0
    resolving: bool = False
    blind: bool = False

    def photon(self, node: int, when: int) -> Photon:
        """From node 0 in packet 0, or from node 1 in a packet that overlaps with it by sqrt(V)."""
        packets = [1.0, 0.0] if node == 0 else [math.sqrt(self.visibility), math.sqrt(1 - self.visibility)]
        modes: Photon = {("lost", node, when): math.sqrt(1 - self.arrival[node])}
        for packet, detector in itertools.product((0, 1), repeat=2):
            sign = -1 if node == detector == 1 else 1
            here = sign * packets[packet] * math.sqrt(self.arrival[node] / 2)
            modes["port", when, detector, packet] = here * math.sqrt(self.seen)
            modes["missed", when, detector, packet] = here * math.sqrt(1 - self.seen)
        return modes


@lru_cache(maxsize=4096)
def patterns(setup: Setup, seen: tuple[tuple[int, int], ...]) -> dict[tuple[int, ...], float]:
    """Heralds by which detector gave the only count of each bin, when so many photons hit the two in each bin."""
    none, one = 1 - setup.false, -(1 - setup.false) * math.log(1 - setup.false)
    chances = (none, one, 1 - none - one)  # of no, one or more false counts: Poissonian
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for false in itertools.product(itertools.product(range(3), repeat=2), repeat=len(seen)):
        clicked: set[int] = set()
        pattern = []
        for photons, extra in zip(seen, false, strict=True):
            counts = [a + b for a, b in zip(photons, extra, strict=True)]
            if not setup.resolving:
                counts = [min(count, 1) for count in counts]
            if setup.blind:
                counts = [0 if d in clicked else count for d, count in enumerate(counts)]
            clicked |= {d for d in (0, 1) if counts[d]}
            if sum(counts) == 1:
                pattern.append(counts.index(1))
        if len(pattern) == len(seen):
            found[tuple(pattern)] += math.prod(chances[k] for each in false for k in each)
    return found


def single_click(
    setup: Setup, bright: tuple[float, float], twice: tuple[float, float] = (0.0, 0.0), phase_std_rad: float = 0.0
) -> tuple[float, np.ndarray]:
    """Probability of a herald and the state it leaves, corrected to Phi+."""

    def emitted(spins: tuple[int, int], phase: float) -> dict[Fock, complex]:
        amplitude = math.prod(math.sqrt(p if s else 1 - p) for s, p in zip(spins, bright, strict=True))
        state: dict[Fock, complex] = {(): amplitude * np.exp(1j * phase * spins[1])}
        for node in (0, 1):
            if spins[node]:
                state = create(state, setup.photon(node, 0))
                again = create(state, {("extra", node): math.sqrt(twice[node])})
                state = {fock: a * math.sqrt(1 - twice[node]) for fock, a in state.items()} | again
        return state

    nodes, weights = np.polynomial.hermite_e.hermegauss(40 if phase_std_rad else 1)
    total = sum(
        weight * heralded(setup, 1, lambda spins, phase=phase: emitted(spins, phase), lambda pattern: pattern[0] == 1)
        for phase, weight in zip(nodes * phase_std_rad, weights / weights.sum(), strict=True)
    )
    return float(np.trace(total).real), total / np.trace(total)


def double_click(setup: Setup) -> tuple[float, np.ndarray]:
    """Probability of a herald and the state it leaves, corrected to Phi+."""

    def emitted(spins: tuple[int, int]) -> dict[Fock, complex]:
        return create(create({(): 0.5}, setup.photon(0, spins[0])), setup.photon(1, spins[1]))

    total = heralded(setup, 2, emitted, lambda pattern: pattern[0] != pattern[1])
    return float(np.trace(total).real), total / np.trace(total)


def create(state: dict[Fock, complex], photon: Photon) -> dict[Fock, complex]:
    """The creation operator of a photon on a state; a mode that holds n photons gives sqrt(n + 1)."""
    found: dict[Fock, complex] = defaultdict(complex)
    for fock, amplitude in state.items():
        for mode, part in photon.items():
            if part:
                found[tuple(sorted((*fock, mode)))] += amplitude * part * math.sqrt(fock.count(mode) + 1)
    return found


def heralded(
    setup: Setup,
    bins: int,
    emitted: Callable[[tuple[int, int]], dict[Fock, complex]],
    minus: Callable[[tuple[int, ...]], bool],
) -> np.ndarray:
    """Unnormalised state of the memories over all heralds; `minus` says which patterns announce Psi-."""
    memories: dict[Fock, np.ndarray] = defaultdict(lambda: np.zeros(4, dtype=np.complex128))
    for spins in itertools.product((0, 1), repeat=2):
        for fock, amplitude in emitted(spins).items():
            memories[fock][2 * spins[0] + spins[1]] += amplitude
    left = {sign: np.zeros((4, 4), dtype=np.complex128) for sign in (False, True)}
    for fock, vector in memories.items():
        ports = [mode[1:3] for mode in fock if mode[0] == "port"]
        seen = tuple((ports.count((when, 0)), ports.count((when, 1))) for when in range(bins))
        for pattern, p in patterns(setup, seen).items():
            left[minus(pattern)] += p * np.outer(vector, vector.conj())
    return gate(left[False] + gate(left[True], Z, 1), X, 1)
