"""Single-photon detectors: what they see, what they imagine, and when they are blind."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qstack.link.errors import LinkError, need_amount, need_probability


@dataclass(frozen=True, slots=True)
class Detector:
    """A single-photon detector, looked at during one window per attempt (or per time bin).

    Attributes:
        efficiency: probability that a photon that reaches it makes it click.
        dark_rate_hz: rate of clicks without a photon.
        window_s: for how long a click counts, per attempt or time bin.
        jitter_s: standard deviation of the time of a click; clicks that fall out of the window are lost.
        dead_time_s: how long it is blind after a click.
        number_resolving: whether it tells one photon from several.
    """

    efficiency: float = 1.0
    dark_rate_hz: float = 0.0
    window_s: float = 1e-9
    jitter_s: float = 0.0
    dead_time_s: float = 0.0
    number_resolving: bool = False

    def __post_init__(self) -> None:
        """Refuse impossible detectors.

        Raises:
            LinkError: a probability, rate or time is out of range.
        """
        need_probability("detector efficiency", self.efficiency, positive=True)
        need_amount("dark_rate_hz", self.dark_rate_hz, "clicks per second")
        need_amount("window_s", self.window_s, "seconds", positive=True)
        need_amount("jitter_s", self.jitter_s, "seconds")
        need_amount("dead_time_s", self.dead_time_s, "seconds")

    @classmethod
    def per_window(
        cls, efficiency: float = 1.0, dark_count: float = 0.0, *, number_resolving: bool = False
    ) -> Detector:
        """A detector known by its probability of a false click per window, as papers often quote it.

        Raises:
            LinkError: a probability is out of range, or `dark_count` is 1.
        """
        if not 0 <= dark_count < 1:
            raise LinkError(f"dark_count is {dark_count}; give a probability from 0 to below 1")
        window_s = 1e-9
        rate = -math.log1p(-dark_count) / window_s
        return cls(efficiency, rate, window_s, number_resolving=number_resolving)

    @property
    def sees(self) -> float:
        """Probability that an arriving photon clicks within the window, which is centred on it."""
        if self.jitter_s == 0:
            return self.efficiency
        return self.efficiency * math.erf(self.window_s / (2 * math.sqrt(2) * self.jitter_s))

    def false_click(self, stray_hz: float = 0.0) -> float:
        """Probability of a click without a signal photon in one window.

        Dark counts and stray photons are Poissonian and independent of the signal.

        Args:
            stray_hz: rate of stray photons that reach this detector.
        """
        return -math.expm1(-(self.dark_rate_hz + stray_hz * self.efficiency) * self.window_s)

    def live_fraction(self, click_rate_hz: float) -> float:
        """Share of the time it is not blind when it would click at this rate (non-paralysable: 1 / (1 + r tau))."""
        return 1 / (1 + click_rate_hz * self.dead_time_s)


PERFECT_DETECTOR = Detector()
"""Sees every photon, imagines none."""
