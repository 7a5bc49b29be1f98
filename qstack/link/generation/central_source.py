"""A pair source between two ends that measure at once (Ma, Fung and Lo 2007; Yin et al. 2017; Neumann et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.arm import Arm, told_arms
from qstack.link.detector import PERFECT_DETECTOR, Detector
from qstack.link.errors import LinkError, need_amount
from qstack.link.generation.spdc import Coincidence, End, PairSource, clicks, end_of, singles
from qstack.link.model import Steady


@dataclass(frozen=True)
class CentralSource(Steady):
    """A source sends the photons of each pair to two ends, where detectors wait for them; no memory, no herald.

    An attempt is one pulse, or one coincidence window of a continuous pump; the next one does not wait for it. A
    success is a coincidence of clicks in the same basis (the sifting of bases is left to the protocol), and the state
    is the one that has the error rates of all coincidences: of true pairs, of strangers from several pairs, and of
    dark counts and stray photons. Threshold detectors take one of two clicks at random; number-resolving ones drop
    all but single photons.

    Attributes:
        source: the source; its coupling to each side is the `emission` of that arm.
        arms: the ways of the two photons to the ends.
        repetition_rate_hz: pulses per second.
        detector: each of the two detectors, one per polarisation, at each end. Its dead time costs the share of
            coincidences that find either detector blind at the mean rate of its clicks.
    """

    source: PairSource
    arms: tuple[Arm, Arm]
    repetition_rate_hz: float
    detector: Detector = PERFECT_DETECTOR

    def __post_init__(self) -> None:
        """Refuse impossible links.

        Raises:
            LinkError: the repetition rate is out of range, or no coincidence can ever be seen.
        """
        need_amount("repetition_rate_hz", self.repetition_rate_hz, "pulses per second", positive=True)
        if not self.success_probability > 0:
            raise LinkError(f"a pair is never seen: {told_arms(self.arms)}; shorten the way or lower its loss")

    @classmethod
    def continuous(
        cls,
        pair_rate_hz: float,
        arms: tuple[Arm, Arm],
        detector: Detector,
        visibility: float = 1.0,
    ) -> CentralSource:
        """A source with a continuous pump: time is cut into windows of the detector, each as good as a pulse.

        Args:
            pair_rate_hz: rate at which the source makes pairs.
            arms: as for a pulsed source.
            detector: as for a pulsed source; its window is the coincidence window.
            visibility: of the source.

        Raises:
            LinkError: a figure is out of range, or no coincidence can ever be seen.
        """
        source = PairSource(pair_rate_hz * detector.window_s, visibility)
        return cls(source, arms, 1 / detector.window_s, detector)

    @cached_property
    def _ends(self) -> tuple[End, End]:
        first, second = (end_of(arm, self.detector) for arm in self.arms)
        return first, second

    @cached_property
    def _coincidence(self) -> Coincidence:
        """Coincidences of detectors that are never blind."""
        see = singles if self.detector.number_resolving else clicks
        return see(self.source, *self._ends)

    @property
    def live_fraction(self) -> float:
        """Share of the coincidences for which the detectors at both ends are ready."""
        live = 1.0
        for seen, false_click in self._ends:
            light = self.source.squeezer_pairs * seen
            live *= self.detector.live_fraction((light + false_click) / (1 + light) * self.repetition_rate_hz)
        return live

    @cached_property
    def success_probability(self) -> float:
        """Probability that one pulse is seen at both ends."""
        return self._coincidence.probability * self.live_fraction

    @property
    def attempt_time_s(self) -> float:
        """From one pulse to the next."""
        return 1 / self.repetition_rate_hz

    @property
    def stored_s(self) -> tuple[float, float]:
        """Not at all: photons are measured as they arrive."""
        return 0.0, 0.0

    @cached_property
    def density(self) -> NDArray[np.complex128]:
        """The Werner state with the error rates of the coincidences, shape (4, 4)."""
        return bell.density_matrix(self._coincidence.state(self.source))

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Always Phi+."""
        return (0,)
