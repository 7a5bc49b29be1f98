"""Stations where photons interfere: exact against every path of both photons, closed formulas and published figures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qstack import bell
from qstack.errors import InputError
from qstack.link import Arm, Detector, Fibre, LinkModel
from qstack.link.bounds import plob_bound, repeater_bound
from qstack.link.conversion import Conversion
from qstack.link.generation.double_click import DoubleClick
from qstack.link.generation.sender_receiver import SenderReceiver
from qstack.link.generation.single_click import SingleClick
from qstack.stats import chi_square_p, mean, within_sigma
from tests.link import photons

HERE = Fibre(0.0)
SURE = Arm(HERE)
KM_S = 1.468 / 299_792.458

probabilities = st.floats(0, 1)
setups = st.builds(
    photons.Setup,
    arrival=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)),
    seen=st.floats(0.1, 1),
    false=st.floats(0, 0.9),
    visibility=probabilities,
    resolving=st.booleans(),
)


def hardware(setup: photons.Setup) -> dict[str, Any]:
    """The same in qstack's words; a blind detector is dead for longer than the bins of these tests are apart."""
    detector = Detector.per_window(setup.seen, setup.false, number_resolving=setup.resolving)
    return {
        "arms": (Arm(HERE, setup.arrival[0]), Arm(HERE, setup.arrival[1])),
        "detector": replace(detector, dead_time_s=2.0 if setup.blind else 0.0),
        "visibility": setup.visibility,
    }


def assert_exact(link: LinkModel, judged: tuple[float, np.ndarray]) -> None:
    probability, density = judged
    assert link.success_probability == pytest.approx(probability, rel=1e-9)
    np.testing.assert_allclose(link.density, density, rtol=0, atol=1e-9)


@given(
    setups,
    st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    st.tuples(probabilities, probabilities),
    st.one_of(st.just(0.0), st.floats(0.01, 2)),
)
def test_single_click_against_every_path_of_both_photons(
    setup: photons.Setup, bright: tuple[float, float], twice: tuple[float, float], phase_std_rad: float
) -> None:
    assume(max(*bright, setup.false) > 1e-3)
    link = SingleClick(**hardware(setup), bright=bright, phase_std_rad=phase_std_rad, double_excitation=twice)
    assert_exact(link, photons.single_click(setup, bright, twice, phase_std_rad))


@given(setups, st.booleans())
def test_double_click_against_every_path_of_both_photons(setup: photons.Setup, blind: bool) -> None:
    setup = replace(setup, blind=blind)
    judged = photons.double_click(setup)
    for strategy in (DoubleClick, SenderReceiver):
        link = strategy(**hardware(setup), bin_separation_s=1.0)
        assert_exact(link, judged)
        assert link.bell_indices == ((3,) if blind else (1, 3))


@pytest.mark.parametrize(
    ("alpha", "probability", "fidelity"),
    [(0.05, 3.99996e-5, 0.9500095), (0.1, 7.99984e-5, 0.9000180), (0.2, 1.599936e-4, 0.8000320)],
)
def test_single_click_without_dark_counts(alpha: float, probability: float, fidelity: float) -> None:
    link = SingleClick((Arm(HERE, 4e-4), Arm(HERE, 4e-4)), bright=(alpha, alpha))
    assert link.success_probability == pytest.approx(probability, rel=1e-6)
    assert link.state[0] == pytest.approx(fidelity, abs=1e-6)
    assert link.twirled
    # Both bright, |11>, is |10> after X on the second qubit.
    assert link.density[2, 2].real == pytest.approx(1 - fidelity, abs=1e-6)
    assert link.density[1, 1] == 0


def humphreys(eta: float, alpha: float, dark: float, visibility: float) -> tuple[float, float]:
    """Success probability and fidelity by Humphreys et al. 2018, supplement, eqs 8 and 10."""
    any_dark, no_dark = 1 - (1 - dark) ** 2, (1 - dark) ** 2
    both = alpha**2 * (no_dark * (2 * eta * (1 - eta) + eta**2) + any_dark * (1 - eta) ** 2)
    one = alpha * (1 - alpha) * (no_dark * eta + any_dark * (1 - eta))
    probability = both + 2 * one + (1 - alpha) ** 2 * any_dark
    return probability, (one + math.sqrt(visibility) * one) / probability


@given(st.floats(1e-4, 1), st.floats(0.01, 0.9), st.floats(0, 1e-11))
def test_the_published_single_click_formula_holds_for_rare_dark_counts(eta: float, alpha: float, dark: float) -> None:
    arm = Arm(HERE, eta)
    link = SingleClick((arm, arm), Detector.per_window(dark_count=dark), bright=(alpha, alpha))
    probability, fidelity = humphreys(eta, alpha, dark, 1.0)
    assert link.success_probability == pytest.approx(probability, rel=1e-6)
    assert link.state[0] == pytest.approx(fidelity, abs=1e-6)


