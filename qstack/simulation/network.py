"""The classical network of a simulation: when a packet arrives, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qstack.link.errors import need_amount, need_probability
from qstack.swapping.service import Packet


class Network(Protocol):
    """Says what becomes of packets."""

    def delays_s(self, packet: Packet, flight_s: float) -> list[float]:
        """How long each copy of a packet takes, over a way of that flight time."""


class Reliable:
    """Every packet arrives once, after its flight."""

    def delays_s(self, packet: Packet, flight_s: float) -> list[float]:
        """See `Network`."""
        return [flight_s]


@dataclass(frozen=True)
class Faults:
    """Packets are lost, doubled and late, each by itself.

    Attributes:
        rng: source of randomness.
        loss: probability that a packet is lost.
        duplication: probability that a second copy arrives, later than the first would.
        lateness: probability that the first copy is late.
        late_s: mean of the exponential extra delay of what is late.
    """

    rng: np.random.Generator
    loss: float = 0.0
    duplication: float = 0.0
    lateness: float = 0.0
    late_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible faults.

        Raises:
            LinkError: a figure is out of range.
        """
        for name in ("loss", "duplication", "lateness"):
            need_probability(name, getattr(self, name))
        need_amount("late_s", self.late_s, "seconds")

    def delays_s(self, packet: Packet, flight_s: float) -> list[float]:
        """See `Network`."""
        lost, late, doubled = self.rng.random(3) < (self.loss, self.lateness, self.duplication)
        delays_s = [] if lost else [flight_s + late * self.rng.exponential(self.late_s)]
        if doubled:
            delays_s.append(flight_s + self.rng.exponential(self.late_s))
        return delays_s
