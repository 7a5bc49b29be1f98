"""Assertions on sampled results that fail for a wrong result and not for an unlucky one.

Every bound is a false-alarm rate: the chance that a correct implementation fails once. With a fixed seed it
is met or missed once and for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.stats import Estimate, chi_square_p, sigmas, within_sigma

FALSE_ALARM = 6.3e-5
"""Chance of a deviation of more than four standard errors, the default of all assertions here."""


class Interval(Protocol):
    """A number with an interval: an `Estimate` of `qstack.stats`, or a `Metric` of a result."""

    @property
    def value(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float:
        """Lower end of the interval."""

    @property
    def high(self) -> float:
        """Upper end of the interval."""

    @property
    def std_error(self) -> float:
        """Standard error of the estimate."""

    @property
    def n(self) -> int:
        """How many samples it rests on."""


def assert_within_sigma(measured: Interval, expected: float, *, sigma: float = 4.0) -> None:
    """Assert that the value expected is at most `sigma` standard errors away."""
    __tracebackhide__ = True
    estimate = Estimate(measured.value, measured.low, measured.high, measured.std_error, measured.n)
    if not within_sigma(estimate, expected, sigma):
        raise AssertionError(
            f"measured {estimate.value:.6g} +- {estimate.std_error:.2g} from {estimate.n} samples, "
            f"expected {expected:.6g}: {sigmas(estimate, expected):.1f} standard errors away, "
            f"{sigma:g} are allowed"
        )


def assert_estimate_contains(measured: Interval, expected: float) -> None:
    """Assert that the interval contains the value; a 95 % interval misses one correct value in twenty."""
    __tracebackhide__ = True
    if not measured.low <= expected <= measured.high:
        interval = f"[{measured.low:.6g}, {measured.high:.6g}] around {measured.value:.6g}"
        raise AssertionError(f"{expected:.6g} is outside {interval}")


def assert_same_distribution(
    samples: ArrayLike, expected: ArrayLike | Mapping[int, float], *, false_alarm: float = FALSE_ALARM
) -> None:
    """Assert by a chi-square test that samples follow a distribution.

    Args:
        samples: whole numbers, any shape; rows of several values can be packed into one number first.
        expected: probability of each value, or other samples to compare with.
        false_alarm: how often the assertion may fail although the distributions agree.
    """
    __tracebackhide__ = True
    values, counts = np.unique(np.asarray(samples).ravel(), return_counts=True)
    if not counts.size:
        raise AssertionError("there are no samples")
    seen = dict(zip(values.tolist(), counts.tolist(), strict=True))
    if isinstance(expected, Mapping):
        p = _fit(seen, expected)
    else:
        others, other_counts = np.unique(np.asarray(expected).ravel(), return_counts=True)
        support = np.union1d(values, others)
        table = np.zeros((2, len(support)))
        table[0, np.searchsorted(support, values)] = counts
        table[1, np.searchsorted(support, others)] = other_counts
        p = _homogeneity(table)
    if p < false_alarm:
        raise AssertionError(f"the distributions differ (p = {p:.2g}, {false_alarm:.2g} is allowed); seen: {seen}")


def assert_no_signalling(
    settings: Mapping[str, ArrayLike], outcomes: Mapping[str, ArrayLike], *, false_alarm: float = FALSE_ALARM
) -> None:
    """Assert that no group of parties can tell from its outcomes what the others chose.

    For every group and every choice of its own settings, the distribution of its outcomes must be the same
    whatever the settings of all others (Popescu and Rohrlich 1994).

    Args:
        settings: what each party chose, one whole number per shot.
        outcomes: what each party got, one whole number per shot.
        false_alarm: how often the assertion, all its tests together, may fail although nobody signals.
    """
    __tracebackhide__ = True
    if set(settings) != set(outcomes) or len(settings) < 2:
        raise ValueError(
            "give settings and outcomes of the same parties, two or more; "
            f"got {sorted(settings)} and {sorted(outcomes)}"
        )
    parties = sorted(settings)
    tests: list[tuple[float, str]] = []
    for size in range(1, len(parties)):
        for group in combinations(parties, size):
            others = [party for party in parties if party not in group]
            own, got = _packed(settings, group), _packed(outcomes, group)
            remote = _packed(settings, others)
            for choice in np.unique(own):
                table = _contingency(remote[own == choice], got[own == choice])
                tests.append((_homogeneity(table), f"{', '.join(group)} with setting {choice}"))
    p, worst = min(tests)
    if p * len(tests) < false_alarm:
        told = f"(p = {p:.2g}, {len(tests)} tests)"
        raise AssertionError(f"the outcomes of {worst} depend on what the others chose {told}")


def _fit(seen: Mapping[int, int], expected: Mapping[int, float]) -> float:
    """P-value of the counts under the distribution."""
    total = sum(expected.values())
    if abs(total - 1.0) > 1e-6:
        raise ValueError(f"the probabilities expected sum to {total:.6g}, not to 1")
    values = sorted({*seen, *expected})
    weights = [expected.get(value, 0.0) / total for value in values]
    return chi_square_p([seen.get(value, 0) for value in values], weights)


def _homogeneity(table: NDArray[np.float64]) -> float:
    """P-value of the rows being samples of one distribution."""
    from scipy.stats import chi2_contingency

    table = _merged(table.T, table.sum(axis=1)).T
    table = _merged(table, table.sum(axis=0) * table.sum(axis=1).min() / table.sum())
    return 1.0 if min(table.shape) < 2 else float(chi2_contingency(table, correction=False).pvalue)


def _merged(table: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """The table with columns that expect fewer than five taken together, where chi-square would not hold."""
    order = np.argsort(expected, kind="stable")
    table, reached = table[:, order], np.cumsum(expected[order])
    starts = [0]
    for column in range(1, len(reached)):
        done = reached[starts[-1] - 1] if starts[-1] else 0.0
        if reached[column - 1] - done >= 5 and reached[-1] - reached[column - 1] >= 5:
            starts.append(column)
    summed: NDArray[np.float64] = np.add.reduceat(table, starts, axis=1)
    return summed


def _contingency(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts of each pair of values."""
    _, row = np.unique(rows, return_inverse=True)
    _, column = np.unique(columns, return_inverse=True)
    table = np.zeros((row.max(initial=0) + 1, column.max(initial=0) + 1))
    np.add.at(table, (row, column), 1)
    return table


def _packed(values: Mapping[str, ArrayLike], parties: tuple[str, ...] | list[str]) -> NDArray[np.int64]:
    """The joint value of some parties as one number per shot."""
    packed = np.zeros(np.shape(values[parties[0]]), dtype=np.int64)
    for party in parties:
        column = np.asarray(values[party], dtype=np.int64)
        packed = packed * (int(column.max(initial=0)) + 1) + column
    return packed
