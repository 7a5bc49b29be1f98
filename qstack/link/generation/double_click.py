"""Two clicks at a station in the middle (Barrett and Kok 2005)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.arm import Arm
from qstack.link.detector import PERFECT_DETECTOR, Detector
from qstack.link.errors import LinkError, need_amount, need_count, need_probability
from qstack.link.model import Steady, multiplexed


@dataclass(frozen=True)
class DoubleClick(Steady):
    """Two photons, one from each node, meet at a station between them (Barrett and Kok 2005).

    Each node entangles its memory with a photon in two time bins; one click in each bin heralds Psi+ (the same
    detector twice) or Psi- (both detectors), corrected to Phi+. Without dark counts P = eta_A eta_B / 2 and
    F = (1 + V) / 2.

    Attributes:
        arms: the ways of the two photons to the station.
        detector: the two detectors behind its beam splitter; a window is one time bin.
        visibility: two-photon interference visibility V.
        bin_separation_s: time between the two bins; a detector that is blind for longer cannot click in both, which
            costs the heralds of Psi+. 0 where the two bins are told apart otherwise (by polarisation).
        preparation_time_s: initialisation and emission per attempt, before the photon's flight.
        modes: attempts multiplexed in one round trip (time bins, frequencies, memories).
    """

    arms: tuple[Arm, Arm]
    detector: Detector = PERFECT_DETECTOR
    visibility: float = 1.0
    bin_separation_s: float = 0.0
    preparation_time_s: float = 0.0
    modes: int = 1

    def __post_init__(self) -> None:
        """Refuse impossible stations.

        Raises:
            LinkError: a figure is out of range, or a pair can never be heralded.
        """
        need_probability("visibility", self.visibility)
        need_amount("bin_separation_s", self.bin_separation_s, "seconds")
        need_amount("preparation_time_s", self.preparation_time_s, "seconds")
        need_count("modes", self.modes)
        if not self.single_probability > 0:
            raise LinkError(f"a photon never gets through {self.arms}; shorten the way or lower its loss")

    @property
    def _photons(self) -> tuple[float, float]:
        """Probability that each node's photon would make a detector click."""
        first, second = (arm.arrival * self.detector.sees for arm in self.arms)
        return first, second

    @property
    def _false_click(self) -> float:
        """Probability of a false click per detector and bin; half of all stray photons go to each detector."""
        return self.detector.false_click(sum(arm.stray_hz(self.detector.window_s) for arm in self.arms) / 2)

    @property
    def _same_detector_counts(self) -> bool:
        """Whether a detector that clicked in the first bin is ready for the second."""
        return self.detector.dead_time_s <= self.bin_separation_s or self.bin_separation_s == 0

    @cached_property
    def _heralds(self) -> tuple[float, float, float]:
        """Probability per mode of a herald by one photon in each bin, by two in one bin, and by lost photons.

        A herald is exactly one click in each time bin; each bin is watched by two detectors. Half of the emitted
        pairs have their photons in different bins (the wanted state). Two photons in one bin bunch with probability
        (1 + V) / 2 and then need one false click in the other bin, unless the detector counts them; a lost photon
        likewise.
        """
        a, b = self._photons
        dark = self._false_click
        quiet = (1 - dark) ** 2
        false_click = 2 * dark
        both = a * b * quiet / 2
        bunched = 0.0 if self.detector.number_resolving else (1 + self.visibility) / 2
        same_bin = both * bunched * false_click
        lost = (a * (1 - b) + b * (1 - a)) * false_click * quiet + (1 - a) * (1 - b) * false_click**2 * quiet
        kept = 1.0 if self._same_detector_counts else 0.5
        return kept * both, kept * same_bin, kept * lost

    @property
    def single_probability(self) -> float:
        """Probability that one mode heralds in one attempt."""
        return sum(self._heralds)

    @cached_property
    def success_probability(self) -> float:
        """Probability that at least one of the modes heralds."""
        return multiplexed(self.single_probability, self.modes)

    @property
    def attempt_time_s(self) -> float:
        """Preparation, the longer arm's flight to the station, and the herald's way back."""
        return self.preparation_time_s + 2 * self._longer_s

    @property
    def _longer_s(self) -> float:
        return max(arm.flight_time_s for arm in self.arms)

    @property
    def stored_s(self) -> tuple[float, float]:
        """The photon's own flight, timed to meet the other, and the herald's way back along the longer arm."""
        first, second = (arm.flight_time_s + self._longer_s for arm in self.arms)
        return first, second

    @cached_property
    def density(self) -> NDArray[np.complex128]:
        """Exact state, corrected from Psi to Phi+, shape (4, 4); it is Bell-diagonal.

        One photon per bin leaves phase errors of probability (1 - V) / 2; two in one bin leave equal spins without
        phase, which the correction turns into an even mixture of Psi+ and Psi-; a lost photon leaves no correlation.
        """
        both, same_bin, lost = self._heralds
        v = self.visibility
        wanted = np.array([(1 + v) / 2, 0.0, (1 - v) / 2, 0.0])
        total = both * wanted + same_bin * np.array([0.0, 0.5, 0.0, 0.5]) + lost * np.full(4, 0.25)
        return bell.density_matrix(total / total.sum())

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Psi+ when the same detector clicked twice, Psi- when both did."""
        return (1, 3) if self._same_detector_counts else (3,)
