"""Prepare and measure: gains, error rates, and pulses sampled by their exact law."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.errors import InputError
from qstack.link import Arm, Conversion, Detector, Fibre
from qstack.link.pulses import PrepareAndMeasure, Pulses
from qstack.stats import chi_square_p, proportion, within_sigma
from tests.link.sources import photon_law, poisson_law

HERE = Fibre(0.0)


def link(eta: float = 1.0, dark: float = 0.0, **rest: Any) -> PrepareAndMeasure:
    return PrepareAndMeasure(Arm(HERE, eta), 1e6, detector=Detector.per_window(1.0, dark), **rest)


@given(st.floats(0, 2), st.floats(0.01, 1), st.floats(0, 0.1), st.floats(0, 1))
def test_gain_and_errors_against_every_photon_and_click(mu: float, eta: float, dark: float, wrong: float) -> None:
    model = link(eta, dark, misalignment=wrong)
    right, error = poisson_law(mu, eta, dark, wrong)
    gain = float(model.expected_gain(mu))
    assert gain == pytest.approx(right + error, abs=1e-12)
    assert gain * float(model.expected_error(mu)) == pytest.approx(error, abs=1e-12)


@given(st.integers(0, 12), st.floats(0.01, 1), st.floats(0, 0.1), st.floats(0, 1))
def test_yields_against_every_photon_and_click(photons: int, eta: float, dark: float, wrong: float) -> None:
    model = link(eta, dark, misalignment=wrong)
    right, error = photon_law(photons, eta, dark, wrong)
    total = float(model.expected_yield(photons))
    assert total == pytest.approx(right + error, abs=1e-12)
    assert total * float(model.expected_yield_error(photons)) == pytest.approx(error, abs=1e-12)


@given(st.floats(0, 1), st.floats(0.001, 1), st.floats(0, 0.05), st.floats(0, 0.1))
def test_what_lo_ma_and_chen_leave_out(mu: float, eta: float, dark: float, wrong: float) -> None:
    """Their Q and E Q (2005) take pulses that click for two reasons for two: no more than second order is lost."""
    model = link(eta, dark, misalignment=wrong)
    y0, light = 1 - (1 - dark) ** 2, 1 - math.exp(-eta * mu)
    assert model.background == pytest.approx(y0)
    gain, error = float(model.expected_gain(mu)), float(model.expected_error(mu))
    assert y0 + light - gain == pytest.approx(y0 * light, abs=1e-12)
    assert gain * error == pytest.approx(y0 / 2 + wrong * light, abs=y0 * light + (eta * mu) ** 2 * wrong + 1e-12)


def test_a_published_decoy_link() -> None:
    """Gobby, Yuan and Shields' receiver, as in Ma et al. 2005: eta_Bob .045, Y0 1.7e-6, e_d .033, .21 dB/km; mu .48."""
    arm = Arm(Fibre(100.0, 0.21))
    detector = Detector.per_window(0.045, 0.85e-6)
    model = PrepareAndMeasure(arm, 2e6, (0.48,), (1.0,), detector, misalignment=0.033)
    eta = 0.045 * 10**-2.1
    assert float(model.expected_gain(0.48)) == pytest.approx(1.7e-6 + eta * 0.48, rel=1e-3)
    assert float(model.expected_error(0.48)) == pytest.approx(
        (0.85e-6 + 0.033 * eta * 0.48) / (1.7e-6 + eta * 0.48), rel=1e-3
    )
    assert float(model.expected_gain(0.0)) == pytest.approx(1.7e-6, rel=1e-5)
    assert float(model.expected_error(0.0)) == pytest.approx(0.5)


def table(pulses: Pulses, intensities: int) -> np.ndarray:
    """Counts by intensity, sender's basis, bit, receiver's basis and outcome, shape (intensities, 2, 2, 2, 3)."""
    counts = np.zeros((intensities, 2, 2, 2, 3), dtype=np.int64)
    where = (pulses.intensity, pulses.sender_basis, pulses.bit, pulses.receiver_basis, pulses.outcome.astype(int) + 1)
    np.add.at(counts, where, 1)
    return counts


def law(model: PrepareAndMeasure, eta: float, dark: float) -> np.ndarray:
    """The same as probabilities, from every photon and click."""
    expected = np.zeros((len(model.intensities), 2, 2, 2, 3))
    chosen = (model.basis_probability, 1 - model.basis_probability)
    for k, (mu, share) in enumerate(zip(model.intensities, model.intensity_probabilities, strict=True)):
        for sent, bit, received in np.ndindex(2, 2, 2):
            wrong = model.misalignment if sent == received else 0.5
            if model.single_photons:
                empty, one = (np.array(photon_law(n, eta, dark, wrong)) for n in (0, 1))
                same, other = (1 - mu) * empty + mu * one
            else:
                same, other = poisson_law(mu, eta, dark, wrong)
            p = share * chosen[sent] * 0.5 * chosen[received]
            expected[k, sent, bit, received] = p * np.array([1 - same - other, *((same, other), (other, same))[bit]])
    return expected


@pytest.mark.parametrize("photons", [False, True])
@pytest.mark.parametrize("single", [False, True])
def test_sampled_pulses_have_the_exact_law(photons: bool, single: bool) -> None:
    model = link(
        0.3,
        0.02,
        intensities=(0.8, 0.2, 0.0),
        intensity_probabilities=(0.6, 0.3, 0.1),
        basis_probability=0.8,
        misalignment=0.05,
        single_photons=single,
    )
    pulses = model.sample(400_000, np.random.default_rng(11), photons=photons)
    assert chi_square_p(table(pulses, 3).ravel(), law(model, 0.3, 0.02).ravel()) > 1e-4
    assert (pulses.photons is not None) == photons


