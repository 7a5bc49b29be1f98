"""Devices that change a photon's colour: optical frequency converters and microwave-optical transducers."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.errors import need_amount, need_probability
from qstack.link.platform import PhotonInterface


@dataclass(frozen=True, slots=True)
class Conversion:
    """A frequency converter between two optical colours, behind the source.

    Attributes:
        efficiency: probability that a photon comes out, at the new colour and in the fibre.
        noise_hz: rate of photons it adds to the output (pump-induced, within the filter).
        wavelength_nm: the new colour.
    """

    efficiency: float
    noise_hz: float = 0.0
    wavelength_nm: float = 1550.0

    def __post_init__(self) -> None:
        """Refuse impossible converters.

        Raises:
            LinkError: a probability, rate or wavelength is out of range.
        """
        need_probability("conversion efficiency", self.efficiency, positive=True)
        need_amount("conversion noise_hz", self.noise_hz, "photons per second")
        need_amount("conversion wavelength_nm", self.wavelength_nm, "nanometres", positive=True)


@dataclass(frozen=True, slots=True)
class Transducer:
    """A microwave-optical transducer: turns a superconducting node's microwave photon into an optical one.

    Attributes:
        efficiency: probability that a microwave photon comes out as an optical one.
        added_noise_photons: thermal photons added per mode (time bin), referred to its input; the
            output carries `efficiency` times as many (Zeuthen et al. 2020, added noise N).
        wavelength_nm: the optical colour.
        preparation_time_s: time of an attempt before the photon leaves: pump pulse, conversion, cooling.
    """

    efficiency: float
    added_noise_photons: float = 0.0
    wavelength_nm: float = 1550.0
    preparation_time_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible transducers.

        Raises:
            LinkError: a probability or amount is out of range.
        """
        need_probability("transducer efficiency", self.efficiency, positive=True)
        need_amount("added_noise_photons", self.added_noise_photons, "photons")
        need_amount("transducer wavelength_nm", self.wavelength_nm, "nanometres", positive=True)
        need_amount("transducer preparation_time_s", self.preparation_time_s, "seconds")

    def photon(self, visibility: float = 1.0) -> PhotonInterface:
        """The photon interface that it gives a node; `visibility` is that of two such photons."""
        return PhotonInterface(
            emission=self.efficiency,
            visibility=visibility,
            preparation_time_s=self.preparation_time_s,
            wavelength_nm=self.wavelength_nm,
            noise_photons=self.efficiency * self.added_noise_photons,
        )
