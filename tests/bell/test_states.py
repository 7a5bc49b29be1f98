"""Bell-diagonal states against density matrices."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given

from qstack import bell
from qstack.stats import chi_square_p
from tests.bell.cases import close, weights
from tests.swapping import density


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


def test_the_twirl_keeps_the_overlaps_with_the_four_bell_states() -> None:
    state = np.array([0.4, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(bell.twirl(bell.density_matrix(state)), state, atol=1e-15)
    both_one = np.diag([0.0, 0.0, 0.0, 1.0])  # |11><11| is half Phi+ and half Phi-
    np.testing.assert_allclose(bell.twirl(np.stack([both_one, np.eye(4) / 4])), [[0.5, 0, 0.5, 0], [0.25] * 4])
    with pytest.raises(bell.BellStateError, match="trace 1"):
        bell.twirl(np.eye(4))


def test_sampled_paulis_follow_the_weights_of_their_own_row() -> None:
    rows = np.array([[0.7, 0.1, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]])
    z, x = bell.sample_paulis(np.broadcast_to(rows, (40_000, 2, 4)), np.random.default_rng(11))
    assert z.dtype == x.dtype == np.uint8
    assert z.shape == x.shape == (40_000, 2)
    for column, expected in enumerate(rows):
        counts = np.bincount(2 * z[:, column] + x[:, column], minlength=4)
        assert chi_square_p(counts, expected) > 1e-4


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bell.werner(1.1),
        lambda: bell.werner(math.nan),
        lambda: bell.as_state([0.5, 0.5, 0.5, -0.5]),
        lambda: bell.as_state([0.5, 0.5, 0.5]),
        lambda: bell.as_state([math.nan, 0.5, 0.5, 0.0]),
        lambda: bell.as_state([0.3, 0.3, 0.3, 0.3]),
    ],
)
def test_impossible_states_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(bell.BellStateError):
        wrong()
