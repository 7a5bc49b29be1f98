"""Two photons, one from each node, on a beam splitter with a detector behind each of its two ports."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qstack.link.arm import Arm, longer_s, told_arms
from qstack.link.detector import PERFECT_DETECTOR, Detector
from qstack.link.errors import LinkError, need_amount, need_count, need_probability
from qstack.link.model import Floats, Steady, multiplexed


class Window(NamedTuple):
    """Probability that one window of the two detectors shows exactly one count, by how many photons are seen.

    Attributes:
        none: no photon: one false count.
        one: one photon, which takes either port alike.
        both: two photons, which leave by the same port with probability (1 + V) / 2 (Hong, Ou and Mandel 1987).
        coherent: one photon, with a minus where it is not the photon but the other detector that counts. Each port
            sees the two nodes' photons with relative sign +1 or -1, so this is what keeps its phase.
    """

    none: float
    one: float
    both: float
    coherent: float

    def counts(self, first: float, second: float) -> float:
        """Probability of exactly one count when the nodes' photons are seen with these probabilities."""
        one = first * (1 - second) + second * (1 - first)
        return first * second * self.both + one * self.one + (1 - first) * (1 - second) * self.none


def windows(detector: Detector, stray_hz: float, visibility: float) -> tuple[Window, Window]:
    """A window of two ready detectors, and one in which the detector that counted before is blind.

    False counts (dark counts and stray photons) are Poissonian. A threshold detector clicks once however many photons
    and false counts it has; a number-resolving one adds them all up, so a false count beside a photon makes two.

    Args:
        detector: each of the two.
        stray_hz: rate of stray photons that reach each of them.
        visibility: V, the overlap |<first|second>|^2 of the two photons' wave packets.
    """
    false = detector.false_click(stray_hz)
    quiet = 1 - false
    none, one, two = false, 1.0, 1.0
    if detector.number_resolving:
        none, one, two = -quiet * math.log1p(-false) if quiet else 0.0, quiet, 0.0
    bunched = (1 + visibility) / 2
    ready = Window(2 * none * quiet, one * quiet, bunched * two * quiet, one * quiet)
    one_each = (1 - visibility) / 2 * one
    blind = Window(none, (one + none) / 2, bunched * (two + none) / 2 + one_each, (one - none) / 2)
    return ready, blind


@dataclass(frozen=True)
class Interference(Steady, ABC):
    """Links whose herald is what two detectors behind a beam splitter count; here is what they share.

    A strategy says what memories a herald leaves, as Psi+ or Psi- with errors. X on the second node's qubit, after Z
    on it where the herald announced Psi-, corrects that to Phi+. The detectors are gated: ready when an attempt begins.

    Attributes:
        arms: the ways of the two nodes' photons to the beam splitter.
        detector: the two detectors behind it.
        visibility: two-photon interference visibility V; the photons' wave packets overlap with amplitude sqrt(V).
        preparation_time_s: initialisation and emission per attempt, before the photon's flight.
        modes: attempts multiplexed in one round trip (time bins, frequencies), each with a memory of its own.
    """

    arms: tuple[Arm, Arm]
    detector: Detector = PERFECT_DETECTOR
    visibility: float = 1.0
    preparation_time_s: float = 0.0
    modes: int = 1

    def __post_init__(self) -> None:
        """Refuse impossible links.

        Raises:
            LinkError: a figure is out of range, or a pair can never be heralded.
        """
        need_probability("visibility", self.visibility)
        need_amount("preparation_time_s", self.preparation_time_s, "seconds")
        need_count("modes", self.modes)
        if not self.single_probability > 0:
            raise LinkError(
                f"a pair is never heralded: {told_arms(self.arms)}; shorten the way or lower its loss or noise"
            )

    @property
    @abstractmethod
    def _heralded(self) -> tuple[Floats, float]:
        """Probabilities per mode of a herald with the memories in 00, 01, 10, 11, and the coherence of 01 and 10.

        The coherence is that of Psi+ where the herald announces Psi+, and its negative where it announces Psi-.
        """

    @property
    def _photons(self) -> tuple[float, float]:
        """Probability that each node's photon, once emitted, would be counted."""
        first, second = (arm.arrival * self.detector.sees for arm in self.arms)
        return first, second

    @property
    def _windows(self) -> tuple[Window, Window]:
        """See `windows`; half of all stray photons go to each detector."""
        stray_hz = sum(arm.stray_hz(self.detector.window_s) for arm in self.arms) / 2
        return windows(self.detector, stray_hz, self.visibility)

    @cached_property
    def single_probability(self) -> float:
        """Probability that one mode heralds in one attempt."""
        return float(self._heralded[0].sum())

    @cached_property
    def success_probability(self) -> float:
        """Probability that at least one of the modes heralds."""
        return multiplexed(self.single_probability, self.modes)

    @cached_property
    def density(self) -> NDArray[np.complex128]:
        """Exact state of a heralded pair, corrected to Phi+, shape (4, 4)."""
        populations, coherence = self._heralded
        rho = np.diag(populations[[1, 0, 3, 2]]).astype(np.complex128)
        rho[0, 3] = rho[3, 0] = coherence
        return rho / self.single_probability

    @property
    def _answer_s(self) -> float:
        """How long after the photons have met both nodes know of the outcome."""
        return longer_s(self.arms)

    @property
    def attempt_time_s(self) -> float:
        """Preparation, the longer arm's flight, and the herald's way back to the farther node."""
        return self.preparation_time_s + longer_s(self.arms) + self._answer_s

    @property
    def stored_s(self) -> tuple[float, float]:
        """The photon's own flight, timed to meet the other, and the herald's way back to the farther node."""
        first, second = (arm.flight_time_s + self._answer_s for arm in self.arms)
        return first, second
