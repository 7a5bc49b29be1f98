"""Purification against circuits on density matrices, closed formulas and published numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from tests.bell.cases import PHI_PLUS, close, ends, need_distributions, noises, relabelled, states, weights
from tests.swapping import density

Noise = tuple[float, float, float]
Purified = tuple[np.ndarray, np.ndarray]
SCHEMES: list[tuple[int, Callable[..., Purified]]] = [
    (2, bell.bbpssw),
    (2, bell.dejmps),
    (3, bell.double_selection),
    (2, lambda first, fresh, ends: bell.pump(first, fresh, 2, ends)),
]


@pytest.mark.parametrize(
    ("given_", "kept", "success"),
    [(0.6, 0.620438, 0.608889), (0.8, 0.838150, 0.768889), (0.95, 0.964965, 0.935556)],
)
def test_published_bbpssw(given_: float, kept: float, success: float) -> None:
    state, probability = bell.bbpssw(bell.werner(given_), bell.werner(given_))
    close(bell.fidelity(state), kept, 1e-6)
    close(probability, success, 1e-6)


def test_published_dejmps() -> None:
    state = bell.werner(0.8)
    for expected in (0.838150, 0.943639, 0.987974):
        state, _ = bell.dejmps(state, state)
        close(bell.fidelity(state), expected, 1e-6)
    biased = np.array([0.8, 0.0, 0.0, 0.2])
    close(bell.fidelity(bell.dejmps(biased, biased)[0]), 0.68, 1e-6)


@given(weights, weights, noises, noises)
def test_dejmps(first: np.ndarray, second: np.ndarray, left: Noise, right: Noise) -> None:
    state, success = bell.dejmps(first, second, ends(left, right))
    pairs = [density.turned(density.mixture(each), (left, right)) for each in (first, second)]
    rho, expected = density.selected(pairs, (left, right))
    close(success, expected)
    close(bell.density_matrix(state), rho)


@given(weights, weights, noises, noises)
def test_bbpssw(first: np.ndarray, second: np.ndarray, left: Noise, right: Noise) -> None:
    state, success = bell.bbpssw(first, second, ends(left, right))
    pairs = [density.made_werner(density.mixture(each), (left, right)) for each in (first, second)]
    rho, expected = density.selected(pairs, (left, right))
    close(success, expected)
    close(bell.density_matrix(state), density.made_werner(rho, ((0.0, 0.0, 0.0),) * 2))


@given(weights, weights, weights, noises, noises)
def test_double_selection(first: np.ndarray, second: np.ndarray, third: np.ndarray, left: Noise, right: Noise) -> None:
    state, success = bell.double_selection(first, second, third, ends(left, right))
    pairs = [density.turned(density.mixture(each), (left, right)) for each in (first, second, third)]
    rho, expected = density.selected(pairs, (left, right))
    close(success, expected)
    close(bell.density_matrix(state), rho)


@given(weights, weights, noises, noises, st.integers(0, 3))
def test_pumping(first: np.ndarray, fresh: np.ndarray, left: Noise, right: Noise, rounds: int) -> None:
    state, success = bell.pump(first, fresh, rounds, ends(left, right))
    rho, expected = density.mixture(first), 1.0
    for _ in range(rounds):
        pairs = [density.turned(each, (left, right)) for each in (rho, density.mixture(fresh))]
        rho, once = density.selected(pairs, (left, right))
        expected *= once
    close(success, expected)
    close(bell.density_matrix(state), rho)


@given(weights)
def test_dejmps_of_equal_pairs_follows_its_formula(state: np.ndarray) -> None:
    a, c, d, b = state
    success = (a + b) ** 2 + (c + d) ** 2
    kept, probability = bell.dejmps(state, state)
    close(probability, success)
    close(kept * success, [a**2 + b**2, c**2 + d**2, 2 * a * b, 2 * c * d])


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_pumping_against_bit_flips_weighs_the_evidence(rounds: int) -> None:
    right, wrong = 0.8 ** (rounds + 1), 0.2 ** (rounds + 1)
    flipped = np.array([0.8, 0.2, 0.0, 0.0])
    state, success = bell.pump(flipped, flipped, rounds)
    close(success, right + wrong)
    close(state, np.array([right, wrong, 0.0, 0.0]) / (right + wrong))


@pytest.mark.parametrize(
    ("purify", "share"),
    [
        (lambda state: bell.bbpssw(state, state), 2 / 3),
        (lambda state: bell.dejmps(state, state), 2 / 3),
        (lambda state: bell.double_selection(state, state, state), 1 / 3),
    ],
)
def test_how_many_of_rare_errors_are_missed(purify: Callable[[np.ndarray], Purified], share: float) -> None:
    """One parity misses a phase flip of either pair; double selection only that of the first pair."""
    rare = 1e-6
    state, success = purify(bell.werner(1 - rare))
    close((1 - bell.fidelity(state)) / rare, share, 1e-4)
    assert 1 - 10 * rare < success < 1


def test_checked_by_perfect_pairs_only_one_error_is_left() -> None:
    given_ = np.array([0.7, 0.06, 0.04, 0.2])
    state, success = bell.double_selection(given_, PHI_PLUS, PHI_PLUS)
    close(success, 0.9)
    close(state, np.array([0.7, 0.0, 0.2, 0.0]) / 0.9)


def test_gates_that_fail_always_leave_nothing_to_choose() -> None:
    broken = ends((0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
    for pairs, purify in SCHEMES[:3]:
        state, success = purify(*[PHI_PLUS] * pairs, broken)
        close(state, np.full(4, 0.25))
        close(success, 0.5 ** (pairs - 1))


@given(st.lists(states, min_size=3, max_size=3), noises, noises)
def test_results_are_distributions_and_ends_are_alike(given_: list[np.ndarray], left: Noise, right: Noise) -> None:
    for pairs, purify in SCHEMES:
        state, success = purify(*given_[:pairs], ends(left, right))
        need_distributions(state)
        assert 0 <= success <= 1 + 1e-12
        mirrored, again = purify(*given_[:pairs], ends(right, left))
        close(success, again)
        if success > 1e-9:
            close(state, mirrored, 1e-7)


@given(weights, weights)
def test_without_noise_it_does_not_matter_which_pair_is_measured(first: np.ndarray, second: np.ndarray) -> None:
    for purify in (bell.bbpssw, bell.dejmps):
        for left, right in zip(purify(first, second), purify(second, first), strict=True):
            close(left, right)


def test_perfect_pairs_stay_perfect() -> None:
    for pairs, purify in SCHEMES:
        state, success = purify(*[PHI_PLUS] * pairs, ends=ends((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        close(state, PHI_PLUS)
        close(success, 1.0)


@given(weights, weights, weights, noises)
def test_paulis_before_a_round_become_paulis_after_it(
    first: np.ndarray, second: np.ndarray, third: np.ndarray, noise: Noise
) -> None:
    """Index (z, x) counts as (z, x + z) after the rotations; those that all checks pass leave the success alone."""
    both = ends(noise, noise)
    after = [(index >> 1, (index >> 1) ^ (index & 1)) for index in range(4)]
    two, three = bell.dejmps(first, second, both), bell.double_selection(first, second, third, both)
    for i, j, k in itertools.product(range(4), repeat=3):
        moved = [relabelled(state, index) for state, index in zip((first, second, third), (i, j, k), strict=True)]
        left = 2 * (after[i][0] ^ after[j][0]) + after[i][1]
        if k == 0 and after[i][1] == after[j][1]:
            state, success = bell.dejmps(*moved[:2], both)
            close(success, two[1])
            close(state, relabelled(two[0], left))
        if after[i][1] ^ after[j][1] ^ after[k][1] == 0 and after[j][0] == after[k][0]:
            state, success = bell.double_selection(*moved, both)
            close(success, three[1])
            close(state, relabelled(three[0], left))


def test_what_never_succeeds_keeps_nothing() -> None:
    state, success = bell.dejmps(PHI_PLUS, np.array([[0.0, 1.0, 0.0, 0.0], PHI_PLUS]))
    close(success, [0.0, 1.0])
    close(state, [np.full(4, 0.25), PHI_PLUS])


def test_states_broadcast_over_leading_axes() -> None:
    rng = np.random.default_rng(2)
    many, few, one = (rng.dirichlet(np.ones(4), size=shape) for shape in ((3, 5), (5,), ()))
    both = ends((0.1, 0.2, 0.05), (0.2, 0.1, 0.02))
    for pairs, purify in SCHEMES:
        state, success = purify(*(many, few, one)[:pairs], both)
        assert state.shape == (3, 5, 4)
        assert success.shape == (3, 5)
        single, once = purify(*(many[1, 2], few[2], one)[:pairs], both)
        close(state[1, 2], single)
        close(success[1, 2], once)


def test_pumping_needs_a_number_of_rounds() -> None:
    with pytest.raises(bell.BellStateError, match="0 or more"):
        bell.pump(PHI_PLUS, PHI_PLUS, -1)
