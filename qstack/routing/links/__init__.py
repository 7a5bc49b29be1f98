"""Links of network files, one model per way of making pairs; each says which part of the link room it stands for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Tag

from qstack.routing.links.base import BaseLink, End, Ends, Slices
from qstack.routing.links.emitting import DoubleClickLink, SenderReceiverLink, SingleClickLink
from qstack.routing.links.heralded import HeraldedLink
from qstack.routing.links.pulses import PrepareAndMeasureLink, SatellitePulsesLink
from qstack.routing.links.sources import (
    AbsorptiveMemoryLink,
    CentralSourceLink,
    MidpointSourceLink,
    SatelliteSourceLink,
)

DEFAULT_KIND = "double_click"


def kind_of(value: object) -> str:
    """The kind of a link as it is written in a file, or of a link already made."""
    kind = value.get("kind", DEFAULT_KIND) if isinstance(value, dict) else getattr(value, "kind", DEFAULT_KIND)
    return kind if isinstance(kind, str) else DEFAULT_KIND


Link = Annotated[
    Annotated[DoubleClickLink, Tag("double_click")]
    | Annotated[SingleClickLink, Tag("single_click")]
    | Annotated[SenderReceiverLink, Tag("sender_receiver")]
    | Annotated[MidpointSourceLink, Tag("midpoint_source")]
    | Annotated[CentralSourceLink, Tag("central_source")]
    | Annotated[SatelliteSourceLink, Tag("satellite_source")]
    | Annotated[AbsorptiveMemoryLink, Tag("absorptive_memory")]
    | Annotated[HeraldedLink, Tag("heralded")]
    | Annotated[PrepareAndMeasureLink, Tag("prepare_and_measure")]
    | Annotated[SatellitePulsesLink, Tag("satellite_pulses")],
    Discriminator(kind_of),
]
KINDS: tuple[type[BaseLink], ...] = (
    DoubleClickLink,
    SingleClickLink,
    SenderReceiverLink,
    MidpointSourceLink,
    CentralSourceLink,
    SatelliteSourceLink,
    AbsorptiveMemoryLink,
    HeraldedLink,
    PrepareAndMeasureLink,
    SatellitePulsesLink,
)

__all__ = [
    "DEFAULT_KIND",
    "KINDS",
    "AbsorptiveMemoryLink",
    "BaseLink",
    "CentralSourceLink",
    "DoubleClickLink",
    "End",
    "Ends",
    "HeraldedLink",
    "Link",
    "MidpointSourceLink",
    "PrepareAndMeasureLink",
    "SatellitePulsesLink",
    "SatelliteSourceLink",
    "SenderReceiverLink",
    "SingleClickLink",
    "Slices",
    "kind_of",
]
