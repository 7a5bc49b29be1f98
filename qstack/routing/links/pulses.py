"""Links that carry light pulses instead of pairs: prepare and measure, on the ground and from a satellite."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

from pydantic import model_validator

from qstack.link import Arm, Channel, Fibre, LinkModel, PrepareAndMeasure
from qstack.link.platform import Probability
from qstack.routing.links.base import BaseLink, Ends, PhotonLink, Slices
from qstack.routing.links.fields import Amount, DetectorFields, Fields, Positive, SatelliteFields, Share, Wavelength


class SenderFields(Fields):
    """What sends the pulses, and in which basis both ends choose; see `qstack.link.PrepareAndMeasure`.

    Attributes:
        repetition_rate_hz: pulses per second.
        intensities: mean photon numbers that the sender chooses from, decoys included.
        intensity_probabilities: how often it chooses each.
        basis_probability: how often sender and receiver choose basis 0.
        misalignment: probability that a photon goes to the wrong detector.
        single_photons: whether a pulse has at most one photon, with the intensity as its probability.
        coupling: probability that a photon enters the channel; 1 where intensities are meant at its entrance.
        wavelength_nm: colour of the photons; None if it is not said.
    """

    repetition_rate_hz: Positive
    intensities: tuple[Amount, ...] = (0.5,)
    intensity_probabilities: tuple[Probability, ...] = (1.0,)
    basis_probability: Probability = 0.5
    misalignment: Probability = 0.0
    single_photons: bool = False
    coupling: Share = 1.0
    wavelength_nm: Wavelength | None = None

    @model_validator(mode="after")
    def _probabilities_fit(self) -> Self:
        total = math.fsum(self.intensity_probabilities)
        if len(self.intensities) != len(self.intensity_probabilities) or abs(total - 1) > 1e-9:
            raise ValueError("give one intensity_probabilities entry for each of intensities, with sum 1")
        return self

    def service(self, channel: Channel, detectors: DetectorFields) -> PrepareAndMeasure:
        """The service over a channel."""
        own: dict[str, Any] = self.model_dump(exclude={"coupling", "wavelength_nm"})
        return PrepareAndMeasure(arm=Arm(channel, self.coupling), detector=detectors.built(), **own)


class PrepareAndMeasureLink(PhotonLink):
    """The first node sends pulses that the second measures; it makes no pairs. Further fields as for `PhotonLink`.

    Attributes:
        sender: what sends the pulses.
    """

    kind: Literal["prepare_and_measure"] = "prepare_and_measure"
    sender: SenderFields

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel | None:
        """None: there are no pairs."""
        return None

    def pulses(self) -> Slices:
        """The service, endless."""
        return ((math.inf, self.sender.service(self.piece(1.0, self.sender.wavelength_nm), self.detector)),)


class SatellitePulsesLink(BaseLink):
    """A satellite, the first node, sends pulses that a ground station measures; it makes no pairs.

    Attributes:
        between: names of the satellite's and the station's node.
        satellite: its orbit and its telescopes.
        sender: what sends the pulses.
        detector: each of the detectors on the ground.
    """

    kind: Literal["satellite_pulses"] = "satellite_pulses"
    satellite: SatelliteFields
    sender: SenderFields
    detector: DetectorFields = DetectorFields()

    @property
    def told_length(self) -> str:
        """How high the satellite flies."""
        return f"{self.satellite.height_km:g} km high"

    def way(self, apart_km: float | None) -> Channel:
        """Messages fly straight down from the middle of the pass, without loss."""
        highest = max(self.satellite.over_one().cut, key=lambda part: part.downlinks[0].elevation_deg)
        return Fibre(highest.downlinks[0].slant_range_km, attenuation_db_per_km=0.0, group_index=1.0)

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel | None:
        """None: there are no pairs."""
        return None

    def pulses(self) -> Slices:
        """The service in each part of a pass."""
        return tuple(
            (part.duration_s, self.sender.service(part.downlinks[0], self.detector))
            for part in self.satellite.over_one().cut
        )
