"""What nodes do to pairs, against density matrices, photons on a beam splitter, and published numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from tests.bell import photons
from tests.bell.cases import PHI_PLUS, chance, close, need_distributions, noises, relabelled, states, weights
from tests.swapping import density


@given(weights, weights)
def test_swapping(first: np.ndarray, second: np.ndarray) -> None:
    rho = density.swapped(density.mixture(first), density.mixture(second))
    close(bell.density_matrix(bell.swap(first, second)), rho)


def test_swapping_adds_bell_indices_modulo_2() -> None:
    for i, j in itertools.product(range(4), repeat=2):
        close(bell.swap(np.eye(4)[i], np.eye(4)[j]), np.eye(4)[i ^ j])


@given(weights, weights, weights)
def test_swapping_is_associative_and_commutative(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    close(bell.swap(bell.swap(a, b), c), bell.swap(a, bell.swap(b, c)))
    close(bell.swap(a, b), bell.swap(b, a))


@given(weights, weights)
def test_a_pauli_channel(state: np.ndarray, errors: np.ndarray) -> None:
    kraus = [math.sqrt(p) * m for p, m in zip(errors, (density.I2, density.X, density.Y, density.Z), strict=True)]
    for qubit in (0, 1):
        rho = density.channel(density.mixture(state), kraus, qubit)
        close(bell.density_matrix(bell.pauli(state, *errors[1:])), rho)


@given(weights, st.floats(0, 3), st.floats(0.05, 5), st.floats(0.01, 1))
def test_storage_is_twirled_amplitude_damping_and_dephasing(
    state: np.ndarray, t: float, t1: float, ratio: float
) -> None:
    t2 = 2 * t1 * ratio
    for qubit in (0, 1):
        rho = density.twirled(density.relaxed(density.mixture(state), t, t1, t2, qubit))
        close(bell.density_matrix(bell.decohere(state, t, t1, t2)), rho)


@given(weights, st.floats(0, 3), st.floats(0.05, 5))
def test_a_depolarising_memory(state: np.ndarray, t: float, constant: float) -> None:
    rho = density.depolarised(density.mixture(state), 1 - math.exp(-t / constant), 1)
    close(bell.density_matrix(bell.depolarise(state, t, constant)), rho)


@given(weights, st.floats(0, 2), st.floats(0, 2))
def test_storage_times_add(state: np.ndarray, first: float, second: float) -> None:
    twice = bell.decohere(bell.decohere(state, first, 1.0, 0.7), second, 1.0, 0.7)
    close(bell.decohere(state, first + second, 1.0, 0.7), twice)


def test_states_broadcast_over_leading_axes() -> None:
    rng = np.random.default_rng(1)
    many = rng.dirichlet(np.ones(4), size=(3, 5))
    one = rng.dirichlet(np.ones(4))
    each = [[bell.swap(many[i, j], one) for j in range(5)] for i in range(3)]
    close(bell.swap(many, one), each)
    times = rng.random((3, 5))
    each = [[bell.decohere(many[i, j], times[i, j], 2.0, 1.0) for j in range(5)] for i in range(3)]
    close(bell.decohere(many, times, 2.0, 1.0), each)


@pytest.mark.parametrize(
    ("pair", "expected"), [((0.95, 0.95), 0.903333), ((0.9, 0.9), 0.813333), ((0.85, 0.8), 0.690000)]
)
def test_published_werner_swaps(pair: tuple[float, float], expected: float) -> None:
    close(bell.fidelity(bell.swap(bell.werner(pair[0]), bell.werner(pair[1]))), expected, 1e-6)


@pytest.mark.parametrize(("links", "expected"), [(2, 0.903333), (4, 0.819126), (8, 0.681872)])
def test_published_werner_chains(links: int, expected: float) -> None:
    state = bell.werner(0.95)
    for _ in range(links - 1):
        state = bell.swap(state, bell.werner(0.95))
    close(bell.fidelity(state), expected, 1e-6)


def test_published_memories() -> None:
    inf = math.inf
    close(bell.fidelity(bell.decohere(PHI_PLUS, 0.1, inf, 1.0)), 0.952419, 1e-6)
    both = bell.decohere(bell.decohere(PHI_PLUS, 0.1, inf, 1.0), 0.1, inf, 1.0)
    close(bell.fidelity(both), 0.909365, 1e-6)
    close(bell.fidelity(bell.depolarise(PHI_PLUS, 0.1, 1.0)), 0.928629, 1e-6)
    close(bell.fidelity(bell.decohere(PHI_PLUS, 0.1, 1.0, 0.5)), 0.885575, 1e-6)


@given(weights, weights, noises)
def test_swapping_with_noise(first: np.ndarray, second: np.ndarray, noise: tuple[float, float, float]) -> None:
    rho = density.swapped(density.mixture(first), density.mixture(second), *noise)
    close(bell.density_matrix(bell.swap(first, second, bell.LocalNoise(*noise))), rho)


@given(weights, weights, chance, st.floats(0.01, 1.0))
def test_swapping_with_photons(first: np.ndarray, second: np.ndarray, visibility: float, efficiency: float) -> None:
    state, success = bell.optical_swap(first, second, visibility, efficiency)
    rho, expected = photons.swapped(density.mixture(first), density.mixture(second), visibility, efficiency)
    close(success, expected)
    close(bell.density_matrix(state), rho)


def test_photons_swap_half_of_the_time_at_best_and_as_well_as_they_interfere() -> None:
    state, success = bell.optical_swap(PHI_PLUS, PHI_PLUS)
    close(state, PHI_PLUS)
    assert success == 0.5
    visibility = np.array([0.0, 0.9, 1.0])
    state, success = bell.optical_swap(PHI_PLUS, PHI_PLUS, visibility, [0.0, 0.5, 1.0])
    close(bell.fidelity(state), [0.5, 0.95, 1.0])
    close(success, [0.0, 0.125, 0.5])


@given(states, states, noises, chance)
def test_swaps_give_distributions_and_commute_with_paulis(
    first: np.ndarray, second: np.ndarray, noise: tuple[float, float, float], visibility: float
) -> None:
    swaps: list[Callable[[np.ndarray, np.ndarray], np.ndarray]] = [
        lambda a, b: bell.swap(a, b, bell.LocalNoise(*noise)),
        lambda a, b: bell.optical_swap(a, b, visibility)[0],
    ]
    for swap in swaps:
        need_distributions(swap(first, second))
        close(swap(first, second), swap(second, first))
        for i, j in itertools.product(range(4), repeat=2):
            close(swap(relabelled(first, i), relabelled(second, j)), relabelled(swap(first, second), i ^ j))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bell.decohere(PHI_PLUS, 1.0, 1.0, 2.1),
        lambda: bell.decohere(PHI_PLUS, 1.0, 1.0, 0.0),
        lambda: bell.decohere(PHI_PLUS, -0.1, 1.0, 1.0),
        lambda: bell.decohere(PHI_PLUS, math.nan, 1.0, 1.0),
        lambda: bell.pauli(PHI_PLUS, 0.6, 0.6, 0.0),
        lambda: bell.pauli(PHI_PLUS, -0.1, 0.0, 0.0),
        lambda: bell.LocalNoise(gate1_depolarizing=-0.1),
        lambda: bell.LocalNoise(gate2_depolarizing=1.1),
        lambda: bell.LocalNoise(readout_error=math.nan),
        lambda: bell.optical_swap(PHI_PLUS, PHI_PLUS, visibility=1.1),
        lambda: bell.optical_swap(PHI_PLUS, PHI_PLUS, efficiency=[0.5, -0.1]),
    ],
)
def test_impossible_operations_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(bell.BellStateError):
        wrong()
