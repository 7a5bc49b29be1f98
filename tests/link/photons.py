"""An independent judge of the two-photon station: every path of both photons, amplitude by amplitude."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np

from tests.swapping.density import X, Z, gate, weights_of

Outcome = tuple[tuple[tuple[int, int], ...], tuple[int | None, int | None]]
"""Where photons were absorbed, as sorted (bin, detector), and in which bin each lost one was."""


def heralded(eta: tuple[float, float], dark: float, visibility: float) -> tuple[float, np.ndarray]:
    """Probability of a herald, and weights of the Bell states after the correction to Phi+.

    With probability V the photons are identical, otherwise distinguishable: a mixture that has visibility V.
    """
    total = np.zeros((4, 4), dtype=np.complex128)
    for identical, chance in ((True, visibility), (False, 1 - visibility)):
        for outcome, spins in _amplitudes(eta, identical).items():
            for clicks, p in _clicks(outcome, dark).items():
                if all(sum(clicks[2 * b : 2 * b + 2]) == 1 for b in (0, 1)):
                    rho = np.outer(spins, spins.conj()) * chance * p
                    rho = gate(rho, X, 1)
                    if clicks[0] != clicks[2]:
                        rho = gate(rho, Z, 1)
                    total += rho
    probability = float(np.trace(total).real)
    return probability, weights_of(total / probability)


def _amplitudes(eta: tuple[float, float], identical: bool) -> dict[object, np.ndarray]:
    """Unnormalised spin states by what the environment and the detectors have seen.

    Both nodes start in (|early> + |late>)/sqrt 2, each with its photon in the same bin; the beam splitter sends a to
    (c + d)/sqrt 2 and b to (c - d)/sqrt 2.
    """
    found: dict[object, np.ndarray] = defaultdict(lambda: np.zeros(4, dtype=np.complex128))
    for first, second in itertools.product((0, 1), repeat=2):
        spin = 2 * first + second
        for kept_a, kept_b in itertools.product((True, False), repeat=2):
            weight = 0.5
            weight *= math.sqrt(eta[0] if kept_a else 1 - eta[0])
            weight *= math.sqrt(eta[1] if kept_b else 1 - eta[1])
            lost = (None if kept_a else first, None if kept_b else second)
            for da, db in itertools.product((0, 1), repeat=2):
                if (not kept_a and da) or (not kept_b and db):
                    continue
                amplitude = weight
                photons = []
                if kept_a:
                    amplitude *= math.sqrt(0.5)
                    photons.append((first, da))
                if kept_b:
                    amplitude *= math.sqrt(0.5) * (-1 if db else 1)
                    photons.append((second, db))
                if identical and len(photons) == 2:
                    if photons[0] == photons[1]:
                        amplitude *= math.sqrt(2)
                    photons.sort()
                found[tuple(photons), lost][spin] += amplitude
    return found


def _clicks(outcome: object, dark: float) -> dict[tuple[int, ...], float]:
    """Click patterns of the four (bin, detector) slots: a photon always clicks, else a dark count may."""
    photons, _ = outcome  # type: ignore[misc]
    lit = {2 * b + d for b, d in photons}
    patterns: dict[tuple[int, ...], float] = {}
    for pattern in itertools.product((0, 1), repeat=4):
        p = 1.0
        for slot, click in enumerate(pattern):
            p *= float(click) if slot in lit else (dark if click else 1 - dark)
        if p:
            patterns[pattern] = p
    return patterns
