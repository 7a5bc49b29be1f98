"""Fibres, heralded links and platforms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from qstack.errors import InputError
from qstack.link import (
    Arm,
    Detector,
    DoubleClick,
    Fibre,
    Heralded,
    LinkModel,
    Platform,
    platform_names,
    platform_profile,
)
from qstack.stats import chi_square_p, mean, within_sigma
from tests.link.photons import heralded

HERE = Fibre(0.0)
SURE = Arm(HERE)


def station(
    first: Arm = SURE, second: Arm = SURE, dark: float = 0.0, efficiency: float = 1.0, **rest: Any
) -> DoubleClick:
    return DoubleClick((first, second), Detector.per_window(efficiency, dark), **rest)


def test_fibre_loss_and_flight() -> None:
    assert Fibre(50.0).transmissivity == pytest.approx(0.1)
    assert Fibre(10.0, 0.3, insertion_loss_db=7.0).transmissivity == pytest.approx(0.1)
    # Light takes about 4.9 us per kilometre of standard fibre.
    assert Fibre(100.0).flight_time_s == pytest.approx(489.7e-6, rel=1e-4)
    assert Fibre(299_792.458, group_index=1.0).flight_time_s == pytest.approx(1.0)


@pytest.mark.parametrize("wrong", [(-1.0,), (1.0, -0.2), (1.0, 0.2, -1.0), (1.0, 0.2, 0.0, 0.9), (math.nan,)])
def test_impossible_fibres_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        Fibre(*wrong)


@given(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0, 0.3), st.floats(0, 1))
def test_double_click_against_every_path_of_both_photons(
    first: float, second: float, dark: float, visibility: float
) -> None:
    link = station(Arm(HERE, first), Arm(HERE, second), dark, visibility=visibility)
    probability, weights = heralded((first, second), dark, visibility)
    assert link.success_probability == pytest.approx(probability, rel=1e-9)
    np.testing.assert_allclose(link.state, weights, atol=1e-9)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.1, 1), st.floats(0, 1))
def test_double_click_without_dark_counts(a_km: float, b_km: float, emission: float, visibility: float) -> None:
    link = station(Arm(Fibre(a_km), emission), Arm(Fibre(b_km), 0.5), efficiency=0.8, visibility=visibility)
    etas = [10 ** (-a_km / 50) * emission * 0.8, 10 ** (-b_km / 50) * 0.5 * 0.8]
    assert link.success_probability == pytest.approx(etas[0] * etas[1] / 2, rel=1e-9)
    assert link.state[0] == pytest.approx((1 + visibility) / 2)


def test_dark_counts_alone_leave_no_entanglement() -> None:
    far = Arm(Fibre(2000.0))
    link = station(far, far, 1e-3)
    np.testing.assert_allclose(link.state, 0.25, atol=1e-6)


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


def infidelity(depolarizing: float, qubits: int) -> float:
    """Average gate infidelity of depolarisation, from its overlap with the maximally entangled state."""
    d = 2**qubits
    entangled = 1 - depolarizing + depolarizing / d**2
    return 1 - (d * entangled + 1) / (d + 1)


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [("ibm_heron_r2", 2.3e-4, 1.8e-3), ("ionq_aria", 5e-4, 4e-3), ("neutral_atom", 1e-3, 5e-3)],
)
def test_profiles_convert_average_infidelity(name: str, one: float, two: float) -> None:
    platform = platform_profile(name)
    assert infidelity(platform.gate1_depolarizing, 1) == pytest.approx(one, rel=2e-3)
    assert infidelity(platform.gate2_depolarizing, 2) == pytest.approx(two, rel=2e-3)


def test_every_profile_is_possible_and_says_where_it_is_from() -> None:
    assert {"perfect", "trapped_ion_node", "nv_centre"} <= set(platform_names())
    for name in platform_names():
        platform = platform_profile(name)
        assert platform.source
        assert platform.description
        assert platform.t2_s <= 2 * platform.t1_s
    assert platform_profile("ibm_heron_r2").photon is None


def test_a_platform_can_be_adjusted_in_part() -> None:
    ion = platform_profile("trapped_ion_node")
    changed = ion.adjusted({"t2_s": 0.2, "photon": {"visibility": 0.95}})
    assert changed.t2_s == 0.2
    assert changed.photon is not None
    assert ion.photon is not None
    assert changed.photon.visibility == 0.95
    assert changed.photon.emission == ion.photon.emission
    assert ion.t2_s == 85e-3
    assert ion.adjusted({"photon": None}).photon is None


@pytest.mark.parametrize(
    "changes",
    [{"t2_s": 3.0, "t1_s": 1.0}, {"readout_error": 1.5}, {"gate1_time_s": -1.0}, {"t2": 1.0}, {"t1_s": math.nan}],
)
def test_impossible_platforms_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        platform_profile("perfect").adjusted(changes)
    with pytest.raises(ValidationError):
        Platform(**changes)  # type: ignore[arg-type]


def test_an_unknown_platform_is_named_with_the_closest_there_is() -> None:
    with pytest.raises(InputError, match="did you mean nv_centre"):
        platform_profile("nv_center")


@pytest.mark.parametrize("p", [1e-30, 1e-12, 2e-9])
def test_links_that_hardly_ever_work_keep_their_waiting_law(p: float):
    """Mean 1/p and, for an exponential law, a median of ln 2 / p; neither is cut off by whole numbers."""
    times = Heralded(p, 1.0).sample(40_000, np.random.default_rng(3)).time_s * p
    assert abs(times.mean() - 1) < 4 / np.sqrt(times.size)
    assert abs((times < np.log(2)).mean() - 0.5) < 4 * 0.5 / np.sqrt(times.size)
