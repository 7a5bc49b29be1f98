"""What links of network files have in common: two ends, a way for light, and what stands at it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from qstack.link import Arm, Channel, Fibre, LinkModel, Platform, PrepareAndMeasure
from qstack.link.channels.fibre import standard_attenuation_db_per_km
from qstack.link.platform import PhotonInterface
from qstack.routing.links.fields import ConversionFields, DetectorFields, Fields, FreeSpaceFields

PositiveLength = Annotated[float, Field(gt=0, le=50_000)]
TELECOM_DB_PER_KM = 0.2
"""Loss of a fibre whose light has no colour said."""
SAME_COLOUR_NM = 0.5
"""Photons whose wavelengths differ by no more than this count as of one colour."""


@dataclass(frozen=True)
class End:
    """A node at one end of a link.

    Attributes:
        name: of the node.
        platform: its hardware.
        photon: how its memory emits photons, through its transducer if it has one; None if it cannot.
    """

    name: str
    platform: Platform
    photon: PhotonInterface | None


Ends = tuple[End, End]

Slices = tuple[tuple[float, PrepareAndMeasure], ...]
"""How long each part of a pass lasts (s), and the service meanwhile; one endless part on the ground."""


class BaseLink(Fields, ABC):
    """A link between two nodes.

    Attributes:
        between: names of the two nodes.
    """

    between: tuple[str, str]

    @abstractmethod
    def way(self, apart_km: float | None) -> Channel:
        """What light goes through from end to end, photons and messages alike.

        Args:
            apart_km: distance between the two nodes, as far as their positions say.
        """

    @abstractmethod
    def model(self, ends: Ends, apart_km: float | None) -> LinkModel | None:
        """How it makes pairs; None if it makes none.

        Raises:
            LinkError: it can never work.
        """

    def faults(self, ends: Ends) -> Iterator[str]:
        """What the nodes at its ends cannot do for it."""
        yield from ()

    def pulses(self) -> Slices:
        """The prepare-and-measure service it offers, in parts of a pass; empty if it offers none.

        Raises:
            LinkError: it can never work.
        """
        return ()

    @property
    @abstractmethod
    def told_length(self) -> str:
        """How long it is, for people."""

    @property
    def fibre_km(self) -> float:
        """Length of its fibre."""
        return 0.0


class PhotonLink(BaseLink):
    """A link along which photons fly, through fibre or through air.

    Attributes:
        between: names of the two nodes.
        length_km: from node to node.
        attenuation_db_per_km: loss of the fibre; by default that of standard fibre at the photons' colour.
        insertion_loss_db: connectors and couplers of the whole link.
        splices: number of splices along the fibre.
        splice_loss_db: loss of each.
        group_index: speed of light in vacuum over that in the fibre.
        free_space: telescopes and air in place of the fibre.
        conversion: frequency converters behind nodes whose photons have another colour.
        detector: the detectors of the link.
    """

    length_km: PositiveLength
    attenuation_db_per_km: Annotated[float, Field(ge=0, le=100)] | None = None
    insertion_loss_db: Annotated[float, Field(ge=0, le=200)] = 0.0
    splices: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    splice_loss_db: Annotated[float, Field(ge=0, le=10)] = 0.1
    group_index: Annotated[float, Field(ge=1, le=10)] = 1.468
    free_space: FreeSpaceFields | None = None
    conversion: ConversionFields | None = None
    detector: DetectorFields = DetectorFields()

    def piece(self, share: float, wavelength_nm: float | None) -> Channel:
        """That share of the way, for light of that colour.

        Raises:
            LinkError: no standard fibre is known for the colour, and no attenuation is given.
        """
        if self.free_space is not None:
            return self.free_space.built(self.length_km * share)
        loss = self.attenuation_db_per_km
        if loss is None:
            loss = TELECOM_DB_PER_KM if wavelength_nm is None else standard_attenuation_db_per_km(wavelength_nm)
        fixed_db = self.insertion_loss_db + self.splices * self.splice_loss_db
        return Fibre(self.length_km * share, loss, fixed_db * share, self.group_index)

    def way(self, apart_km: float | None) -> Channel:
        """The whole fibre or air; light without a colour is taken to be telecom light."""
        return self.piece(1.0, None if self.conversion is None else self.conversion.wavelength_nm)

    def arm(self, end: End, share: float) -> Arm:
        """The way of a node's photon along that share of the link, behind a converter where its colour needs one."""
        photon = end.photon
        assert photon is not None, "checked when the network was made"
        conversion = self.conversion.built() if self.conversion is not None and self._converts(photon) else None
        return Arm(self.piece(share, self.colour(photon)), photon.emission, conversion, photon.noise_photons)

    def colour(self, photon: PhotonInterface) -> float | None:
        """Wavelength of a node's photon on the way, behind the converter if it needs one; None if nothing is said."""
        return self.conversion.wavelength_nm if self.conversion and self._converts(photon) else photon.wavelength_nm

    def _converts(self, photon: PhotonInterface) -> bool:
        """Whether there is a converter and the photon's colour is not its own already."""
        if self.conversion is None:
            return False
        return photon.wavelength_nm is None or not same_colour(photon.wavelength_nm, self.conversion.wavelength_nm)

    @property
    def told_length(self) -> str:
        """Its length in km."""
        return f"{self.length_km:g} km"

    @property
    def fibre_km(self) -> float:
        """Its length, unless it leads through air."""
        return self.length_km if self.free_space is None else 0.0


def same_colour(first: float | None, second: float | None) -> bool:
    """Whether two photons can interfere by their wavelengths; what is not said is no obstacle."""
    return first is None or second is None or abs(first - second) <= SAME_COLOUR_NM
