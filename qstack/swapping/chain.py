"""The physical chain that a plan is carried out on."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.errors import InputError
from qstack.link import LinkModel
from qstack.swapping.station import Station


class ChainError(InputError):
    """A chain is put together wrongly."""


@dataclass(frozen=True)
class Chain:
    """A path of nodes with all that is between them.

    Attributes:
        path: node names, one more than links.
        stations: what each node does to pairs.
        links: how each pair of neighbours gets its link pairs.
        flight_s: flight time of a classical message along each link; zeros for instant control.
    """

    path: tuple[str, ...]
    stations: tuple[Station, ...]
    links: tuple[LinkModel, ...]
    flight_s: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse chains whose parts do not fit.

        Raises:
            ChainError: the numbers of nodes, stations, links and flight times do not fit, or a flight time is negative.
        """
        if not len(self.path) == len(self.stations) == len(self.links) + 1 == len(self.flight_s) + 1 >= 2:
            raise ChainError(
                f"{len(self.path)} nodes, {len(self.stations)} stations, {len(self.links)} links and "
                f"{len(self.flight_s)} flight times do not fit; give one more node and station than links"
            )
        if min(self.flight_s) < 0:
            raise ChainError(f"flight times {self.flight_s}; a message takes 0 or more seconds")

    @property
    def ends(self) -> tuple[Station, Station]:
        """The two end stations."""
        return self.stations[0], self.stations[-1]
