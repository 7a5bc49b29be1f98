"""Two clicks at the receiver's own station (Jones et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.generation.double_click import DoubleClick


@dataclass(frozen=True, kw_only=True)
class SenderReceiver(DoubleClick):
    """The sender's photon flies all the way; the receiver measures it with one of its own (Jones et al. 2016).

    The interference is that of `DoubleClick`, with the whole channel in one arm. The receiver knows of the herald at
    once, the sender one flight later, and until then the sender's memory waits for it. Each mode has one memory at
    each node, so the sender's sets the pace: an attempt lasts the flight there and back. No station lies between the
    nodes, so the repeaterless bound of the whole channel holds.

    Attributes:
        arms: the sender's arm, with the whole channel, and the receiver's, from its memory to its own station.
    """

    @property
    def _answer_s(self) -> float:
        sender, _ = self.arms
        return sender.flight_time_s
