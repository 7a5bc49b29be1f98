"""Ways two nodes get a heralded pair, each behind the same three facts and one sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.errors import InputError
from qstack.link.fibre import Fibre


class LinkError(InputError):
    """A link parameter is out of range, or the link can never succeed."""


class LinkModel(Protocol):
    """What a way of making link pairs must say."""

    @property
    def success_probability(self) -> float:
        """Probability that one attempt heralds a pair."""

    @property
    def attempt_time_s(self) -> float:
        """Time from the start of one attempt to the start of the next, the herald's way back included."""

    @property
    def herald_delay_s(self) -> float:
        """How long both qubits have been stored when the herald arrives; their decay is not in `state`."""

    @property
    def state(self) -> NDArray[np.float64]:
        """Bell-diagonal state of a heralded pair, corrected to Phi+, shape (4,)."""

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """The Bell states (2z + x) a herald announces before correction, all alike in probability."""


RARE = 1e-9
"""Success probabilities from here down are drawn as floats: their numbers of attempts do not fit into integers."""


def sample_heralds(model: LinkModel, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Times in seconds until a herald, one per entry: whole attempts, skipping ahead over the failed ones."""
    p = model.success_probability
    if p > RARE:
        attempts = rng.geometric(p, size=shape).astype(np.float64)
    else:
        attempts = np.ceil(rng.standard_exponential(size=shape) / -np.log1p(-p))
    return np.asarray(attempts * model.attempt_time_s)


def _probability(name: str, value: float, *, positive: bool = False) -> None:
    if not (0 <= value <= 1) or (positive and value == 0):
        raise LinkError(f"{name} is {value}; give a probability {'above 0, at most 1' if positive else 'from 0 to 1'}")


@dataclass(frozen=True, slots=True)
class Heralded:
    """A link known only by its figures: success probability, attempt time and Werner fidelity."""

    success_probability: float
    attempt_time_s: float
    fidelity: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible figures.

        Raises:
            LinkError: a probability or the attempt time is out of range.
        """
        _probability("success_probability", self.success_probability, positive=True)
        _probability("fidelity", self.fidelity)
        if not 0 < self.attempt_time_s < np.inf:
            raise LinkError(f"attempt_time_s is {self.attempt_time_s}; give a positive time in seconds")

    @property
    def herald_delay_s(self) -> float:
        """None: the fidelity is that at the herald."""
        return 0.0

    @property
    def state(self) -> NDArray[np.float64]:
        """A Werner state."""
        return bell.werner(self.fidelity)

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Always Phi+."""
        return (0,)


@dataclass(frozen=True, slots=True)
class DoubleClick:
    """Two photons, one from each node, meet at a station between them (Barrett and Kok 2005).

    Each node entangles its memory with a photon in two time bins; one click in each bin heralds Psi+ or Psi-,
    corrected to Phi+. Without dark counts P = eta_A eta_B / 2 and F = (1 + V) / 2.

    Attributes:
        arms: the fibres from the two nodes to the station.
        emission: probability that a node's photon enters the fibre in the right mode, for each node.
        detector_efficiency: probability that a detector sees a photon.
        dark_count: probability of a false click per detector and time bin.
        visibility: two-photon interference visibility V.
        preparation_time_s: initialisation and emission per attempt, before the photon's flight.
        modes: attempts multiplexed in one round trip (time bins, frequencies, memories).
    """

    arms: tuple[Fibre, Fibre]
    emission: tuple[float, float]
    detector_efficiency: float = 1.0
    dark_count: float = 0.0
    visibility: float = 1.0
    preparation_time_s: float = 0.0
    modes: int = 1

    def __post_init__(self) -> None:
        """Refuse impossible stations.

        Raises:
            LinkError: a probability is out of range, or a pair can never be heralded.
        """
        for name, value in (("emission", self.emission[0]), ("emission", self.emission[1])):
            _probability(name, value, positive=True)
        _probability("detector_efficiency", self.detector_efficiency, positive=True)
        _probability("dark_count", self.dark_count)
        _probability("visibility", self.visibility)
        if self.modes < 1:
            raise LinkError(f"modes is {self.modes}; give 1 or more")
        if not self.single_probability > 0:
            raise LinkError(f"a photon never gets through {self.arms}; shorten the fibre or lower its loss")

    @property
    def _photons(self) -> tuple[float, float]:
        """Probability that each node's photon would make a detector click."""
        first, second = (
            emission * arm.transmissivity * self.detector_efficiency
            for emission, arm in zip(self.emission, self.arms, strict=True)
        )
        return first, second

    @property
    def _heralds(self) -> tuple[float, float, float]:
        """Probability per mode of a herald by one photon in each bin, by two in one bin, and by lost photons.

        A herald is exactly one click in each time bin; each bin is watched by two threshold detectors. Half
        of the emitted pairs have their photons in different bins (the wanted state). Two photons in one bin
        bunch with probability (1 + V) / 2 and then need one dark count in the other bin; a lost photon
        likewise.
        """
        a, b = self._photons
        quiet = (1 - self.dark_count) ** 2
        false_click = 2 * self.dark_count
        both = a * b * quiet / 2
        same_bin = both * (1 + self.visibility) / 2 * false_click
        lost = (a * (1 - b) + b * (1 - a)) * false_click * quiet + (1 - a) * (1 - b) * false_click**2 * quiet
        return both, same_bin, lost

    @property
    def single_probability(self) -> float:
        """Probability that one mode heralds in one attempt."""
        return sum(self._heralds)

    @property
    def success_probability(self) -> float:
        """Probability that at least one of the modes heralds."""
        return float(-np.expm1(self.modes * np.log1p(-min(self.single_probability, 1 - 1e-16))))

    @property
    def attempt_time_s(self) -> float:
        """Preparation, the longer arm's flight to the station, and the herald's way back."""
        return self.preparation_time_s + self.herald_delay_s

    @property
    def herald_delay_s(self) -> float:
        """The photon's flight to the station and the herald's way back, both along the longer arm."""
        return 2 * max(arm.flight_time_s for arm in self.arms)

    @property
    def state(self) -> NDArray[np.float64]:
        """Bell-diagonal state of memories that lose nothing, shape (4,); exact, corrected from Psi to Phi+.

        One photon per bin leaves phase errors of probability (1 - V) / 2; two in one bin leave equal spins
        without phase, which the correction turns into an even mixture of Psi+ and Psi-; a lost photon leaves
        no correlation.
        """
        both, same_bin, lost = self._heralds
        v = self.visibility
        wanted = np.array([(1 + v) / 2, 0.0, (1 - v) / 2, 0.0])
        total = both * wanted + same_bin * np.array([0.0, 0.5, 0.0, 0.5]) + lost * np.full(4, 0.25)
        return np.asarray(total / total.sum())

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Psi+ when the same detector clicked twice, Psi- when both did."""
        return (1, 3)
