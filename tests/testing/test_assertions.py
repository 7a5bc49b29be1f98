"""The assertions hold for correct samples at the rate they state, and fail for wrong ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from qstack.stats import proportion
from qstack.testing import (
    assert_estimate_contains,
    assert_no_signalling,
    assert_same_distribution,
    assert_within_sigma,
)


@dataclass
class Measured:
    """Something with an interval."""

    value: float
    std_error: float
    n: int

    @property
    def low(self) -> float:
        return self.value - 2 * self.std_error

    @property
    def high(self) -> float:
        return self.value + 2 * self.std_error


@pytest.mark.parametrize("side", [-1, 1])
def test_four_standard_errors_are_allowed(side: int) -> None:
    measured = Measured(0.5, 0.01, 2500)
    assert_within_sigma(measured, 0.5 + side * 0.039)
    with pytest.raises(AssertionError, match=r"4\.1 standard errors away, 4 are allowed"):
        assert_within_sigma(measured, 0.5 + side * 0.041)


def test_a_value_that_is_not_a_number_never_passes() -> None:
    with pytest.raises(AssertionError):
        assert_within_sigma(Measured(math.nan, 0.1, 0), 0.5)
    with pytest.raises(AssertionError):
        assert_within_sigma(Measured(0.5, 0.1, 10), math.nan)


def test_samples_all_alike_still_allow_a_rare_event() -> None:
    assert_within_sigma(proportion(10_000, 10_000), 0.9999)
    with pytest.raises(AssertionError):
        assert_within_sigma(proportion(10_000, 10_000), 0.99)


def test_interval_contains() -> None:
    assert_estimate_contains(Measured(0.5, 0.01, 2500), 0.519)
    with pytest.raises(AssertionError, match=r"outside \[0.48, 0.52\]"):
        assert_estimate_contains(Measured(0.5, 0.01, 2500), 0.521)


def test_same_distribution_holds_for_correct_samples() -> None:
    weights = {0: 0.5, 1: 0.3, 2: 0.1999, 7: 0.0001}
    for seed in range(200):
        rng = np.random.default_rng(seed)
        assert_same_distribution(rng.choice(list(weights), p=list(weights.values()), size=500), weights)
        assert_same_distribution(rng.binomial(6, 0.3, size=700), rng.binomial(6, 0.3, size=300))


def test_false_alarms_come_at_the_stated_rate() -> None:
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(1000):
        try:
            assert_same_distribution(rng.integers(4, size=400), dict.fromkeys(range(4), 0.25), false_alarm=0.1)
        except AssertionError:
            alarms += 1
    assert abs(alarms - 100) < 4 * math.sqrt(90)


def test_same_distribution_fails_for_wrong_samples() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(AssertionError, match="the distributions differ"):
        assert_same_distribution(rng.choice(2, p=[0.6, 0.4], size=5000), {0: 0.5, 1: 0.5})
    with pytest.raises(AssertionError, match="the distributions differ"):
        assert_same_distribution(rng.choice(2, p=[0.6, 0.4], size=5000), rng.integers(2, size=5000))
    with pytest.raises(AssertionError, match="the distributions differ"):
        assert_same_distribution([0, 1, 2], {0: 0.5, 1: 0.5})
    with pytest.raises(AssertionError, match="no samples"):
        assert_same_distribution([], {0: 1.0})
    with pytest.raises(ValueError, match=r"sum to 0\.9"):
        assert_same_distribution([0], {0: 0.9})


def _popescu_rohrlich(rng: np.random.Generator, shots: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Correlations stronger than quantum ones, which still do not signal."""
    x, y, a = (rng.integers(2, size=shots) for _ in range(3))
    return {"alice": x, "bob": y}, {"alice": a, "bob": a ^ (x & y)}


def test_no_signalling_holds_for_the_strongest_correlations() -> None:
    for seed in range(50):
        assert_no_signalling(*_popescu_rohrlich(np.random.default_rng(seed), 2000))


def test_signalling_is_seen() -> None:
    rng = np.random.default_rng(5)
    settings, outcomes = _popescu_rohrlich(rng, 4000)
    leak = rng.random(4000) < 0.1
    outcomes["bob"] = np.where(leak, settings["alice"], outcomes["bob"])
    with pytest.raises(AssertionError, match="the outcomes of bob with setting"):
        assert_no_signalling(settings, outcomes)


def test_signalling_to_a_group_only_is_seen() -> None:
    rng = np.random.default_rng(6)
    x, a = rng.integers(2, size=2000), rng.integers(2, size=2000)
    nothing = np.zeros(2000, dtype=int)
    settings = {"alice": nothing, "bob": nothing, "carol": x}
    with pytest.raises(AssertionError, match="the outcomes of alice, bob with setting"):
        assert_no_signalling(settings, {"alice": a, "bob": a ^ x, "carol": nothing})


def test_parties_must_match() -> None:
    with pytest.raises(ValueError, match="the same parties"):
        assert_no_signalling({"alice": [0]}, {"alice": [0]})