def test_false_heralds_of_single_click_keep_no_phase_though_the_published_formula_says_so() -> None:
    eta, alpha, dark = 4e-4, 0.1, 5e-7
    arm = Arm(HERE, eta)
    link = SingleClick((arm, arm), Detector.per_window(dark_count=dark), bright=(alpha, alpha))
    probability, fidelity = humphreys(eta, alpha, dark, 1.0)
    assert link.success_probability == pytest.approx(probability, rel=1e-6)
    assert fidelity - link.state[0] == pytest.approx((1 - alpha) * dark / eta, rel=0.02)


@given(st.floats(0.01, 1), st.floats(0.01, 1), probabilities)
def test_two_bright_nodes_bunch(a: float, b: float, visibility: float) -> None:
    """Hong, Ou and Mandel 1987: two photons leave by one port with probability (1 + V) / 2."""
    arms = (Arm(HERE, a), Arm(HERE, b))
    one = a * (1 - b) + b * (1 - a)
    threshold = SingleClick(arms, visibility=visibility, bright=(1.0, 1.0))
    assert threshold.success_probability == pytest.approx(one + a * b * (1 + visibility) / 2, rel=1e-9)
    assume(one > 1e-12)
    resolving = SingleClick(arms, Detector(number_resolving=True), visibility, bright=(1.0, 1.0))
    assert resolving.success_probability == pytest.approx(one, rel=1e-9)


@given(st.floats(0.01, 0.99))
def test_counting_photons_without_loss_makes_single_click_perfect(alpha: float) -> None:
    link = SingleClick((SURE, SURE), Detector(number_resolving=True), bright=(alpha, alpha))
    assert link.success_probability == pytest.approx(2 * alpha * (1 - alpha))
    assert link.state[0] == pytest.approx(1.0)
    assert not link.twirled


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.1, 1), probabilities)
def test_double_click_without_dark_counts(a_km: float, b_km: float, emission: float, visibility: float) -> None:
    arms = (Arm(Fibre(a_km), emission), Arm(Fibre(b_km), 0.5))
    etas = [10 ** (-a_km / 50) * emission * 0.8, 10 ** (-b_km / 50) * 0.5 * 0.8]
    for strategy in (DoubleClick, SenderReceiver):
        link = strategy(arms, Detector(0.8), visibility)
        assert link.success_probability == pytest.approx(etas[0] * etas[1] / 2, rel=1e-9)
        assert link.state[0] == pytest.approx((1 + visibility) / 2)
        blind = strategy(arms, Detector(0.8, dead_time_s=2e-6), visibility, bin_separation_s=1e-6)
        assert blind.success_probability == pytest.approx(etas[0] * etas[1] / 4, rel=1e-9)
        assert blind.state[0] == pytest.approx((1 + visibility) / 2)


def test_bins_told_apart_by_polarisation_have_detectors_of_their_own() -> None:
    dead = Detector(dead_time_s=1.0)
    assert DoubleClick((SURE, SURE), dead).success_probability == pytest.approx(0.5)


def test_dark_counts_alone_leave_no_entanglement() -> None:
    far = Arm(Fibre(2000.0))
    link = DoubleClick((far, far), Detector.per_window(dark_count=1e-3))
    np.testing.assert_allclose(link.state, 0.25, atol=1e-6)


def test_stray_photons_of_both_arms_count_in_both_detectors() -> None:
    """What the first arm's converter and the second's source send along, by hand."""
    fibre = Fibre(50.0)  # one photon in ten comes through
    arms = (Arm(fibre, 0.3, Conversion(0.5, noise_hz=4e6)), Arm(fibre, 0.4, noise_photons=0.05))
    link = SingleClick(arms, Detector(0.8, dark_rate_hz=1e4, window_s=1e-7), bright=(0.2, 0.2))
    false = 1 - math.exp(-(1e4 * 1e-7 + 0.8 * (0.1 * 4e6 * 1e-7 + 0.1 * 0.05) / 2))
    judged = photons.single_click(photons.Setup((0.3 * 0.5 * 0.1, 0.4 * 0.1), 0.8, false), (0.2, 0.2))
    assert_exact(link, judged)


def test_the_sender_waits_a_round_trip_and_the_receiver_one_flight() -> None:
    link = SenderReceiver((Arm(Fibre(100.0)), Arm(HERE)), preparation_time_s=20e-6)
    assert link.stored_s == pytest.approx((200 * KM_S, 100 * KM_S))
    assert link.attempt_time_s == pytest.approx(20e-6 + 200 * KM_S)
    # A receiver whose photon takes its own time to the station is ready that much earlier.
    slow = SenderReceiver((Arm(Fibre(5.0)), Arm(Fibre(8.0))), preparation_time_s=20e-6)
    assert slow.stored_s == pytest.approx((10 * KM_S, 13 * KM_S))
    assert slow.attempt_time_s == pytest.approx(20e-6 + 13 * KM_S)


def test_a_station_off_the_middle_answers_the_farther_node_last() -> None:
    link = SingleClick((Arm(Fibre(10.0)), Arm(Fibre(30.0))), preparation_time_s=50e-6, bright=(0.1, 0.1))
    assert link.stored_s == pytest.approx((40 * KM_S, 60 * KM_S))
    assert link.attempt_time_s == pytest.approx(50e-6 + 60 * KM_S)


