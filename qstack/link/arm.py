"""An arm of a link: everything between a photon's birth and the detector that waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.channels import Channel
from qstack.link.conversion import Conversion
from qstack.link.errors import need_amount, need_probability


@dataclass(frozen=True, slots=True)
class Arm:
    """Source, frequency converter and channel of one photon.

    Attributes:
        channel: what the photon flies through.
        emission: probability that the source puts its photon into the channel, in the right mode, per attempt.
        conversion: the frequency converter in front of the channel; None if there is none.
        noise_photons: mean number of stray photons that the source sends along per window (a transducer's heat).
    """

    channel: Channel
    emission: float = 1.0
    conversion: Conversion | None = None
    noise_photons: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible arms.

        Raises:
            LinkError: a probability or amount is out of range.
        """
        need_probability("emission", self.emission, positive=True)
        need_amount("noise_photons", self.noise_photons, "photons per window")

    @property
    def _passes(self) -> float:
        return self.channel.transmissivity * (1.0 if self.conversion is None else self.conversion.efficiency)

    @property
    def arrival(self) -> float:
        """Probability that the photon reaches the detector."""
        return self.emission * self._passes

    def stray_hz(self, window_s: float) -> float:
        """Rate of stray photons that reach the detector: the sky's, the converter's and the source's.

        Args:
            window_s: the detector's window, over which the source's `noise_photons` are spread.
        """
        made = 0.0 if self.conversion is None else self.conversion.noise_hz * self.channel.transmissivity
        return self.channel.background_hz + made + self.noise_photons * self._passes / window_s

    @property
    def flight_time_s(self) -> float:
        """Time light takes from end to end."""
        return self.channel.flight_time_s


def longer_s(arms: tuple[Arm, Arm]) -> float:
    """Flight time along the longer of two arms."""
    return max(arm.flight_time_s for arm in arms)


def told_arms(arms: tuple[Arm, Arm]) -> str:
    """How likely the photons of two arms arrive, in words."""
    first, second = (f"{arm.arrival:.3g}" for arm in arms)
    return f"the two photons reach their detectors with probability {first} and {second}"
