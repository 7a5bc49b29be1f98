"""Pair sources beside absorptive memories, and a station in the middle (Simon et al. 2007; Liu et al. 2021)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.arm import Arm, longer_s, told_arms
from qstack.link.detector import PERFECT_DETECTOR, Detector
from qstack.link.errors import LinkError, need_amount, need_count, need_probability
from qstack.link.generation.spdc import PairSource, one_false_count
from qstack.link.model import Steady, multiplexed

_STEP = 1e-30


@dataclass(frozen=True)
class AbsorptiveMemory(Steady):
    """Each node stores one photon of a pair in a memory and sends the other to a station (Simon et al. 2007).

    The station's beam splitter and two polarising ones end in four detectors. Exactly one click in each polarisation
    heralds Psi+ (the same output twice) or Psi- (both outputs), corrected to Phi+, as in Liu et al. 2021. A memory
    has no herald of its own: a pair counts if exactly one photon comes out of each, which whoever measures them
    selects afterwards, so that probability is part of the success probability.

    Attributes:
        source: the source of each node; its coupling to the station's side is the `emission` of the arm.
        arms: the ways of the two photons to the station.
        repetition_rate_hz: pulses per second.
        memory_efficiency: probability that a photon on the memory's side is coupled, stored, released and seen.
        detector: each of the station's four detectors. Its dead time costs the share of heralds that find either
            detector blind at the mean rate of its clicks.
        visibility: two-photon interference visibility V at the station: the overlap of the two sources' light.
        modes: pulses per attempt, each stored in its own temporal mode.
    """

    source: PairSource
    arms: tuple[Arm, Arm]
    repetition_rate_hz: float
    memory_efficiency: float = 1.0
    detector: Detector = PERFECT_DETECTOR
    visibility: float = 1.0
    modes: int = 1

    def __post_init__(self) -> None:
        """Refuse impossible links.

        Raises:
            LinkError: a figure is out of range, or a pair never comes out of the memories.
        """
        need_amount("repetition_rate_hz", self.repetition_rate_hz, "pulses per second", positive=True)
        need_probability("memory_efficiency", self.memory_efficiency, positive=True)
        need_probability("visibility", self.visibility)
        need_count("modes", self.modes)
        if not self.single_probability > 0:
            raise LinkError(f"a pair is never heralded: {told_arms(self.arms)}; shorten the way or lower its loss")

    @cached_property
    def _false_click(self) -> float:
        """Probability of a false click per detector; a quarter of all stray photons goes to each."""
        return self.detector.false_click(sum(arm.stray_hz(self.detector.window_s) for arm in self.arms) / 4)

    def _station(self, first: complex, second: complex) -> NDArray[np.complex128]:
        """The weighted sum of what the two outputs of one polarisation see, as a form M in the two arms' modes, (2, 2).

        That is, a^dagger M a in photon numbers; only the overlap of the two arms' light interferes.
        """
        a, b = (arm.arrival * self.detector.sees for arm in self.arms)
        crossed = (first - second) * math.sqrt(self.visibility * a * b)
        both = first + second
        return np.array([[both * a, crossed], [crossed, both * b]], dtype=np.complex128) / 2

    def _stored(self, first: complex, second: complex) -> NDArray[np.complex128]:
        """What is left in the memories, of one polarisation, if the two outputs see nothing (weight 1) or anything (0).

        Seeing nothing acts on the arms as :exp(-a^dagger M a):. It leaves the memories' light, behind their loss, in
        a Gaussian state v :exp(-s^dagger (1 - R) s): with v = 1 / det B, R = eta N (1 - M) / B and
        B = 1 + N - (1 - eta) N (1 - M).

        Returns:
            The elements <00|00>, <10|10>, <01|01>, <10|01>, <11|11> of photon numbers in the two memories, shape (5,).
        """
        n, eta = self.source.squeezer_pairs, self.memory_efficiency
        unseen = np.eye(2) - self._station(first, second)
        rest = (1 + n) * np.eye(2) - (1 - eta) * n * unseen
        r = eta * n * unseen @ np.linalg.inv(rest)
        both = r[0, 0] * r[1, 1] + r[0, 1] * r[1, 0]
        return np.asarray(np.array([1.0, r[0, 0], r[1, 1], r[0, 1], both]) / np.linalg.det(rest))

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        """Weights of the Bell states after correction, unnormalised, for all four patterns of clicks, shape (4,).

        One polarisation's click at one output is what the other's silence leaves, less what the silence of both
        leaves. A number-resolving detector has to count exactly one, true or false. One photon is the derivative by
        the output's weight, taken along a complex step, which costs no digits (Squire and Trapp 1998). Threshold
        detectors' differences leave four digits at 100 dB per arm.
        """
        false = self._false_click
        quiet = 1 - false
        nothing = self._stored(1, 1).real
        if self.detector.number_resolving:
            counts = quiet * self._stored(1 - _STEP * 1j, 1).imag / _STEP + one_false_count(false) * nothing
        else:
            counts = self._stored(0, 1).real - nothing + false * nothing
        none, first, second, crossed, both = quiet * counts
        apart, coherence, together = first * second, crossed**2, none * both
        return 4 * np.array([apart + coherence, together, apart - coherence, together])

    @property
    def live_fraction(self) -> float:
        """Share of the heralds for which both detectors are ready."""
        light = np.linalg.det(np.eye(2) + self.source.squeezer_pairs * self._station(1, 0)).real
        click = 1 - (1 - self._false_click) / float(light)
        return self.detector.live_fraction(click * self.repetition_rate_hz) ** 2

    @cached_property
    def single_probability(self) -> float:
        """Probability that one mode heralds and that both of its photons come out."""
        return float(self._weights.sum()) * self.live_fraction

    @cached_property
    def success_probability(self) -> float:
        """Probability that at least one of the modes does."""
        return multiplexed(self.single_probability, self.modes)

    @property
    def attempt_time_s(self) -> float:
        """The pulses of all modes, the longer arm's flight to the station, and the herald's way back."""
        return self.modes / self.repetition_rate_hz + 2 * longer_s(self.arms)

    @property
    def stored_s(self) -> tuple[float, float]:
        """The photon's own flight, timed to meet the other, and the herald's way back along the longer arm."""
        first, second = (arm.flight_time_s + longer_s(self.arms) for arm in self.arms)
        return first, second

    @cached_property
    def density(self) -> NDArray[np.complex128]:
        """Exact state of the two photons that come out, corrected from Psi to Phi+, shape (4, 4); it is Bell-diagonal.

        Each source's own visibility shrinks all correlations.
        """
        own = self.source.visibility**2
        correlations = bell.transform(self._weights / self._weights.sum()) * np.array([1.0, own, own, own])
        return bell.density_matrix(bell.from_transform(correlations))

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Psi+ when the clicks came from the same output, Psi- when from both."""
        return (1, 3)
