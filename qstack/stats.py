"""Estimates with intervals, and the tests that sampled physics is held to. Leaf: imports no other room.

Scipy is imported where it is used, so that importing this module stays cheap.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.errors import InputError

CONFIDENCE = 0.95


class EstimateError(InputError):
    """Numbers given to an estimator cannot be right."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number estimated from samples.

    Attributes:
        value: the estimate; nan when there were no samples.
        low: lower end of the interval.
        high: upper end of the interval.
        std_error: standard error of `value`.
        n: how many samples it rests on.
    """

    value: float
    low: float
    high: float
    std_error: float
    n: int

    @classmethod
    def combine(
        cls, parts: Iterable[tuple[float, Estimate]], constant: float = 0.0, confidence: float = CONFIDENCE
    ) -> Estimate:
        """`constant + sum(coefficient * estimate)` of independent estimates, with a normal interval."""
        listed = list(parts)
        value = constant + sum(factor * part.value for factor, part in listed)
        error = math.sqrt(sum((factor * part.std_error) ** 2 for factor, part in listed))
        half = normal_quantile(confidence) * error
        return cls(value, value - half, value + half, error, min((part.n for _, part in listed), default=0))

    def within(self, lowest: float, highest: float) -> Estimate:
        """The same estimate, its interval cut to the values that are possible at all."""
        return replace(self, low=max(lowest, self.low), high=min(highest, self.high))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Estimate:
        """Read back what `to_dict` wrote."""
        return cls(**values)

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def normal_quantile(confidence: float) -> float:
    """Half width, in standard errors, of the two-sided normal interval of that confidence."""
    if not 0 < confidence < 1:
        raise EstimateError(f"confidence is {confidence}; give a number between 0 and 1, such as 0.95")
    if confidence == CONFIDENCE:
        return 1.959963984540054
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


def proportion(successes: int, n: int, confidence: float = CONFIDENCE) -> Estimate:
    """A probability from `successes` out of `n` trials, with the Wilson score interval (Wilson 1927).

    With no trials the value is nan and the interval is [0, 1].

    Raises:
        EstimateError: unless 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise EstimateError(
            f"{successes} successes out of {n} trials; successes must be from 0 to the number of trials"
        )
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0, math.nan, 0)
    z2 = normal_quantile(confidence) ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    # One pseudo-trial of each kind keeps the standard error from vanishing at the ends (Agresti and Coull
    # 1998).
    smooth = (successes + 1) / (n + 2)
    return Estimate(p, low, high, math.sqrt(smooth * (1 - smooth) / n), n)


def mean(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of independent samples, any shape, with Student's interval."""
    samples = np.asarray(values, dtype=np.float64).ravel()
    n = samples.size
    if n == 0:
        return Estimate(math.nan, -math.inf, math.inf, math.nan, 0)
    value = float(samples.mean())
    if n == 1:
        return Estimate(value, -math.inf, math.inf, math.inf, 1)
    error = float(samples.std(ddof=1)) / math.sqrt(n)
    half = _student_quantile(confidence, n - 1) * error
    return Estimate(value, value - half, value + half, error, n)


def correlation(
    first: ArrayLike, second: ArrayLike, mask: ArrayLike | None = None, confidence: float = CONFIDENCE
) -> Estimate:
    """E = <(-1)^(first xor second)> of two arrays of bits, over the rows where `mask` holds.

    The interval is Wilson's for the probability of equal bits, mapped to [-1, 1].
    """
    equal = np.asarray(first, dtype=np.bool_) == np.asarray(second, dtype=np.bool_)
    if mask is not None:
        equal = equal[np.asarray(mask, dtype=np.bool_)]
    return signed(proportion(int(np.count_nonzero(equal)), equal.size, confidence))


def signed(probability: Estimate) -> Estimate:
    """The estimate of 2p - 1 from that of a probability p."""
    p = probability
    return Estimate(2 * p.value - 1, 2 * p.low - 1, 2 * p.high - 1, 2 * p.std_error, p.n)


def sigmas(estimate: Estimate, expected: float) -> float:
    """How many standard errors the estimate lies from the expected value; rounding errors count as none."""
    difference = abs(estimate.value - expected)
    if difference <= 1e-12 * max(1.0, abs(expected)):
        return 0.0
    return math.inf if estimate.std_error == 0 else difference / estimate.std_error


def within_sigma(estimate: Estimate, expected: float, sigma: float = 4.0) -> bool:
    """Whether the estimate lies within `sigma` standard errors of the expected value; nan never does."""
    return sigmas(estimate, expected) <= sigma


def chi_square_p(counts: Sequence[int] | NDArray[np.integer[Any]], expected: ArrayLike) -> float:
    """p-value of observed counts under expected probabilities (Pearson), classes expected below 5 pooled.

    A count in a class of probability 0 gives 0.

    Raises:
        EstimateError: lengths differ, or probabilities are negative or do not sum to 1.
    """
    observed = np.asarray(counts, dtype=np.float64)
    weights = np.asarray(expected, dtype=np.float64)
    if observed.shape != weights.shape or np.any(weights < 0) or abs(float(weights.sum()) - 1) > 1e-9:
        raise EstimateError("give one probability per class, summing to 1")
    if np.any(observed[weights == 0] > 0):
        return 0.0
    order = np.argsort(weights)
    pooled = _pool(observed[order], weights[order] * observed.sum())
    if len(pooled) < 2:
        return 1.0
    from scipy.special import chdtrc

    statistic = sum((seen - due) ** 2 / due for seen, due in pooled)
    return float(chdtrc(len(pooled) - 1, statistic))


def _pool(observed: NDArray[np.float64], due: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Merge classes, smallest first, until each is expected at least 5 times."""
    pooled: list[tuple[float, float]] = []
    seen_so_far = due_so_far = 0.0
    for seen, expected in zip(observed.tolist(), due.tolist(), strict=True):
        seen_so_far, due_so_far = seen_so_far + seen, due_so_far + expected
        if due_so_far >= 5:
            pooled.append((seen_so_far, due_so_far))
            seen_so_far = due_so_far = 0.0
    if due_so_far > 0:
        seen, expected = pooled.pop() if pooled else (0.0, 0.0)
        pooled.append((seen + seen_so_far, expected + due_so_far))
    return pooled


def _student_quantile(confidence: float, degrees: int) -> float:
    if degrees > 1000:
        return normal_quantile(confidence)
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + confidence / 2))
