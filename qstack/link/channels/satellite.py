"""Light from a satellite down to the ground, and the passes of a satellite over one or several ground stations.

The Earth is a sphere that does not turn: its surface moves below a low orbit at up to 7 % of the satellite's own speed
over the ground, so real passes last up to that much longer or shorter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from qstack.link.channels import SPEED_OF_LIGHT_KM_PER_S
from qstack.link.channels.free_space import Telescopes
from qstack.link.errors import LinkError, need_amount, need_count, need_probability

EARTH_RADIUS_KM = 6371.0
_EARTH_MU_KM3_PER_S2 = 398_600.441_8
_HORIZON_RAD = math.pi / 2


def slant_range_km(elevation_deg: float, height_km: float) -> float:
    """Distance of a satellite of that height, seen under that elevation: the law of cosines at the Earth's centre."""
    up = EARTH_RADIUS_KM * math.sin(math.radians(elevation_deg))
    return math.sqrt(up**2 + 2 * EARTH_RADIUS_KM * height_km + height_km**2) - up


def air_mass(elevation_deg: float) -> float:
    """Air on the way out at this elevation, as a multiple of that straight up; 38 at the horizon.

    Kasten and Young 1989, Applied Optics 28, 4735: a fit to the standard atmosphere, good down to the horizon.
    """
    return float(1 / (math.sin(math.radians(elevation_deg)) + 0.50572 * (elevation_deg + 6.07995) ** -1.6364))


def _reach_rad(elevation_deg: float, height_km: float) -> float:
    """Angle at the Earth's centre between a station and a satellite that it sees under this elevation."""
    elevation = math.radians(elevation_deg)
    return math.acos(EARTH_RADIUS_KM * math.cos(elevation) / (EARTH_RADIUS_KM + height_km)) - elevation


def _elevation_deg(reach_rad: float, height_km: float) -> float:
    """The elevation of a satellite that far off; undoes `_reach_rad`."""
    ratio = EARTH_RADIUS_KM / (EARTH_RADIUS_KM + height_km)
    return math.degrees(math.atan2(math.cos(reach_rad) - ratio, math.sin(reach_rad)))


@dataclass(frozen=True, slots=True)
class Downlink:
    """The way from a satellite to a ground station while it stands at one elevation.

    Turbulence is left out: it lies at the end of the way, where it widens the beam by far less than its own width.

    Attributes:
        elevation_deg: angle between the satellite and the horizon.
        height_km: height of the satellite above the ground.
        telescopes: the satellite's telescope, the station's, and its sky.
        zenith_transmittance: share of the light that the air lets through from straight above.
    """

    elevation_deg: float
    height_km: float
    telescopes: Telescopes
    zenith_transmittance: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible downlinks.

        Raises:
            LinkError: a figure is out of range, or the satellite is below the horizon.
        """
        _need_elevation("elevation_deg", self.elevation_deg)
        need_amount("height_km", self.height_km, "kilometres", positive=True)
        need_probability("zenith_transmittance", self.zenith_transmittance, positive=True)

    @property
    def slant_range_km(self) -> float:
        """Distance between satellite and station."""
        return slant_range_km(self.elevation_deg, self.height_km)

    @property
    def transmissivity(self) -> float:
        """Probability that a photon comes out of the station's optics."""
        air = self.zenith_transmittance ** air_mass(self.elevation_deg)
        return float(air * self.telescopes.transmissivity(self.slant_range_km))

    @property
    def flight_time_s(self) -> float:
        """Time light takes from the satellite; the air delays it by less than 0.1 microseconds more."""
        return self.slant_range_km / SPEED_OF_LIGHT_KM_PER_S

    @property
    def background_hz(self) -> float:
        """Rate of the sky's photons that come out of the station's optics."""
        return self.telescopes.background_hz


