"""Independent judges of pair sources and pulses: Fock amplitudes up to a number of pairs, loss photon by photon.

What is cut off has at most the probability `tail`.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import expm

from qstack.link import Arm

Occupation = tuple[int, ...]
WINDOW_S = 1e-9


@dataclass(frozen=True)
class Way:
    """A channel of a given loss."""

    loss_db: float
    background_hz: float = 0.0
    flight_time_s: float = 0.0

    @property
    def transmissivity(self) -> float:
        return float(10 ** (-self.loss_db / 10))


def arm(arrival: float, background_hz: float = 0.0) -> Arm:
    return Arm(Way(0.0, background_hz), arrival)


def noisy_arms(eta: tuple[float, float], dark: tuple[float, float]) -> tuple[Arm, Arm]:
    """Arms whose stray photons make the false clicks: -ln(1 - dark) per window and detector, twice that per arm."""
    first, second = (arm(e, -2 * math.log1p(-d) / WINDOW_S) for e, d in zip(eta, dark, strict=True))
    return first, second


def excess(table: np.ndarray) -> float:
    """How much likelier equal outcomes are than unequal ones."""
    return float(table[0, 0] + table[1, 1] - table[0, 1] - table[1, 0])


def tail(mean_pairs: float, most: int) -> float:
    """Probability of more than `most` pairs, from the published number distribution."""
    n = mean_pairs / 2
    return 1 - sum((k + 1) * n**k / (1 + n) ** (k + 2) for k in range(most + 1))


def pulse(mean_pairs: float, most: int) -> dict[Occupation, complex]:
    """Amplitudes of the pulse by photon numbers (a0, a1, b0, b1)."""
    n = mean_pairs / 2
    found: dict[Occupation, complex] = {}
    for zero in range(most + 1):
        for one in range(most + 1 - zero):
            found[zero, one, zero, one] = math.sqrt((n / (1 + n)) ** (zero + one)) / (1 + n)
    return found


@lru_cache(maxsize=64)
def rotation(total: int, matrix: tuple[complex, ...]) -> np.ndarray:
    """How a polarisation rotation acts on `total` photons in two modes: entry [k, j] from j to k in the first mode.

    The one-photon matrix U = exp(G) becomes the exponential of the form sum_ij G_ij a_i^dagger a_j.
    """
    values, vectors = np.linalg.eig(np.array(matrix).reshape(2, 2))
    form = vectors @ np.diag(np.log(values.astype(complex))) @ np.linalg.inv(vectors)
    generator = np.zeros((total + 1, total + 1), dtype=complex)
    for j in range(total + 1):
        generator[j, j] = form[0, 0] * j + form[1, 1] * (total - j)
        if j < total:
            generator[j + 1, j] = form[0, 1] * math.sqrt((j + 1) * (total - j))
            generator[j, j + 1] = form[1, 0] * math.sqrt((j + 1) * (total - j))
    return np.asarray(expm(generator))


def turned(state: dict[Occupation, complex], matrix: np.ndarray, side: int) -> dict[Occupation, complex]:
    """The pulse with a one-photon unitary applied to every photon of side 0 (a) or 1 (b)."""
    found: dict[Occupation, complex] = defaultdict(complex)
    for modes, amplitude in state.items():
        zero, one = modes[2 * side : 2 * side + 2]
        column = rotation(zero + one, tuple(np.asarray(matrix).ravel().tolist()))[:, zero]
        for k, factor in enumerate(column):
            new = (k, zero + one - k)
            found[new + modes[2:] if side == 0 else modes[:2] + new] += amplitude * factor
    return found


PAULIS = (np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1]), np.array([[0, 1], [-1, 0]]))
BASES = {
    "Z": np.eye(2),
    "X": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / math.sqrt(2),
}


def mixed(mean_pairs: float, visibility: float, most: int) -> Iterator[tuple[float, dict[Occupation, complex]]]:
    """The four pulses, with their probabilities, of a source that turns side b by a random Pauli now and then."""
    for k, operator in enumerate(PAULIS):
        chance = (1 - visibility) / 4 + (visibility if k == 0 else 0.0)
        if chance:
            yield chance, turned(pulse(mean_pairs, most), operator, 1)


def seen(photons: int, eta: float) -> list[float]:
    """Probabilities that 0, 1, ... of the photons are seen."""
    return [math.comb(photons, k) * eta**k * (1 - eta) ** (photons - k) for k in range(photons + 1)]


def false_counts(dark: float, resolving: bool) -> tuple[float, float]:
    """Probability of no false count, and of one: exactly one of a Poissonian number where it is resolved."""
    return 1 - dark, -(1 - dark) * math.log(1 - dark) if resolving else dark


def outcomes(photons: tuple[int, int], eta: float, dark: float, resolving: bool) -> tuple[float, float]:
    """Probability of outcome 0 and of outcome 1 from two detectors that so many photons fly to.

    Threshold detectors take one of two clicks at random; resolving ones want one count in all, true or false.
    """
    result = [0.0, 0.0]
    for (k, pk), (m, pm) in itertools.product(*(enumerate(seen(n, eta)) for n in photons)):
        for false in itertools.product((0, 1), repeat=2):
            p = pk * pm * math.prod(false_counts(dark, resolving)[f] for f in false)
            counts = (k + false[0], m + false[1])
            if resolving:
                if sum(counts) == 1:
                    result[counts[1]] += p
            elif any(counts):
                winners = [j for j in (0, 1) if counts[j]]
                for j in winners:
                    result[j] += p / len(winners)
    return result[0], result[1]


def measured(
    basis: str,
    mean_pairs: float,
    visibility: float,
    eta: tuple[float, float],
    dark: tuple[float, float],
    most: int,
    resolving: bool = False,
) -> np.ndarray:
    """Joint probabilities of the two ends' outcomes in conjugate bases, shape (2, 2)."""
    total = np.zeros((2, 2))
    unitary = BASES[basis]
    for chance, state in mixed(mean_pairs, visibility, most):
        rotated = turned(turned(state, unitary, 0), unitary.conj(), 1)
        for modes, amplitude in rotated.items():
            first = outcomes(modes[:2], eta[0], dark[0], resolving)  # type: ignore[arg-type]
            second = outcomes(modes[2:], eta[1], dark[1], resolving)  # type: ignore[arg-type]
            total += chance * abs(amplitude) ** 2 * np.outer(first, second)
    return total


