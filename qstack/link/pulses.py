"""Prepare and measure: one node sends weak light pulses, the other measures them (BB84, decoy states)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.link.arm import Arm
from qstack.link.detector import PERFECT_DETECTOR, Detector
from qstack.link.errors import LinkError, need_amount, need_probability

Floats = NDArray[np.float64]


class Pulses(NamedTuple):
    """What happened to n pulses, all of shape (n,).

    Attributes:
        intensity: index of the sender's intensity.
        sender_basis: 0 or 1.
        bit: what the sender encoded, 0 or 1.
        receiver_basis: 0 or 1.
        outcome: what the receiver saw, 0 or 1, or -1 for no click.
        photons: photons that left the sender, for adversaries who count them; None if not asked for.
    """

    intensity: NDArray[np.uint8]
    sender_basis: NDArray[np.uint8]
    bit: NDArray[np.uint8]
    receiver_basis: NDArray[np.uint8]
    outcome: NDArray[np.int8]
    photons: NDArray[np.int64] | None


@dataclass(frozen=True)
class PrepareAndMeasure:
    """Pulses of random phase, intensity, basis and bit fly to a receiver with two threshold detectors.

    A pulse has a Poissonian number of photons. Those of the receiver's basis go to the wrong detector with the
    probability `misalignment`, those of the other basis to either with 1/2, each on its own. If both detectors click,
    one of the two is taken at random (squashing).

    Attributes:
        arm: the way to the receiver.
        repetition_rate_hz: pulses per second.
        intensities: mean photon numbers that the sender chooses from, at its output.
        intensity_probabilities: how often it chooses each.
        detector: each of the receiver's two detectors. Its dead time costs the share of clicks that find it blind at
            its mean rate, each pulse on its own.
        basis_probability: how often sender and receiver, each on its own, choose basis 0.
        misalignment: e_d.
        single_photons: whether a pulse has at most one photon, with the intensity as its probability.
    """

    arm: Arm
    repetition_rate_hz: float
    intensities: tuple[float, ...] = (0.5,)
    intensity_probabilities: tuple[float, ...] = (1.0,)
    detector: Detector = PERFECT_DETECTOR
    basis_probability: float = 0.5
    misalignment: float = 0.0
    single_photons: bool = False

    def __post_init__(self) -> None:
        """Refuse impossible senders and receivers.

        Raises:
            LinkError: a figure is out of range, or there is not one probability per intensity, summing to 1.
        """
        need_amount("repetition_rate_hz", self.repetition_rate_hz, "pulses per second", positive=True)
        need_probability("basis_probability", self.basis_probability)
        need_probability("misalignment", self.misalignment)
        for intensity in self.intensities:
            need_amount("intensity", intensity, "photons per pulse")
            if self.single_photons:
                need_probability("intensity of single photons", intensity)
        for probability in self.intensity_probabilities:
            need_probability("intensity probability", probability)
        given, total = len(self.intensity_probabilities), math.fsum(self.intensity_probabilities)
        if given != len(self.intensities) or abs(total - 1) > 1e-9:
            raise LinkError(
                f"{given} probabilities that sum to {total:g} for {len(self.intensities)} intensities; give one each, "
                "with sum 1"
            )

    @cached_property
    def _seen(self) -> float:
        """Probability that a photon is seen, eta."""
        return self.arm.arrival * self.detector.sees

    @cached_property
    def _false_click(self) -> float:
        """Probability of a false click per detector; half of the stray photons go to each."""
        return self.detector.false_click(self.arm.stray_hz(self.detector.window_s) / 2)

    @property
    def background(self) -> float:
        """Probability that an empty pulse clicks, Y0."""
        return self._false_click * (2 - self._false_click)

    def _sees(self, mu: ArrayLike, share: float) -> Floats:
        """Probability that a pulse of intensity mu shows itself where each photon is seen with probability `share`."""
        mean = np.asarray(mu, dtype=np.float64) * share
        return np.asarray(mean if self.single_photons else -np.expm1(-mean))

    @cached_property
    def live_fraction(self) -> float:
        """Share of the clicks for which a detector is ready; in the mean each gets half of the light."""
        d = self._false_click
        click = d + (1 - d) * float(np.dot(self.intensity_probabilities, self._sees(self.intensities, self._seen / 2)))
        return self.detector.live_fraction(click * self.repetition_rate_hz)

    def _law(self, either: Floats, right: Floats, wrong: Floats) -> tuple[Floats, Floats]:
        """Gain, and error rate in the same basis, from the light's own probability to be seen by those detectors.

        With a random choice at double clicks, right outcomes exceed wrong ones by the difference between the silence of
        the wrong and of the right detector.
        """
        gain = self.background + (1 - self.background) * either
        excess = (1 - self._false_click) * (right - wrong)
        error = 0.5 - excess / np.where(gain > 0, 2 * gain, 1.0)
        return self.live_fraction * gain, np.asarray(error)

    @property
    def _shares(self) -> tuple[float, float, float]:
        """Probability that a photon is seen by either detector, by the right one, and by the wrong one."""
        return self._seen, self._seen * (1 - self.misalignment), self._seen * self.misalignment

    def _of_intensity(self, mu: ArrayLike) -> tuple[Floats, Floats]:
        return self._law(*(self._sees(mu, share) for share in self._shares))

    def _of_photons(self, photons: ArrayLike) -> tuple[Floats, Floats]:
        return self._law(*(1 - (1 - share) ** np.asarray(photons) for share in self._shares))

    def expected_gain(self, mu: ArrayLike) -> Floats:
        """Probability that a pulse of intensity mu clicks, Q = 1 - (1 - Y0) e^(-eta mu), times the live share.

        Exact for threshold detectors. Lo, Ma and Chen 2005 write Y0 + 1 - e^(-eta mu), which counts pulses that click
        for both reasons twice: it is more by Y0 (1 - e^(-eta mu)).
        """
        return self._of_intensity(mu)[0]

    def expected_error(self, mu: ArrayLike) -> Floats:
        """Error rate of clicks in the same basis, E = 1/2 - (1 - d) (e^(-eta mu e_d) - e^(-eta mu (1 - e_d))) / 2Q.

        Exact for threshold detectors with false-click probability d each. Lo, Ma and Chen 2005 write
        E Q = Y0 / 2 + e_d (1 - e^(-eta mu)), which is the same in first order of eta mu and d.
        """
        return self._of_intensity(mu)[1]

    def expected_yield(self, photons: ArrayLike) -> Floats:
        """Probability that a pulse of so many photons clicks, Y_n = 1 - (1 - Y0) (1 - eta)^n, times the live share."""
        return self._of_photons(photons)[0]

    def expected_yield_error(self, photons: ArrayLike) -> Floats:
        """Error rate e_n of clicks in the same basis from pulses of so many photons."""
        return self._of_photons(photons)[1]

    def sample(self, n: int, rng: np.random.Generator, *, photons: bool = False) -> Pulses:
        """Draw n pulses.

        Without photon numbers, clicks are drawn by their probability at each intensity, which is the same law.

        Args:
            n: how many.
            rng: randomness.
            photons: whether to draw the photon numbers too.
        """
        bits = np.unpackbits(rng.integers(0, 256, size=(n + 7) // 8, dtype=np.uint8), count=n)
        bases = [(rng.random(n) >= self.basis_probability).view(np.uint8) for _ in range(2)]
        edges = np.cumsum(self.intensity_probabilities)[:-1]
        intensity = np.zeros(n, dtype=np.uint8)
        choice = rng.random(n) if edges.size else np.empty(0)
        for edge in edges:
            intensity += choice >= edge
        numbers = self._photon_numbers(intensity, rng) if photons else None
        if numbers is None:
            index: NDArray[np.integer] = intensity
            gain, error = self._of_intensity(self.intensities)
        else:
            index = numbers
            gain, error = self._of_photons(np.arange(numbers.max(initial=0) + 1))
        clicked = np.flatnonzero(rng.random(n) < gain[index])
        wrong = np.where(bases[0][clicked] == bases[1][clicked], error[index[clicked]], 0.5)
        outcome = np.full(n, -1, dtype=np.int8)
        outcome[clicked] = bits[clicked] ^ (rng.random(clicked.size) < wrong)
        return Pulses(intensity, bases[0], bits, bases[1], outcome, numbers)

    def _photon_numbers(self, intensity: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.int64]:
        mean = np.asarray(self.intensities)[intensity]
        if self.single_photons:
            return (rng.random(intensity.size) < mean).astype(np.int64)
        return rng.poisson(mean)
