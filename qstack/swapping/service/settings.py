"""How patient the machines of a circuit are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qstack.swapping.service.circuit import CircuitError


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of one machine.

    Attributes:
        retry_s: what is not acknowledged is sent again after this time, then after twice as long, and so on. An
            acknowledgement waits up to a quarter of it for a message to travel with; so more than two round trips.
        window: while more messages than this to one node are not acknowledged, no link pairs are asked for: bounds
            memory, there and here.
    """

    retry_s: float = 0.1
    window: int = 1024

    def __post_init__(self) -> None:
        """Refuse impossible settings.

        Raises:
            CircuitError: a figure is out of range.
        """
        if not 0 < self.retry_s < math.inf:
            raise CircuitError(f"retry_s is {self.retry_s}; give more than 0 seconds")
        if self.window < 1:
            raise CircuitError(f"window is {self.window}; give 1 or more")
