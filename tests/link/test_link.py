"""Fibres and heralded links."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qstack.errors import InputError
from qstack.link import (
    Arm,
    Detector,
    DoubleClick,
    Fibre,
    Heralded,
    LinkModel,
)
from qstack.stats import chi_square_p, mean, within_sigma

HERE = Fibre(0.0)
SURE = Arm(HERE)


def station(
    first: Arm = SURE, second: Arm = SURE, dark: float = 0.0, efficiency: float = 1.0, **rest: Any
) -> DoubleClick:
    return DoubleClick((first, second), Detector.per_window(efficiency, dark), **rest)


def test_modes_multiply_small_probabilities_and_saturate() -> None:
    arm = Arm(Fibre(40.0), 0.5)
    single = station(arm, arm)
    p = single.success_probability
    many = station(arm, arm, modes=100)
    missed = 1.0
    for _ in range(100):
        missed *= 1 - p
    assert many.success_probability == pytest.approx(1 - missed, rel=1e-9)
    np.testing.assert_array_equal(many.state, single.state)
    assert station(modes=1000).success_probability == pytest.approx(1.0)


def test_an_attempt_lasts_until_the_herald_is_back_and_the_memories_wait_for_it() -> None:
    link = station(Arm(Fibre(10.0)), Arm(Fibre(30.0)), preparation_time_s=50e-6)
    km_s = 1.468 / 299_792.458
    assert link.stored_s == pytest.approx((40 * km_s, 60 * km_s))
    assert link.attempt_time_s == pytest.approx(50e-6 + 60 * km_s)
    assert Heralded(0.5, 1e-3).stored_s == (0.0, 0.0)


@pytest.mark.parametrize(
    "model", [Heralded(0.07, 2e-3, 0.9), Heralded(1.0, 1e-6), station(Arm(Fibre(5.0), 0.6), Arm(Fibre(5.0), 0.5))]
)
def test_sampled_heralds_are_whole_attempts_with_geometric_counts(model: LinkModel) -> None:
    times = model.sample(50_000, np.random.default_rng(3)).time_s
    attempts = times / model.attempt_time_s
    np.testing.assert_allclose(attempts, np.round(attempts), rtol=1e-12)
    p = model.success_probability
    assert within_sigma(mean(attempts), 1 / p) if p < 1 else np.all(np.round(attempts) == 1)
    counts = np.bincount(np.minimum(np.round(attempts).astype(int), 41), minlength=42)[1:]
    expected = np.array([p * (1 - p) ** k for k in range(40)])
    assert chi_square_p(counts, np.append(expected, 1 - expected.sum())) > 1e-4


def test_a_rare_herald_costs_no_time_to_sample() -> None:
    times = Heralded(1e-12, 1.0).sample(1000, np.random.default_rng(1)).time_s
    assert within_sigma(mean(times), 1e12)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Heralded(0.0, 1.0),
        lambda: Heralded(1.1, 1.0),
        lambda: Heralded(0.5, 0.0),
        lambda: Heralded(0.5, math.inf),
        lambda: Heralded(0.5, 1.0, -0.1),
        lambda: Arm(HERE, 0.0),
        lambda: station(efficiency=1.2),
        lambda: station(dark=-0.1),
        lambda: station(visibility=math.nan),
        lambda: station(modes=0),
        lambda: station(Arm(Fibre(1e5))),
    ],
)
def test_impossible_links_are_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]


@given(st.floats(0.001, 1), st.floats(0, 0.5), st.floats(0, 1), st.integers(1, 10**6))
def test_any_link_has_a_probability_and_a_normalised_state(eta: float, dark: float, v: float, modes: int) -> None:
    link = station(Arm(HERE, eta), Arm(HERE, eta), dark, visibility=v, modes=modes)
    assume(link.success_probability > 0)
    assert link.success_probability <= 1
    assert link.state.sum() == pytest.approx(1)
    assert np.all(link.state >= 0)


@pytest.mark.parametrize("p", [1e-30, 1e-12, 2e-9])
def test_links_that_hardly_ever_work_keep_their_waiting_law(p: float):
    """Mean 1/p and, for an exponential law, a median of ln 2 / p; neither is cut off by whole numbers."""
    times = Heralded(p, 1.0).sample(40_000, np.random.default_rng(3)).time_s * p
    assert abs(times.mean() - 1) < 4 / np.sqrt(times.size)
    assert abs((times < np.log(2)).mean() - 0.5) < 4 * 0.5 / np.sqrt(times.size)
