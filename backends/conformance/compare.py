"""Whether sampled outcomes fit an exact distribution: binomial tails, outcome by outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from qstack.backend import RawOutcomes

FOUR_SIGMA = 3.17e-5
"""Chance that a normal variable lies more than four standard deviations to one side."""

MANY = 1e-9
"""For checks that make thousands of comparisons, where four sigma would be crossed by luck."""


def assert_fits(outcomes: RawOutcomes, exact: Mapping[tuple[int, ...], float], tail: float = FOUR_SIGMA) -> None:
    """Check the count of every outcome against its exact binomial distribution.

    Args:
        outcomes: shape (shots, bits).
        exact: probability of each assignment of the bits.
        tail: an outcome at least this unlikely, on either side, fails the check.
    """
    from scipy.stats import binom

    shots = len(outcomes)
    counts = Counter(map(tuple, outcomes.tolist()))
    impossible = {bits: count for bits, count in counts.items() if exact.get(bits, 0.0) < 1e-12}
    assert not impossible, f"outcomes that cannot occur did: {impossible}"
    for bits, value in exact.items():
        probability = round(min(value, 1.0), 12)
        count = counts[bits]
        chance = min(binom.cdf(count, shots, probability), binom.sf(count - 1, shots, probability))
        assert chance > tail, f"outcome {bits}: {count} of {shots} shots where {shots * probability:.1f} are expected"
