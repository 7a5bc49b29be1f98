"""What network files say of a link's parts: detectors, converters, transducers, light's way through fibre or air.

Each has a method that gives the part of the link room it stands for.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from qstack.link import Conversion, Detector, Transducer
from qstack.link.channels.free_space import DARK, FreeSpace, Sky, Telescopes, diverging_waist_m
from qstack.link.channels.satellite import Pass, Station
from qstack.link.platform import PhotonInterface

Share = Annotated[float, Field(gt=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Wavelength = Annotated[float, Field(gt=100, lt=1e5)]


class Fields(BaseModel):
    """What all parts of a network file have in common: unknown fields are refused, and nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DetectorFields(Fields):
    """Detectors of a link, all alike; see `qstack.link.Detector`.

    Attributes:
        efficiency: probability that a photon that reaches it makes it click.
        dark_count: probability of a false click per window; or give
        dark_rate_hz: the rate of false clicks.
        window_s: for how long a click counts, per attempt or time bin.
        jitter_s: standard deviation of the time of a click.
        dead_time_s: how long it is blind after a click.
        number_resolving: whether it tells one photon from several.
    """

    efficiency: Share = 0.9
    dark_count: Annotated[float, Field(ge=0, lt=1)] | None = None
    dark_rate_hz: Amount = 0.0
    window_s: Positive = 1e-9
    jitter_s: Amount = 0.0
    dead_time_s: Amount = 0.0
    number_resolving: bool = False

    @model_validator(mode="after")
    def _dark_once(self) -> Self:
        if self.dark_count is not None and self.dark_rate_hz:
            raise ValueError("give dark_count (per window) or dark_rate_hz, not both")
        return self

    def built(self) -> Detector:
        """The detector."""
        rate = self.dark_rate_hz if self.dark_count is None else -math.log1p(-self.dark_count) / self.window_s
        return Detector(self.efficiency, rate, self.window_s, self.jitter_s, self.dead_time_s, self.number_resolving)


class ConversionFields(Fields):
    """Frequency converters behind the nodes whose photons have another colour; see `qstack.link.Conversion`.

    Attributes:
        efficiency: probability that a photon comes out, at the new colour and in the fibre.
        wavelength_nm: the new colour.
        noise_hz: rate of photons it adds.
    """

    efficiency: Share
    wavelength_nm: Wavelength = 1550.0
    noise_hz: Amount = 0.0

    def built(self) -> Conversion:
        """The converter."""
        return Conversion(self.efficiency, self.noise_hz, self.wavelength_nm)


class TransducerFields(Fields):
    """A microwave-optical transducer, the photon interface of a superconducting node; see `qstack.link.Transducer`.

    Attributes:
        efficiency: probability that a microwave photon comes out as an optical one, in the fibre.
        added_noise_photons: thermal photons added per mode (time bin), referred to its input.
        wavelength_nm: the optical colour.
        preparation_time_s: time of an attempt before the photon leaves.
        visibility: two-photon interference visibility of its photons.
    """

    efficiency: Share
    added_noise_photons: Amount = 0.0
    wavelength_nm: Wavelength = 1550.0
    preparation_time_s: Amount = 0.0
    visibility: Annotated[float, Field(ge=0, le=1)] = 1.0

    def built(self) -> PhotonInterface:
        """The photon interface it gives its node."""
        made = Transducer(self.efficiency, self.added_noise_photons, self.wavelength_nm, self.preparation_time_s)
        return made.photon(self.visibility)


class SkyFields(Fields):
    """What a receiving telescope sees of the sky; see `qstack.link.channels.free_space.Sky`.

    Attributes:
        time: a time whose radiance is known; or give
        radiance_w_per_m2_sr_um: the spectral radiance of the sky.
        field_of_view_urad: full angle of the cone of sky that reaches the detector.
        filter_nm: bandwidth of the filter in front of the detector.
    """

    time: Literal["moonless_night", "full_moon_night", "clear_day", "cloudy_day"] | None = None
    radiance_w_per_m2_sr_um: Amount | None = None
    field_of_view_urad: Amount
    filter_nm: Amount

    @model_validator(mode="after")
    def _one_radiance(self) -> Self:
        if (self.time is None) == (self.radiance_w_per_m2_sr_um is None):
            raise ValueError("give either time or radiance_w_per_m2_sr_um")
        return self

    def built(self) -> Sky:
        """The sky."""
        if self.radiance_w_per_m2_sr_um is not None:
            return Sky(self.radiance_w_per_m2_sr_um, self.field_of_view_urad, self.filter_nm)
        assert self.time is not None
        return Sky.at(self.time, self.field_of_view_urad, self.filter_nm)


