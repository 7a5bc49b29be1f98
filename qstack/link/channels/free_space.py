"""Light through the open air: a Gaussian beam between two telescopes, and the light of the sky beside it."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import Self

from qstack.link.channels import SPEED_OF_LIGHT_KM_PER_S
from qstack.link.errors import LinkError, need_amount, need_probability

_PLANCK_J_S = 6.626_070_15e-34
_AIR_GROUP_INDEX = 1.000_28
"""Air at sea level, near infrared (Ciddor 1996)."""

SKY_RADIANCE_W_PER_M2_SR_UM = {
    "moonless_night": 1.5e-5,
    "full_moon_night": 1.5e-3,
    "clear_day": 1.5,
    "cloudy_day": 150.0,
}
"""Typical radiance of the sky in the near infrared (Miao et al. 2005, New Journal of Physics 7, 215)."""


@dataclass(frozen=True, slots=True)
class Sky:
    """What a receiving telescope sees of the sky.

    Attributes:
        radiance_w_per_m2_sr_um: spectral radiance of the sky; `Sky.at` takes it by name.
        field_of_view_urad: full angle of the cone of sky that reaches the detector.
        filter_nm: bandwidth of the filter in front of the detector.
    """

    radiance_w_per_m2_sr_um: float
    field_of_view_urad: float
    filter_nm: float

    def __post_init__(self) -> None:
        """Refuse impossible skies.

        Raises:
            LinkError: a figure is negative or infinite.
        """
        need_amount("radiance_w_per_m2_sr_um", self.radiance_w_per_m2_sr_um, "W / (m^2 sr um)")
        need_amount("field_of_view_urad", self.field_of_view_urad, "microradians")
        need_amount("filter_nm", self.filter_nm, "nanometres")

    @classmethod
    def at(cls, time: str, field_of_view_urad: float, filter_nm: float) -> Self:
        """The sky at a time named in `SKY_RADIANCE_W_PER_M2_SR_UM`.

        Raises:
            LinkError: no sky has that name, or a figure is out of range.
        """
        if time not in SKY_RADIANCE_W_PER_M2_SR_UM:
            close = difflib.get_close_matches(time, SKY_RADIANCE_W_PER_M2_SR_UM, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            known = ", ".join(SKY_RADIANCE_W_PER_M2_SR_UM)
            raise LinkError(f"no sky is called {time!r}; give one of {known}, or its radiance{hint}")
        return cls(SKY_RADIANCE_W_PER_M2_SR_UM[time], field_of_view_urad, filter_nm)

    def photons_hz(self, wavelength_nm: float, diameter_m: float) -> float:
        """Rate of the sky's photons that enter a telescope of this diameter within field of view and filter.

        Radiance times solid angle, area and bandwidth over the energy of a photon (Miao et al. 2005).
        """
        solid_angle_sr = math.pi / 4 * (self.field_of_view_urad * 1e-6) ** 2
        area_m2 = math.pi / 4 * diameter_m**2
        power_w = self.radiance_w_per_m2_sr_um * solid_angle_sr * area_m2 * self.filter_nm * 1e-3
        photon_j = _PLANCK_J_S * SPEED_OF_LIGHT_KM_PER_S * 1e3 / (wavelength_nm * 1e-9)
        return power_w / photon_j


DARK = Sky(0.0, 0.0, 0.0)
"""No light but the signal's."""


def diverging_waist_m(divergence_urad: float, wavelength_nm: float) -> float:
    """Waist of the Gaussian beam that has this far-field divergence: w0 = lambda / (pi theta).

    Args:
        divergence_urad: full angle between the directions in which the intensity is 1/e^2 of its peak, twice theta;
            1.699 times the full angle at half the peak.
        wavelength_nm: wavelength.

    Raises:
        LinkError: an argument is not positive.
    """
    need_amount("divergence_urad", divergence_urad, "microradians", positive=True)
    need_amount("wavelength_nm", wavelength_nm, "nanometres", positive=True)
    return 2 * wavelength_nm * 1e-9 / (math.pi * divergence_urad * 1e-6)


