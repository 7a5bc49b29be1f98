"""Light in optical fibre: loss and flight time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from qstack.link.channels import SPEED_OF_LIGHT_KM_PER_S
from qstack.link.errors import LinkError

_STANDARD_DB_PER_KM = {
    600.0: 10.2,  # no source of its own: the next value, Rayleigh-scattered (fourth power of the wavelength)
    637.0: 8.0,  # Hensen et al. 2015, Nature 526, 682
    780.0: 4.0,  # Nufern 780-HP data sheet; van Leent et al. 2022, Nature 607, 69
    854.0: 3.0,  # Krutyanskiy et al. 2019, npj Quantum Information 5, 72
    980.0: 2.1,  # Corning HI 1060 data sheet
    1060.0: 1.5,  # the same
    1310.0: 0.35,  # from here on Corning SMF-28e data sheet, as ITU-T G.652.D
    1383.0: 0.31,
    1490.0: 0.24,
    1550.0: 0.20,
    1625.0: 0.23,
}
"""Loss of single-mode silica fibre made for each wavelength (nm): data sheets' limits, or what experiments report."""


def standard_attenuation_db_per_km(wavelength_nm: float) -> float:
    """Loss of standard single-mode silica fibre, from a table of data sheets and experiments.

    Between the table's wavelengths the loss follows a power of the wavelength, as scattering does.

    Raises:
        LinkError: the wavelength is outside the table.
    """
    wavelengths, losses = list(_STANDARD_DB_PER_KM), list(_STANDARD_DB_PER_KM.values())
    if not wavelengths[0] <= wavelength_nm <= wavelengths[-1]:
        raise LinkError(
            f"no standard fibre is known for {wavelength_nm} nm; give {wavelengths[0]:g} to {wavelengths[-1]:g} nm, "
            "or the attenuation_db_per_km of your fibre"
        )
    return float(np.exp(np.interp(np.log(wavelength_nm), np.log(wavelengths), np.log(losses))))


@dataclass(frozen=True, slots=True)
class Fibre:
    """A stretch of optical fibre.

    Attributes:
        length_km: length.
        attenuation_db_per_km: loss per length; 0.2 is standard telecom fibre at 1550 nm.
        insertion_loss_db: connectors and couplers together.
        group_index: speed of light in vacuum over that in the fibre; 1.468 for standard telecom fibre.
        splices: how many splices there are.
        splice_loss_db: loss of each; 0.1 is common in the field, 0.05 or less in the laboratory.
    """

    length_km: float
    attenuation_db_per_km: float = 0.2
    insertion_loss_db: float = 0.0
    group_index: float = 1.468
    splices: int = 0
    splice_loss_db: float = 0.1

    def __post_init__(self) -> None:
        """Refuse impossible fibres.

        Raises:
            LinkError: a length, loss or number is negative, or the light would be faster than in vacuum.
        """
        amounts = (
            self.length_km,
            self.attenuation_db_per_km,
            self.insertion_loss_db,
            self.splices,
            self.splice_loss_db,
        )
        if not all(amount >= 0 for amount in amounts):
            raise LinkError(f"{self}: length, losses and splices cannot be negative")
        if not self.group_index >= 1:
            raise LinkError(f"group_index is {self.group_index}; light is not faster than in vacuum (give 1 or more)")

    @classmethod
    def at(
        cls,
        wavelength_nm: float,
        length_km: float,
        insertion_loss_db: float = 0.0,
        group_index: float = 1.468,
        splices: int = 0,
        splice_loss_db: float = 0.1,
    ) -> Self:
        """Fibre with the standard attenuation of a wavelength.

        Raises:
            LinkError: a figure is out of range, or no standard fibre is known for the wavelength.
        """
        loss = standard_attenuation_db_per_km(wavelength_nm)
        return cls(length_km, loss, insertion_loss_db, group_index, splices, splice_loss_db)

    @property
    def transmissivity(self) -> float:
        """Probability that a photon comes through."""
        loss_db = (
            self.length_km * self.attenuation_db_per_km + self.insertion_loss_db + self.splices * self.splice_loss_db
        )
        return float(10 ** (-loss_db / 10))

    @property
    def flight_time_s(self) -> float:
        """Time light takes from end to end."""
        return self.length_km * self.group_index / SPEED_OF_LIGHT_KM_PER_S

    @property
    def background_hz(self) -> float:
        """None: fibres are dark."""
        return 0.0
