"""Light in optical fibre: loss and flight time."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.channels import SPEED_OF_LIGHT_KM_PER_S
from qstack.link.errors import LinkError


@dataclass(frozen=True, slots=True)
class Fibre:
    """A stretch of optical fibre.

    Attributes:
        length_km: length.
        attenuation_db_per_km: loss per length; 0.2 is standard telecom fibre at 1550 nm.
        insertion_loss_db: connectors, splices and couplers together.
        group_index: speed of light in vacuum over that in the fibre; 1.468 for standard telecom fibre.
    """

    length_km: float
    attenuation_db_per_km: float = 0.2
    insertion_loss_db: float = 0.0
    group_index: float = 1.468

    def __post_init__(self) -> None:
        """Refuse impossible fibres.

        Raises:
            LinkError: a length or loss is negative, or the light would be faster than in vacuum.
        """
        if not (self.length_km >= 0 and self.attenuation_db_per_km >= 0 and self.insertion_loss_db >= 0):
            raise LinkError(f"{self}: length and losses cannot be negative")
        if not self.group_index >= 1:
            raise LinkError(f"group_index is {self.group_index}; light is not faster than in vacuum (give 1 or more)")

    @property
    def transmissivity(self) -> float:
        """Probability that a photon comes through."""
        loss_db = self.length_km * self.attenuation_db_per_km + self.insertion_loss_db
        return float(10 ** (-loss_db / 10))

    @property
    def flight_time_s(self) -> float:
        """Time light takes from end to end."""
        return self.length_km * self.group_index / SPEED_OF_LIGHT_KM_PER_S

    @property
    def background_hz(self) -> float:
        """None: fibres are dark."""
        return 0.0