class TelescopesFields(Fields):
    """A telescope that sends and one that collects; see `qstack.link.channels.free_space.Telescopes`.

    Attributes:
        wavelength_nm: wavelength of the light.
        waist_m: radius of the beam where it leaves; or give
        divergence_urad: its full far-field divergence between the 1/e^2 directions.
        receiver_diameter_m: diameter of the collecting telescope.
        pointing_urad: standard deviation of the beam's direction, in each axis.
        transmitter_efficiency: share of the light that the sending optics let through.
        receiver_efficiency: the same for the collecting optics and filters.
        sky: the background the receiver looks at; dark if nothing is said.
    """

    wavelength_nm: Wavelength
    waist_m: Positive | None = None
    divergence_urad: Positive | None = None
    receiver_diameter_m: Positive
    pointing_urad: Amount = 0.0
    transmitter_efficiency: Share = 1.0
    receiver_efficiency: Share = 1.0
    sky: SkyFields | None = None

    @model_validator(mode="after")
    def _one_beam(self) -> Self:
        if (self.waist_m is None) == (self.divergence_urad is None):
            raise ValueError("give either waist_m or divergence_urad")
        return self

    def built(self) -> Telescopes:
        """The telescopes."""
        waist_m = self.waist_m
        if waist_m is None:
            assert self.divergence_urad is not None
            waist_m = diverging_waist_m(self.divergence_urad, self.wavelength_nm)
        return Telescopes(
            self.wavelength_nm,
            waist_m,
            self.receiver_diameter_m,
            self.pointing_urad,
            self.transmitter_efficiency,
            self.receiver_efficiency,
            DARK if self.sky is None else self.sky.built(),
        )


class FreeSpaceFields(Fields):
    """A straight way through air; see `qstack.link.channels.free_space.FreeSpace`.

    Attributes:
        telescopes: what sends and what collects the light.
        extinction_db_per_km: loss in the air.
        fried_m: Fried parameter of the turbulence; without it the air is still.
    """

    telescopes: TelescopesFields
    extinction_db_per_km: Amount = 0.0
    fried_m: Positive | None = None

    def built(self, length_km: float) -> FreeSpace:
        """The way of that length."""
        fried_m = math.inf if self.fried_m is None else self.fried_m
        return FreeSpace(length_km, self.telescopes.built(), self.extinction_db_per_km, fried_m)


class SatelliteFields(Fields):
    """A satellite that passes over the nodes; see `qstack.link.channels.satellite.Pass`.

    Attributes:
        height_km: of its orbit, above the ground.
        telescopes: the satellite's and each station's, one entry for each station in the order of `between`.
        zenith_transmittance: share of the light that the air lets through from straight above.
        min_elevation_deg: where a station begins and ceases to see the satellite.
        offset_km: distance of its track from the point midway between two stations, on their bisector.
        heading_deg: direction of flight there; 0 is parallel to the way from the first station to the second.
        max_elevation_deg: highest elevation of a pass over one station.
        slices: into how many equal times the pass is cut.
    """

    height_km: Annotated[float, Field(gt=0, le=100_000)]
    telescopes: Annotated[tuple[TelescopesFields, ...], Field(min_length=1, max_length=2)]
    zenith_transmittance: Share = 1.0
    min_elevation_deg: Annotated[float, Field(ge=0, lt=90)] = 10.0
    offset_km: Annotated[float, Field(ge=-20_000, le=20_000)] = 0.0
    heading_deg: Annotated[float, Field(ge=-360, le=360)] = 0.0
    max_elevation_deg: Annotated[float, Field(gt=0, le=90)] = 90.0
    slices: Annotated[int, Field(ge=1, le=10_000)] = 20

    def _stations(self) -> tuple[Station, ...]:
        return tuple(Station(each.built(), self.zenith_transmittance) for each in self.telescopes)

    def over_one(self) -> Pass:
        """A pass over one station."""
        (first, *_) = self._stations()
        return Pass.over(first, self.height_km, self.max_elevation_deg, self.min_elevation_deg, self.slices)

    def over_two(self, separation_km: float) -> Pass:
        """A pass over two stations that are so far apart."""
        stations = self._stations()
        return Pass.between(
            (stations[0], stations[-1]),
            self.height_km,
            separation_km,
            self.offset_km,
            self.heading_deg,
            self.min_elevation_deg,
            self.slices,
        )


class PublishedFields(Fields):
    """A result that was published for what the file describes; `qstack plan` sets its own beside it.

    Attributes:
        between: the two nodes.
        quantity: what was measured: the rate of pairs, their fidelity, or the CHSH value S at its best settings.
        value: the published value.
        low: lower end of the published band.
        high: upper end of the published band.
        source: where it was published.
    """

    between: tuple[str, str]
    quantity: Literal["rate_per_s", "fidelity", "S"]
    value: float
    low: float
    high: float
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"low {self.low}, value {self.value}, high {self.high}: give them in this order")
        highest = {"rate_per_s": math.inf, "fidelity": 1.0, "S": 2 * math.sqrt(2)}[self.quantity]
        if not 0 <= self.value <= highest:
            raise ValueError(f"{self.quantity} is {self.value}; it can be from 0 to {highest:.4g}")
        return self