@dataclass(frozen=True, slots=True)
class Station:
    """A ground station, placed by the satellite's track over the ground.

    Attributes:
        telescopes: the satellite's telescope for it, its own, and its sky.
        zenith_transmittance: share of the light that the air above it lets through from straight above.
        across_km: its distance from the track, to the left of the flight if positive.
        along_km: how far along the track the satellite comes closest to it.
    """

    telescopes: Telescopes
    zenith_transmittance: float = 1.0
    across_km: float = 0.0
    along_km: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible stations.

        Raises:
            LinkError: the transmittance is no probability, or a place is infinite.
        """
        need_probability("zenith_transmittance", self.zenith_transmittance, positive=True)
        need_amount("size of across_km", abs(self.across_km), "kilometres")
        need_amount("size of along_km", abs(self.along_km), "kilometres")

    def reach_rad(self, flown_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        """Angles at the Earth's centre to a satellite that has flown these angles along its track."""
        cosine = math.cos(self.across_km / EARTH_RADIUS_KM) * np.cos(flown_rad - self.along_km / EARTH_RADIUS_KM)
        return np.arccos(np.clip(cosine, -1, 1))


class Slice(NamedTuple):
    """A part of a pass that is short enough to take the satellite as standing still.

    Attributes:
        duration_s: how long it lasts.
        downlinks: the way to each station, at the middle of the slice.
    """

    duration_s: float
    downlinks: tuple[Downlink, ...]


@dataclass(frozen=True)
class Pass:
    """A satellite on a circular orbit, while every station sees it.

    Attributes:
        height_km: height above the ground.
        stations: the ground stations; `over` and `between` place one and two of them.
        min_elevation_deg: where each station begins and ceases to see the satellite.
        slices: into how many equal times the pass is cut.
    """

    height_km: float
    stations: tuple[Station, ...]
    min_elevation_deg: float = 10.0
    slices: int = 20

    def __post_init__(self) -> None:
        """Refuse impossible passes.

        Raises:
            LinkError: a figure is out of range, or the stations never all see the satellite.
        """
        need_amount("height_km", self.height_km, "kilometres", positive=True)
        _need_elevation("min_elevation_deg", self.min_elevation_deg)
        need_count("slices", self.slices)
        need_count("number of stations", len(self.stations))
        start, end = self._flown_rad
        if not start < end:
            raise LinkError(self._out_of_sight())

    @classmethod
    def over(
        cls,
        station: Station,
        height_km: float,
        max_elevation_deg: float = 90.0,
        min_elevation_deg: float = 10.0,
        slices: int = 20,
    ) -> Self:
        """A pass over one station, known by the highest elevation; the station's own place is not used.

        Raises:
            LinkError: a figure is out of range, or the highest elevation is not above the least.
        """
        need_amount("height_km", height_km, "kilometres", positive=True)
        _need_elevation("max_elevation_deg", max_elevation_deg)
        across_km = EARTH_RADIUS_KM * _reach_rad(max_elevation_deg, height_km)
        placed = replace(station, across_km=across_km, along_km=0.0)
        return cls(height_km, (placed,), min_elevation_deg, slices)

    @classmethod
    def between(
        cls,
        stations: tuple[Station, Station],
        height_km: float,
        separation_km: float,
        offset_km: float = 0.0,
        heading_deg: float = 0.0,
        min_elevation_deg: float = 10.0,
        slices: int = 20,
    ) -> Self:
        """A pass over two stations, known by where its track crosses their perpendicular bisector.

        Args:
            stations: the two; their own places are not used.
            height_km: height above the ground.
            separation_km: great-circle distance between the stations.
            offset_km: distance of that crossing from the point midway, to the left of the way from first to second.
            heading_deg: direction of flight there; 0 is parallel to the way from the first station to the second, 90
                turns left from it.
            min_elevation_deg: where each station begins and ceases to see the satellite.
            slices: into how many equal times the pass is cut.

        Raises:
            LinkError: a figure is out of range, or the stations never both see the satellite.
        """
        need_amount("separation_km", separation_km, "kilometres")
        need_amount("size of offset_km", abs(offset_km), "kilometres")
        need_amount("size of heading_deg", abs(heading_deg), "degrees")
        places = _places_km(separation_km, offset_km, math.radians(heading_deg))
        placed = tuple(
            replace(station, across_km=across_km, along_km=along_km)
            for station, (across_km, along_km) in zip(stations, places, strict=True)
        )
        return cls(height_km, placed, min_elevation_deg, slices)

    @property
    def _angular_speed_rad_per_s(self) -> float:
        return math.sqrt(_EARTH_MU_KM3_PER_S2 / (EARTH_RADIUS_KM + self.height_km) ** 3)

    @property
    def _flown_rad(self) -> tuple[float, float]:
        """Where along its track the satellite comes into the sight of all stations, and where it leaves it.

        A station sees it while cos(across) cos(flown - along) >= cos(reach), the spherical Pythagoras.
        """
        seen = math.cos(_reach_rad(self.min_elevation_deg, self.height_km))
        start, end = -math.inf, math.inf
        for station in self.stations:
            nearest = math.cos(station.across_km / EARTH_RADIUS_KM)
            half = math.acos(seen / nearest) if nearest > seen else 0.0
            middle = station.along_km / EARTH_RADIUS_KM
            start, end = max(start, middle - half), min(end, middle + half)
        return start, end

    @property
    def duration_s(self) -> float:
        """How long all stations see the satellite."""
        start, end = self._flown_rad
        return (end - start) / self._angular_speed_rad_per_s

    @cached_property
    def cut(self) -> tuple[Slice, ...]:
        """The slices of the pass, in the order of time."""
        start, end = self._flown_rad
        flown = start + (np.arange(self.slices) + 0.5) * (end - start) / self.slices
        reaches = np.stack([station.reach_rad(flown) for station in self.stations], axis=-1)
        return tuple(
            Slice(
                self.duration_s / self.slices,
                tuple(
                    Downlink(
                        _elevation_deg(reach, self.height_km),
                        self.height_km,
                        station.telescopes,
                        station.zenith_transmittance,
                    )
                    for reach, station in zip(row, self.stations, strict=True)
                ),
            )
            for row in reaches.tolist()
        )

    def _out_of_sight(self) -> str:
        """Why no moment suits all stations, and what would."""
        reach_km = EARTH_RADIUS_KM * _reach_rad(self.min_elevation_deg, self.height_km)
        places = [station.along_km / EARTH_RADIUS_KM for station in self.stations]
        flown = np.linspace(min(places), max(places), 2001)
        needed = float(np.min(np.max([station.reach_rad(flown) for station in self.stations], axis=0)))
        elevation = math.radians(self.min_elevation_deg)
        text = (
            f"at {self.height_km:g} km the satellite is seen above {self.min_elevation_deg:g} degrees from "
            f"{reach_km:.0f} km around, but at the best moment of this pass a station is "
            f"{needed * EARTH_RADIUS_KM:.0f} km away: bring stations and track closer together"
        )
        if needed + elevation < _HORIZON_RAD:
            height_km = EARTH_RADIUS_KM * (math.cos(elevation) / math.cos(needed + elevation) - 1)
            text += f", or fly at more than {height_km:.0f} km"
        return text