def test_photon_numbers_belong_to_their_pulses() -> None:
    """An adversary who counts photons sees the yield and the error rate of each number, and Poissonian numbers."""
    model = link(0.2, 0.01, intensities=(0.5, 1.5), intensity_probabilities=(0.5, 0.5), misalignment=0.1)
    pulses = model.sample(400_000, np.random.default_rng(5), photons=True)
    assert pulses.photons is not None
    for k, mu in enumerate(model.intensities):
        counts = np.bincount(np.minimum(pulses.photons[pulses.intensity == k], 12), minlength=13)
        expected = np.array([math.exp(-mu) * mu**n / math.factorial(n) for n in range(12)])
        assert chi_square_p(counts, np.append(expected, 1 - expected.sum())) > 1e-4
    same = pulses.sender_basis == pulses.receiver_basis
    for n in range(5):
        right, wrong = photon_law(n, 0.2, 0.01, 0.1)
        here = same & (pulses.photons == n)
        clicked = here & (pulses.outcome >= 0)
        errors = clicked & (pulses.outcome != pulses.bit)
        assert within_sigma(proportion(np.count_nonzero(clicked), np.count_nonzero(here)), right + wrong)
        assert within_sigma(proportion(np.count_nonzero(errors), np.count_nonzero(clicked)), wrong / (right + wrong))


def test_a_single_photon_in_every_pulse_clicks_once() -> None:
    model = link(intensities=(1.0,), intensity_probabilities=(1.0,), single_photons=True)
    pulses = model.sample(10_000, np.random.default_rng(2), photons=True)
    same = pulses.sender_basis == pulses.receiver_basis
    assert pulses.photons is not None
    assert np.all(pulses.photons == 1)
    assert np.all(pulses.outcome >= 0)
    assert np.all(pulses.outcome[same] == pulses.bit[same])
    differ = pulses.outcome[~same] != pulses.bit[~same]
    assert within_sigma(proportion(np.count_nonzero(differ), differ.size), 0.5)


def test_rare_clicks_are_counted_right() -> None:
    """At 180 km a pulse in about 100,000 clicks, some of them by stray photons of the converter."""
    arm = Arm(Fibre(180.0), conversion=Conversion(0.3, 1e5))
    model = PrepareAndMeasure(arm, 1e9, (0.3, 0.05), (0.9, 0.1), Detector(0.5, 10.0), 0.9, 0.02)
    eta, dark_hz = 0.3 * 0.5 * 10**-3.6, 10.0 + 0.5 * 1e5 * 10**-3.6 / 2
    gains = [1 - math.exp(-eta * mu - 2 * dark_hz * 1e-9) for mu in model.intensities]
    np.testing.assert_allclose(model.expected_gain(np.array(model.intensities)), gains, rtol=1e-9)
    shots = 4_000_000
    clicks = np.count_nonzero(model.sample(shots, np.random.default_rng(7)).outcome >= 0)
    assert within_sigma(proportion(clicks, shots), 0.9 * gains[0] + 0.1 * gains[1])


def test_dead_time_costs_clicks_and_no_errors() -> None:
    free = link(0.1, 0.001, intensities=(0.5, 0.0), intensity_probabilities=(0.8, 0.2), misalignment=0.03)
    model = replace(free, detector=replace(free.detector, dead_time_s=20e-6))
    per_detector = 0.8 * (1 - 0.999 * math.exp(-0.025)) + 0.2 * 0.001
    live = 1 / (1 + per_detector * 1e6 * 20e-6)
    assert float(model.expected_gain(0.5) / free.expected_gain(0.5)) == pytest.approx(live, rel=1e-9)
    assert float(model.expected_yield(2) / free.expected_yield(2)) == pytest.approx(live, rel=1e-9)
    assert float(model.expected_error(0.5)) == pytest.approx(float(free.expected_error(0.5)))
    clicked = model.sample(200_000, np.random.default_rng(4)).outcome >= 0
    gain = 0.8 * float(model.expected_gain(0.5)) + 0.2 * float(model.expected_gain(0.0))
    assert within_sigma(proportion(np.count_nonzero(clicked), clicked.size), gain)


def test_silence_without_light_and_dark_counts() -> None:
    model = link(intensities=(0.0,), intensity_probabilities=(1.0,))
    assert float(model.expected_gain(0.0)) == 0
    assert float(model.expected_error(0.0)) == 0.5
    assert np.all(model.sample(1001, np.random.default_rng(1)).outcome == -1)
    assert model.sample(0, np.random.default_rng(1), photons=True).outcome.size == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"intensities": (-0.1,)},
        {"intensities": (math.inf,)},
        {"intensities": (0.5, 0.1)},
        {"intensities": (0.5, 0.1), "intensity_probabilities": (0.5, 0.4)},
        {"intensities": (0.5, 0.1), "intensity_probabilities": (1.5, -0.5)},
        {"intensities": (1.5,), "single_photons": True},
        {"basis_probability": 1.1},
        {"misalignment": -0.1},
    ],
)
def test_impossible_senders_and_receivers_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        link(**wrong)
    with pytest.raises(InputError):
        PrepareAndMeasure(Arm(HERE), 0.0)
