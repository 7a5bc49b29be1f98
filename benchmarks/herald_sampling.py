"""A million heralds of one link, next to numpy drawing a million geometric variates.

A herald is a time and a state. The reference draws only the number of attempts. A link under a passing satellite also
draws where in the pass each herald falls; its limit is our own.
"""

from __future__ import annotations

import sys

import numpy as np
from sidebyside import interleaved, slowdown

from qstack.link import Arm, CentralSource, Detector, DoubleClick, Fibre, LinkModel, PairSource, Passing, SingleClick
from qstack.stats import mean, within_sigma

HERALDS = 1_000_000
ROUNDS = 9


def links() -> dict[str, tuple[LinkModel, float]]:
    """Links, and how many times as long as the reference they may take."""
    arms = tuple(Arm(Fibre(length_km), 0.5) for length_km in (5.0, 8.0))
    far = tuple(Arm(Fibre(25.0), 4e-3) for _ in range(2))
    slices = tuple((1.0, CentralSource(PairSource(0.01), (Arm(Fibre(km)), Arm(Fibre(km))), 1e6)) for km in (30.0, 40.0))
    return {
        "double click": (DoubleClick(arms, Detector.per_window(0.9, 1e-6)), 3.0),  # type: ignore[arg-type]
        "single click, rare": (SingleClick(far, Detector.per_window(0.9, 1e-6), bright=(0.05, 0.05)), 3.0),  # type: ignore[arg-type]
        "passing satellite": (Passing(slices), 16.0),
    }


def main() -> int:
    """Check the waiting law and the mean state, then measure."""
    met = True
    for name, (link, limit) in links().items():
        p = link.success_probability
        heralds = link.sample(100_000, np.random.default_rng(1))
        assert within_sigma(mean(heralds.time_s / link.attempt_time_s), 1 / p), name
        np.testing.assert_allclose(heralds.states.mean(axis=0), link.state, atol=0.01)
        times = interleaved(
            lambda link=link: link.sample(HERALDS, np.random.default_rng(2)),
            lambda p=p: np.random.default_rng(2).geometric(p, HERALDS),
            rounds=ROUNDS,
        )
        ratio = slowdown(f"{name}, p = {p:.2g}", times, at_most=limit)
        print(ratio)
        met &= ratio.met
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