def _need_elevation(name: str, value: float) -> None:
    if not 0 <= value <= 90:
        raise LinkError(f"{name} is {value}; give 0 (the horizon) to 90 (straight above) degrees")


def _places_km(separation_km: float, offset_km: float, heading_rad: float) -> list[tuple[float, float]]:
    """Where two stations lie across and along the track; arguments as for `Pass.between`.

    The stations lie on the equator of a sphere, on either side of longitude 0, the perpendicular bisector.
    """
    half, offset = separation_km / 2 / EARTH_RADIUS_KM, offset_km / EARTH_RADIUS_KM
    crossing = np.array([math.cos(offset), 0.0, math.sin(offset)])
    east, north = np.array([0.0, 1.0, 0.0]), np.array([-math.sin(offset), 0.0, math.cos(offset)])
    flight = math.cos(heading_rad) * east + math.sin(heading_rad) * north
    left = np.cross(crossing, flight)
    places = []
    for longitude in (-half, half):
        station = np.array([math.cos(longitude), math.sin(longitude), 0.0])
        forward, below = station @ flight, station @ crossing
        across, along = math.atan2(station @ left, math.hypot(forward, below)), math.atan2(forward, below)
        places.append((EARTH_RADIUS_KM * across, EARTH_RADIUS_KM * along))
    return places
