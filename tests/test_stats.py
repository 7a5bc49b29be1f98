"""Estimators: their intervals cover, their tests have the size they claim, and empty samples are no crash."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.stats import (
    Estimate,
    EstimateError,
    chi_square_p,
    correlation,
    mean,
    normal_quantile,
    proportion,
    sigmas,
    signed,
    within_sigma,
)


def binomial(n: int, p: float) -> np.ndarray:
    return np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])


def test_wilson_interval_against_published_figures() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3.
    for successes, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)):
        estimate = proportion(successes, n)
        assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)
    assert proportion(0, 20).low == 0.0
    assert proportion(0, 20).high == pytest.approx(0.1611, abs=5e-5)
    assert proportion(20, 20).high == 1.0


@pytest.mark.parametrize("p", [0.02, 0.1, 0.3, 0.5, 0.85])
def test_the_interval_of_a_proportion_covers(p: float) -> None:
    n = 200
    covered = [proportion(k, n).low <= p <= proportion(k, n).high for k in range(n + 1)]
    assert 0.93 < float(binomial(n, p) @ covered) < 0.98


@pytest.mark.parametrize("p", [0.001, 0.02, 0.5, 0.999])
def test_four_sigma_rarely_rejects_what_is_true_and_finds_what_is_not(p: float) -> None:
    for n in (30, 1000):
        kept = [within_sigma(proportion(k, n), p) for k in range(n + 1)]
        assert 1 - float(binomial(n, p) @ kept) < 2e-3
    assert not within_sigma(proportion(560, 1000), 0.48)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.99])
def test_the_interval_of_a_mean_covers_for_few_and_many_samples(confidence: float) -> None:
    rng = np.random.default_rng(2)
    for n in (3, 12, 1500):
        runs = 400
        hit = 0
        for _ in range(runs):
            estimate = mean(rng.normal(3.0, 2.0, size=n), confidence)
            hit += estimate.low <= 3.0 <= estimate.high
        assert abs(hit / runs - confidence) < 4 * math.sqrt(confidence * (1 - confidence) / runs)


def test_mean_takes_any_shape_and_knows_its_standard_error() -> None:
    estimate = mean([[1.0, 2.0], [3.0, 4.0]])
    assert estimate.value == 2.5
    assert estimate.n == 4
    assert estimate.std_error == pytest.approx(math.sqrt(5 / 3) / 2)
    # Student with 3 degrees of freedom: 3.182446 at 95 %.
    assert estimate.high - estimate.value == pytest.approx(3.182446 * estimate.std_error, rel=1e-6)


def test_correlation_counts_equal_bits_under_the_mask() -> None:
    first, second = np.array([0, 1, 1, 0, 1]), np.array([0, 1, 0, 0, 0])
    assert correlation(first, second).value == pytest.approx((3 - 2) / 5)
    masked = correlation(first, second, mask=[True, True, False, False, True])
    assert masked.value == pytest.approx((2 - 1) / 3)
    assert masked.n == 3
    assert -1 <= masked.low <= masked.value <= masked.high <= 1


def test_no_samples_give_nan_and_the_full_range() -> None:
    empty = proportion(0, 0)
    assert math.isnan(empty.value)
    assert (empty.low, empty.high, empty.n) == (0.0, 1.0, 0)
    assert (correlation([], []).low, correlation([], []).high) == (-1.0, 1.0)
    assert (mean([]).low, mean([]).high) == (-math.inf, math.inf)
    assert mean([7.0]).value == 7.0
    assert mean([7.0]).low == -math.inf
    assert not within_sigma(empty, 0.5)
    assert not within_sigma(mean([]), 0.0)


def test_constant_samples_agree_with_their_constant() -> None:
    assert within_sigma(mean(np.full(1001, 0.9)), 0.9)
    assert not within_sigma(mean(np.full(1001, 0.9)), 0.9001)
    assert sigmas(Estimate(2.0, 1.0, 3.0, 0.5, 10), 1.0) == pytest.approx(2.0)


def test_a_combination_adds_variances_and_scales_values() -> None:
    first, second = Estimate(0.7, 0.6, 0.8, 0.03, 50), Estimate(-0.2, -0.3, -0.1, 0.04, 80)
    both = Estimate.combine([(1.0, first), (-1.0, second)], constant=0.5)
    assert both.value == pytest.approx(1.4)
    assert both.std_error == pytest.approx(0.05)
    assert both.n == 50
    assert both.high - both.value == pytest.approx(1.959964 * 0.05, rel=1e-6)
    tripled = Estimate.combine([(3.0, first)])
    assert tripled.std_error == pytest.approx(0.09)


def test_a_combination_of_correlations_covers_the_chsh_value() -> None:
    rng, shots, runs = np.random.default_rng(9), 400, 300
    truth = 4 * 0.6
    hit = 0
    for _ in range(runs):
        equal = rng.binomial(shots, 0.8, size=4)
        s = Estimate.combine([(1.0, signed(proportion(int(k), shots))) for k in equal])
        hit += s.low <= truth <= s.high
    assert abs(hit / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


@given(st.integers(0, 500), st.integers(0, 500))
def test_estimates_go_to_json_and_back(a: int, b: int) -> None:
    estimate = proportion(min(a, b), max(a, b))
    back = Estimate.from_dict(json.loads(json.dumps(estimate.to_dict())))
    assert str(back) == str(estimate)
    if estimate.n:
        assert back == estimate
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_text_shows_value_and_interval() -> None:
    assert str(Estimate(2.71, 2.68, 2.74, 0.015, 20_000)) == "2.7100 [2.6800, 2.7400]"


def test_chi_square_against_tables() -> None:
    # A statistic of 3.841459 with one degree of freedom has p = 0.05.
    n, excess = 10_000, math.sqrt(3.841459 * 10_000 / 4)
    assert chi_square_p([round(n / 2 + excess), n - round(n / 2 + excess)], [0.5, 0.5]) == pytest.approx(0.05, abs=2e-3)
    assert chi_square_p([250, 250, 250, 250], [0.25] * 4) == pytest.approx(1.0)


def test_chi_square_rejects_a_true_hypothesis_as_often_as_it_says() -> None:
    rng, weights = np.random.default_rng(4), np.array([0.5, 0.3, 0.15, 0.04, 0.0099, 0.0001])
    values = [chi_square_p(rng.multinomial(600, weights), weights) for _ in range(600)]
    for level in (0.05, 0.5):
        share = float(np.mean(np.array(values) < level))
        assert abs(share - level) < 4 * math.sqrt(level * (1 - level) / 600) + 0.01


def test_chi_square_finds_the_impossible_and_needs_probabilities() -> None:
    assert chi_square_p([10, 1], [1.0, 0.0]) == 0.0
    assert chi_square_p([900, 100], [0.5, 0.5]) < 1e-12
    assert chi_square_p([0, 0], [0.5, 0.5]) == 1.0
    for counts, expected in (([1, 2], [0.5, 0.2]), ([1, 2, 3], [0.5, 0.5]), ([1, 2], [1.5, -0.5])):
        with pytest.raises(EstimateError):
            chi_square_p(counts, expected)


def test_impossible_counts_and_confidences_are_refused() -> None:
    for successes, n in ((-1, 5), (6, 5), (0, -1)):
        with pytest.raises(EstimateError):
            proportion(successes, n)
    for confidence in (0.0, 1.0, 95.0, math.nan):
        with pytest.raises(EstimateError):
            normal_quantile(confidence)


def test_normal_quantiles_against_tables() -> None:
    for confidence, expected in ((0.6826895, 1.0), (0.95, 1.959964), (0.99, 2.575829)):
        assert normal_quantile(confidence) == pytest.approx(expected, abs=1e-6)


def test_an_interval_is_cut_to_what_is_possible():
    sure = mean([0.9, 1.0, 1.0, 1.0])
    assert sure.high > 1
    cut = sure.within(0.0, 1.0)
    assert (cut.value, cut.low, cut.high, cut.std_error) == (sure.value, sure.low, 1.0, sure.std_error)