NEAR = (Arm(Fibre(5.0), 0.6), Arm(Fibre(2.0), 0.5))


@pytest.mark.parametrize(
    "link",
    [SingleClick(NEAR, bright=(0.3, 0.2)), SingleClick(NEAR, bright=(0.1, 0.1), modes=20), SenderReceiver(NEAR)],
)
def test_sampled_heralds_are_whole_attempts_with_geometric_counts(link: LinkModel) -> None:
    times, states = link.sample(50_000, np.random.default_rng(7))
    attempts = times / link.attempt_time_s
    np.testing.assert_allclose(attempts, np.round(attempts), rtol=1e-12)
    p = link.success_probability
    assert within_sigma(mean(attempts), 1 / p)
    counts = np.bincount(np.minimum(np.round(attempts).astype(int), 31), minlength=32)[1:]
    expected = np.array([p * (1 - p) ** k for k in range(30)])
    assert chi_square_p(counts, np.append(expected, 1 - expected.sum())) > 1e-4
    assert states.shape == (50_000, 4)
    assert np.all(states == link.state)


def test_diamond_nodes_two_metres_apart() -> None:
    """Humphreys et al. 2018: 39 pairs/s, which decay at 5/s, give a pair of F > 0.5 every 100 ms.

    Their nodes' photons were detected with probabilities 2.8e-4 and 4.2e-4, in windows of 25 ns with 20 dark counts/s;
    V = 0.9, phase error 14.3 degrees, double excitation 4 %, 5.5 us per attempt, alpha = 0.3 at the highest rate.
    """
    link = SingleClick(
        (Arm(Fibre(1e-3), 2.8e-4), Arm(Fibre(1e-3), 4.2e-4)),
        Detector(dark_rate_hz=20.0, window_s=25e-9),
        0.9,
        5.5e-6,
        bright=(0.3, 0.3),
        phase_std_rad=math.radians(14.3),
        double_excitation=(0.04, 0.04),
    )
    assert link.success_probability / link.attempt_time_s == pytest.approx(39, rel=0.1)
    times, states = link.sample(20_000, np.random.default_rng(5))
    left_s = np.maximum(0.1 - times, 0.0)
    delivered = bell.fidelity(bell.depolarise(states, left_s, 0.2))
    delivered[times > 0.1] = 0.25
    assert mean(delivered).value > 0.5


kilometres = st.floats(0, 150)
detectors = st.builds(Detector.per_window, st.floats(0.1, 1), st.floats(0, 0.1), number_resolving=st.booleans())


@given(kilometres, kilometres, st.floats(0.1, 1), detectors, probabilities, st.floats(0.001, 1))
def test_no_link_beats_the_repeaterless_bounds(
    a_km: float, b_km: float, emission: float, detector: Detector, visibility: float, alpha: float
) -> None:
    """A station in the middle is one intermediate station (n = 1); sender and receiver have none."""
    arms = (Arm(Fibre(a_km), emission), Arm(Fibre(b_km), emission))
    channel = arms[0].channel.transmissivity * arms[1].channel.transmissivity
    whole = (Arm(Fibre(a_km + b_km), emission), Arm(HERE, emission))
    for link, bound in (
        (SingleClick(arms, detector, visibility, bright=(alpha, alpha)), repeater_bound(channel, 1)),
        (DoubleClick(arms, detector, visibility), repeater_bound(channel, 1)),
        (SenderReceiver(whole, detector, visibility), plob_bound(channel)),
    ):
        assert bell.key_fraction(link.state) * link.success_probability <= bound


IMPOSSIBLE: list[dict[str, Any]] = [
    {"visibility": 1.1},
    {"visibility": math.nan},
    {"preparation_time_s": -1.0},
    {"preparation_time_s": math.inf},
    {"modes": 0},
    {"arms": (Arm(Fibre(1e5)), Arm(Fibre(1e5)))},
    {"detector": Detector(dark_rate_hz=1e12, window_s=1.0)},
    {"detector": Detector(dark_rate_hz=1e12, window_s=1.0, number_resolving=True)},
]


@pytest.mark.parametrize("strategy", [DoubleClick, SenderReceiver])
@pytest.mark.parametrize("wrong", [*IMPOSSIBLE, {"bin_separation_s": -1.0}])
def test_impossible_double_clicks_are_refused(strategy: type[DoubleClick], wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        strategy(**{"arms": (SURE, SURE), **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        *IMPOSSIBLE,
        {"bright": (-0.1, 0.1)},
        {"bright": (0.1, 1.1)},
        {"bright": (0.0, 0.0)},
        {"phase_std_rad": -0.1},
        {"phase_std_rad": math.inf},
        {"double_excitation": (0.0, 1.5)},
    ],
)
def test_impossible_single_clicks_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        SingleClick(**{"arms": (SURE, SURE), "bright": (0.1, 0.1), **wrong})
