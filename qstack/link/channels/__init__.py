"""What light flies through: optical fibre, free space, and the air and vacuum below a satellite."""

from __future__ import annotations

from typing import Protocol

SPEED_OF_LIGHT_KM_PER_S = 299_792.458


class Channel(Protocol):
    """What a photon, and a classical message along the same way, go through."""

    @property
    def transmissivity(self) -> float:
        """Probability that a photon comes through, into the receiver's mode."""

    @property
    def flight_time_s(self) -> float:
        """Time light takes from end to end."""

    @property
    def background_hz(self) -> float:
        """Rate of stray photons that arrive at the receiver along with the signal."""
