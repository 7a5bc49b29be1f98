"""The Bell-diagonal algebra against density matrices, and against published numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.stats import chi_square_p
from tests.swapping import density

weights = st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4).map(lambda w: np.array(w) / sum(w))
probability = st.floats(0.0, 1.0)
PHI_PLUS = np.array([1.0, 0.0, 0.0, 0.0])


def close(left: object, right: object, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(np.asarray(left), np.asarray(right), rtol=0, atol=tolerance)


def test_the_order_is_phi_plus_psi_plus_phi_minus_psi_minus() -> None:
    half = math.sqrt(0.5)
    named = [[half, 0, 0, half], [0, half, half, 0], [half, 0, 0, -half], [0, half, -half, 0]]
    for index, amplitudes in enumerate(named):
        close(bell.density_matrix(np.eye(4)[index]), np.outer(amplitudes, amplitudes))


@given(weights)
def test_density_matrices_are_mixtures_of_paulis_on_phi_plus(state: np.ndarray) -> None:
    close(bell.density_matrix(state), density.mixture(state))
    close(bell.fidelity(state), density.weights_of(density.mixture(state))[0])


@given(weights)
def test_the_transform_holds_the_correlations(state: np.ndarray) -> None:
    rho = density.mixture(state)
    expected = [np.trace(rho @ np.kron(p, p)).real for p in (density.I2, density.Z, density.X, density.Y)]
    close(bell.transform(state), [*expected[:3], -expected[3]])
    close(bell.from_transform(bell.transform(state)), state)


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


@given(weights, weights)
def test_dejmps(first: np.ndarray, second: np.ndarray) -> None:
    state, success = bell.dejmps(first, second)
    rho, expected = density.purified(density.mixture(first), density.mixture(second))
    close(success, expected)
    close(bell.density_matrix(state), rho)


@given(st.floats(0.25, 1.0), st.floats(0.25, 1.0))
def test_bbpssw(first: float, second: float) -> None:
    pairs = [density.mixture(bell.werner(f)) for f in (first, second)]
    rho, expected = density.purified(*pairs, turn=False)
    state, success = bell.bbpssw(bell.werner(first), bell.werner(second))
    close(success, expected)
    close(bell.fidelity(state), density.weights_of(rho)[0])


@given(weights)
def test_error_rates(state: np.ndarray) -> None:
    rho = density.mixture(state)
    for basis, pauli, sign in (("X", density.X, 1), ("Y", density.Y, -1), ("Z", density.Z, 1)):
        agree = sign * np.trace(rho @ np.kron(pauli, pauli)).real
        close(bell.qber(state)[basis], (1 - agree) / 2)


@given(weights)
def test_chsh_value_is_reached_and_not_exceeded(state: np.ndarray) -> None:
    rho, rng = density.mixture(state), np.random.default_rng(5)
    paulis = (density.X, density.Y, density.Z)
    tensor = np.array([[np.trace(rho @ np.kron(p, q)).real for q in paulis] for p in paulis])
    # Settings b, b' at angle t between orthogonal c, c' give 2 (|T c| cos t + |T c'| sin t) at best (Horodecki 1995).
    frames = np.linalg.qr(rng.normal(size=(400, 3, 3)))[0]
    lengths = np.linalg.norm(frames @ tensor.T, axis=-1)[:, :2]
    assert np.all(2 * np.linalg.norm(lengths, axis=-1) <= bell.chsh_value(state) + 1e-9)
    axes = np.linalg.norm(tensor, axis=0)
    close(max(2 * math.hypot(axes[i], axes[j]) for i, j in ((0, 1), (0, 2), (1, 2))), bell.chsh_value(state))


def test_states_broadcast_over_leading_axes() -> None:
    rng = np.random.default_rng(1)
    many = rng.dirichlet(np.ones(4), size=(3, 5))
    one = rng.dirichlet(np.ones(4))
    each = [[bell.swap(many[i, j], one) for j in range(5)] for i in range(3)]
    close(bell.swap(many, one), each)
    times = rng.random((3, 5))
    each = [[bell.decohere(many[i, j], times[i, j], 2.0, 1.0) for j in range(5)] for i in range(3)]
    close(bell.decohere(many, times, 2.0, 1.0), each)


def test_sampled_paulis_follow_the_weights_of_their_own_row() -> None:
    rows = np.array([[0.7, 0.1, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]])
    z, x = bell.sample_paulis(np.broadcast_to(rows, (40_000, 2, 4)), np.random.default_rng(11))
    assert z.dtype == x.dtype == np.uint8
    assert z.shape == x.shape == (40_000, 2)
    for column, expected in enumerate(rows):
        counts = np.bincount(2 * z[:, column] + x[:, column], minlength=4)
        assert chi_square_p(counts, expected) > 1e-4


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


@pytest.mark.parametrize(
    ("given_", "kept", "success"),
    [(0.6, 0.620438, 0.608889), (0.8, 0.838150, 0.768889), (0.95, 0.964965, 0.935556)],
)
def test_published_bbpssw(given_: float, kept: float, success: float) -> None:
    state, probability_ = bell.bbpssw(bell.werner(given_), bell.werner(given_))
    close(bell.fidelity(state), kept, 1e-6)
    close(probability_, success, 1e-6)


def test_published_dejmps() -> None:
    state = bell.werner(0.8)
    for expected in (0.838150, 0.943639, 0.987974):
        state, _ = bell.dejmps(state, state)
        close(bell.fidelity(state), expected, 1e-6)
    biased = np.array([0.8, 0.0, 0.0, 0.2])
    close(bell.fidelity(bell.dejmps(biased, biased)[0]), 0.68, 1e-6)


def test_published_memories() -> None:
    inf = math.inf
    close(bell.fidelity(bell.decohere(PHI_PLUS, 0.1, inf, 1.0)), 0.952419, 1e-6)
    both = bell.decohere(bell.decohere(PHI_PLUS, 0.1, inf, 1.0), 0.1, inf, 1.0)
    close(bell.fidelity(both), 0.909365, 1e-6)
    close(bell.fidelity(bell.depolarise(PHI_PLUS, 0.1, 1.0)), 0.928629, 1e-6)
    close(bell.fidelity(bell.decohere(PHI_PLUS, 0.1, 1.0, 0.5)), 0.885575, 1e-6)


@pytest.mark.parametrize(
    ("error_rate", "expected"), [(0.01, 0.838414), (0.03, 0.611216), (0.05, 0.427206), (0.10, 0.062009)]
)
def test_published_key_fractions(error_rate: float, expected: float) -> None:
    # Independent bit and phase flips of the same rate: the rates of BB84.
    q = error_rate
    state = np.array([(1 - q) ** 2, q * (1 - q), q * (1 - q), q * q])
    close(bell.key_fraction(state), expected, 1e-6)
    assert bell.key_fraction(bell.werner(0.8)) == 0.0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bell.werner(1.1),
        lambda: bell.werner(math.nan),
        lambda: bell.decohere(PHI_PLUS, 1.0, 1.0, 2.1),
        lambda: bell.decohere(PHI_PLUS, 1.0, 1.0, 0.0),
        lambda: bell.decohere(PHI_PLUS, -0.1, 1.0, 1.0),
        lambda: bell.decohere(PHI_PLUS, math.nan, 1.0, 1.0),
        lambda: bell.pauli(PHI_PLUS, 0.6, 0.6, 0.0),
        lambda: bell.pauli(PHI_PLUS, -0.1, 0.0, 0.0),
        lambda: bell.as_state([0.5, 0.5, 0.5, -0.5]),
        lambda: bell.as_state([0.5, 0.5, 0.5]),
        lambda: bell.as_state([math.nan, 0.5, 0.5, 0.0]),
        lambda: bell.as_state([0.3, 0.3, 0.3, 0.3]),
    ],
)
def test_impossible_numbers_are_refused(wrong: object) -> None:
    with pytest.raises(bell.BellStateError):
        wrong()  # type: ignore[operator]


def test_the_twirl_keeps_the_overlaps_with_the_four_bell_states() -> None:
    state = np.array([0.4, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(bell.twirl(bell.density_matrix(state)), state, atol=1e-15)
    both_one = np.diag([0.0, 0.0, 0.0, 1.0])  # |11><11| is half Phi+ and half Phi-
    np.testing.assert_allclose(bell.twirl(np.stack([both_one, np.eye(4) / 4])), [[0.5, 0, 0.5, 0], [0.25] * 4])
    with pytest.raises(bell.BellStateError, match="trace 1"):
        bell.twirl(np.eye(4))