def absorbed(
    mean_pairs: float, visibility: float, eta: tuple[float, float], dark: tuple[float, float], most: int
) -> np.ndarray:
    """Unnormalised state of two memories that have absorbed exactly one photon each, shape (4, 4).

    A single false latch at a memory that absorbed nothing leaves it in one polarisation or the other.
    """
    total = np.zeros((4, 4), dtype=complex)
    for chance, state in mixed(mean_pairs, visibility, most):
        kept: dict[tuple[Occupation, Occupation], dict[Occupation, complex]] = defaultdict(dict)
        for modes, amplitude in state.items():
            for stored in itertools.product(*(range(min(n, 1) + 1) for n in modes)):
                lost = tuple(n - k for n, k in zip(modes, stored, strict=True))
                factor = math.prod(
                    math.sqrt(math.comb(n, k) * eta[j // 2] ** k * (1 - eta[j // 2]) ** (n - k))
                    for j, (n, k) in enumerate(zip(modes, stored, strict=True))
                )
                counts = (sum(stored[:2]), sum(stored[2:]))
                if max(counts) <= 1:
                    kept[counts, lost][stored] = amplitude * factor
        for (counts, _), parts in kept.items():
            vector = np.zeros((3, 3), dtype=complex)  # index 2 is an empty memory
            for stored, amplitude in parts.items():
                where = [2 if sum(s) == 0 else s.index(1) for s in (stored[:2], stored[2:])]
                vector[where[0], where[1]] += amplitude
            rho = chance * np.einsum("ij,kl->ijkl", vector, vector.conj())
            for side, count in enumerate(counts):
                rho = np.moveaxis(rho, (side, side + 2), (0, 1))
                none, one = false_counts(dark[side], resolving=True)
                latched = np.zeros((2, 2, *rho.shape[2:]), dtype=complex)
                if count:
                    latched += none**2 * rho[:2, :2]
                else:
                    for j in (0, 1):
                        latched[j, j] += none * one * rho[2, 2]
                rho = np.moveaxis(latched, (0, 1), (side, side + 2))
            total += rho.reshape(4, 4)
    return total


def _powers(terms: dict[int, float], power: int) -> dict[Occupation, float]:
    """Coefficients of (sum of c_k x_k)^power by the exponents of six variables."""
    result: dict[Occupation, float] = {(0,) * 6: 1.0}
    for _ in range(power):
        longer: dict[Occupation, float] = defaultdict(float)
        for exponents, value in result.items():
            for k, c in terms.items():
                raised = tuple(e + (j == k) for j, e in enumerate(exponents))
                longer[raised] += value * c
        result = longer
    return result


def one_click(
    mean_pairs: float, eta: tuple[float, float], stored: float, overlap: float, dark: float, most: int, resolving: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Light of one polarisation left in two memories when only one output of the station clicks, for either output.

    Shape (2, 2, 2, 2): elements <j k|rho|l m> of photon numbers 0 and 1 in the memories. The station's modes are the
    outputs c and d for light that interferes, c' and d' for the rest of b's, and what each arm loses.
    """
    n = mean_pairs / 2
    a_modes = {0: math.sqrt(eta[0] / 2), 1: math.sqrt(eta[0] / 2), 2: math.sqrt(1 - eta[0])}
    same, other = math.sqrt(eta[1] * overlap / 2), math.sqrt(eta[1] * (1 - overlap) / 2)
    b_modes = {0: same, 1: -same, 3: other, 4: -other, 5: math.sqrt(1 - eta[1])}
    kept: dict[object, np.ndarray] = defaultdict(lambda: np.zeros((2, 2)))
    for a, b in itertools.product(range(most + 1), repeat=2):
        if a + b > most:
            continue
        amplitude = math.sqrt((n / (1 + n)) ** (a + b)) / (1 + n) / math.sqrt(math.factorial(a) * math.factorial(b))
        light: dict[Occupation, float] = defaultdict(float)
        for first, value in _powers(a_modes, a).items():
            for second, factor in _powers(b_modes, b).items():
                light[tuple(np.add(first, second).tolist())] += value * factor
        for j, k in itertools.product(range(min(a, 1) + 1), range(min(b, 1) + 1)):
            survive = math.comb(a, j) * stored**j * (1 - stored) ** (a - j)
            survive *= math.comb(b, k) * stored**k * (1 - stored) ** (b - k)
            for modes, value in light.items():
                norm = math.sqrt(math.prod(math.factorial(m) for m in modes))
                kept[modes, a - j, b - k][j, k] += amplitude * math.sqrt(survive) * value * norm
    result = np.zeros((2, 2, 2, 2, 2))
    for (modes, _, _), vector in kept.items():  # type: ignore[misc]
        counts = (modes[0] + modes[3], modes[1] + modes[4])
        for output in (0, 1):
            here, there = counts[output], counts[1 - output]
            if there:
                continue
            none, one = false_counts(dark, resolving)
            p = one if here == 0 else float(here == 1) * none if resolving else 1.0
            result[output] += (1 - dark) * p * np.einsum("ij,kl->ijkl", vector, vector)
    return result[0], result[1]


def two_clicks(
    mean_pairs: float, eta: tuple[float, float], stored: float, overlap: float, dark: float, most: int, resolving: bool
) -> np.ndarray:
    """Unnormalised state of one photon from each memory after a herald, corrected to Phi+, shape (4, 4)."""
    clicks = one_click(mean_pairs, eta, stored, overlap, dark, most, resolving)
    total = np.zeros((4, 4))
    for output0, output1 in itertools.product((0, 1), repeat=2):
        rho = np.zeros((4, 4))
        for row, column in itertools.product(itertools.product((0, 1), repeat=2), repeat=2):
            # Photon numbers of the two memories in polarisation p: 1 where the memory's photon has it.
            numbers = [[tuple(int(q == p) for q in pair) for pair in (row, column)] for p in (0, 1)]
            value = clicks[output0][numbers[0][0] + numbers[0][1]] * clicks[output1][numbers[1][0] + numbers[1][1]]
            rho[2 * row[0] + row[1], 2 * column[0] + column[1]] = value
        correction = np.kron(np.eye(2), PAULIS[1] if output0 == output1 else PAULIS[3])
        total += correction @ rho @ correction.T
    return total


def photon_law(photons: int, eta: float, dark: float, wrong: float) -> tuple[float, float]:
    """Probability of the right and of the wrong outcome from a pulse of so many photons in the receiver's basis."""
    right_total = wrong_total = 0.0
    for astray, chance in enumerate(seen(photons, wrong)):
        right, error = outcomes((photons - astray, astray), eta, dark, resolving=False)
        right_total += chance * right
        wrong_total += chance * error
    return right_total, wrong_total


@lru_cache(maxsize=64)
def poisson_law(mu: float, eta: float, dark: float, wrong: float, most: int = 20) -> tuple[float, float]:
    """The same for a Poissonian pulse."""
    right_total = wrong_total = 0.0
    for n in range(most + 1):
        chance = math.exp(-mu) * mu**n / math.factorial(n)
        right, error = photon_law(n, eta, dark, wrong)
        right_total += chance * right
        wrong_total += chance * error
    return right_total, wrong_total
