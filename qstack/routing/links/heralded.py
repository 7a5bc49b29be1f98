"""A link known by its figures only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qstack.link import Channel, Fibre, Heralded, LinkModel
from qstack.link.platform import Probability
from qstack.routing.links.base import BaseLink, Ends


class HeraldedLink(BaseLink):
    """A link known by its figures only; see `qstack.link.Heralded`.

    Attributes:
        between: names of the two nodes.
        success_probability: per attempt.
        attempt_time_s: per attempt, the herald's way back included.
        fidelity: of the heralded Werner state.
        length_km: for the flight time of messages; 0 if it does not matter.
        group_index: likewise.
        attenuation_db_per_km: for photons sent directly.
    """

    kind: Literal["heralded"] = "heralded"
    success_probability: Annotated[float, Field(gt=0, le=1)]
    attempt_time_s: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    fidelity: Probability = 1.0
    length_km: Annotated[float, Field(ge=0, le=50_000)] = 0.0
    group_index: Annotated[float, Field(ge=1, le=10)] = 1.468
    attenuation_db_per_km: Annotated[float, Field(ge=0, le=100)] = 0.2

    def way(self, apart_km: float | None) -> Channel:
        """The fibre that messages take."""
        return Fibre(self.length_km, self.attenuation_db_per_km, 0.0, self.group_index)

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """The figures as they are."""
        return Heralded(self.success_probability, self.attempt_time_s, self.fidelity)

    @property
    def told_length(self) -> str:
        """Its length in km."""
        return f"{self.length_km:g} km"

    @property
    def fibre_km(self) -> float:
        """Its length."""
        return self.length_km