@dataclass(frozen=True, slots=True)
class Telescopes:
    """A telescope that sends a Gaussian beam, another that collects it, and the sky the other one sees.

    Attributes:
        wavelength_nm: wavelength of the light.
        waist_m: radius of the beam where it leaves, out to 1/e^2 of the peak intensity; `diverging_waist_m` makes
            it from a divergence.
        receiver_diameter_m: diameter of the collecting telescope.
        pointing_urad: standard deviation of the direction of the beam, in each of the two axes.
        transmitter_efficiency: share of the light that the sending optics let through, truncation of the beam included.
        receiver_efficiency: the same for the collecting optics and filters; the detector is not among them.
        sky: the background the receiver looks at.
    """

    wavelength_nm: float
    waist_m: float
    receiver_diameter_m: float
    pointing_urad: float = 0.0
    transmitter_efficiency: float = 1.0
    receiver_efficiency: float = 1.0
    sky: Sky = DARK

    def __post_init__(self) -> None:
        """Refuse impossible telescopes.

        Raises:
            LinkError: a size, angle or efficiency is out of range.
        """
        need_amount("wavelength_nm", self.wavelength_nm, "nanometres", positive=True)
        need_amount("waist_m", self.waist_m, "metres", positive=True)
        need_amount("receiver_diameter_m", self.receiver_diameter_m, "metres", positive=True)
        need_amount("pointing_urad", self.pointing_urad, "microradians")
        need_probability("transmitter_efficiency", self.transmitter_efficiency, positive=True)
        need_probability("receiver_efficiency", self.receiver_efficiency, positive=True)

    def transmissivity(self, range_km: float, fried_m: float = math.inf) -> float:
        """Mean share of the light that comes out of the receiver, without what lies between the telescopes.

        The beam's squared radius w0^2 + (lambda L / (pi w0))^2 grows by 2 (lambda L / (pi rho0))^2 on average in
        turbulence, where rho0 = r0 / 2.1 is the coherence radius (Fante 1975, Proceedings of the IEEE 63, 1669: the
        long-term spot), and by 4 sigma^2 L^2 through pointing. All three are Gaussian, so the mean profile is, and of
        it 1 - exp(-D^2 / (2 w^2)) is collected.

        Args:
            range_km: distance between the telescopes.
            fried_m: Fried parameter r0 that the turbulence on the way has for a wave from the receiver to the sender.
        """
        range_m = range_km * 1e3
        reach_m2 = self.wavelength_nm * 1e-9 * range_m / math.pi
        diffraction_m2 = self.waist_m**2 + (reach_m2 / self.waist_m) ** 2
        turbulence_m2 = 2 * (2.1 * reach_m2 / fried_m) ** 2
        pointing_m2 = 4 * (self.pointing_urad * 1e-6 * range_m) ** 2
        spot_m2 = diffraction_m2 + turbulence_m2 + pointing_m2
        collected = -math.expm1(-(self.receiver_diameter_m**2) / (2 * spot_m2))
        return self.transmitter_efficiency * collected * self.receiver_efficiency

    @property
    def background_hz(self) -> float:
        """Rate of the sky's photons that come out of the receiver."""
        return self.receiver_efficiency * self.sky.photons_hz(self.wavelength_nm, self.receiver_diameter_m)


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """A straight way through the air, level enough for the same air all along.

    Its loss is the mean over pointing and turbulence; that attempts close in time fade together is left out.

    Attributes:
        length_km: length.
        telescopes: what sends and what collects the light.
        extinction_db_per_km: loss in the air by absorption and scattering.
        fried_m: Fried parameter of the turbulence, as the sender sees the receiver; infinite in still air.
    """

    length_km: float
    telescopes: Telescopes
    extinction_db_per_km: float = 0.0
    fried_m: float = math.inf

    def __post_init__(self) -> None:
        """Refuse impossible ways.

        Raises:
            LinkError: a length or loss is out of range.
        """
        need_amount("length_km", self.length_km, "kilometres")
        need_amount("extinction_db_per_km", self.extinction_db_per_km, "dB per kilometre")
        if not self.fried_m > 0:
            raise LinkError(f"fried_m is {self.fried_m}; give more than 0 metres (infinite in still air)")

    @property
    def transmissivity(self) -> float:
        """Probability that a photon comes out of the receiver."""
        air = 10 ** (-self.extinction_db_per_km * self.length_km / 10)
        return float(air * self.telescopes.transmissivity(self.length_km, self.fried_m))

    @property
    def flight_time_s(self) -> float:
        """Time light takes from end to end."""
        return self.length_km * _AIR_GROUP_INDEX / SPEED_OF_LIGHT_KM_PER_S

    @property
    def background_hz(self) -> float:
        """Rate of the sky's photons that come out of the receiver."""
        return self.telescopes.background_hz
