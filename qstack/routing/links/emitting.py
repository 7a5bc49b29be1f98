"""Links whose nodes emit a photon entangled with their memory: one click, two clicks, sender and receiver."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from qstack.link import DoubleClick, LinkModel, SenderReceiver, SingleClick
from qstack.link.platform import Probability
from qstack.routing.links.base import Ends, PhotonLink, same_colour
from qstack.routing.links.fields import Amount

Population = Annotated[float, Field(gt=0, lt=1)]


class EmittingLink(PhotonLink):
    """A link whose nodes' photons meet at a beam splitter; further fields as for `PhotonLink`.

    Attributes:
        visibility: two-photon visibility; by default the lower one of the two nodes.
        modes: attempts multiplexed in one round trip, each with a memory of its own at both nodes.
    """

    kind: str
    visibility: Probability | None = None
    modes: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    @property
    @abstractmethod
    def shares(self) -> tuple[float, float]:
        """Which part of the link each node's photon flies."""

    def parts(self, ends: Ends) -> dict[str, Any]:
        """What all strategies of this kind are given."""
        first, second = (end.photon for end in ends)
        assert first is not None and second is not None, "checked when the network was made"
        ready = (
            each.photon.preparation_time_s + each.platform.memory.initialisation_time_s
            for each in ends
            if each.photon is not None
        )
        return {
            "arms": tuple(self.arm(end, share) for end, share in zip(ends, self.shares, strict=True)),
            "detector": self.detector.built(),
            "visibility": min(first.visibility, second.visibility) if self.visibility is None else self.visibility,
            "preparation_time_s": max(ready),
            "modes": self.modes,
        }

    def faults(self, ends: Ends) -> Iterator[str]:
        """No photon interface, memories too few, colours that do not interfere."""
        for end in ends:
            if end.photon is None:
                yield (
                    f"{end.name} has no photon interface, so it cannot have a {self.kind} link; give the node a "
                    "platform that has one (such as neutral_atom) or a transducer, or make the link kind: heralded"
                )
            room = end.platform.memory.modes
            if room is not None and room < self.modes:
                yield f"modes is {self.modes}, and the memory of {end.name} holds {room}; give at most {room}"
            if not end.platform.memory.stores:
                yield f"{end.name} measures photons as they arrive and stores none; make the link kind: central_source"
        colours = [self.colour(end.photon) for end in ends if end.photon is not None]
        if len(colours) == 2 and not same_colour(*colours):
            yield (
                f"the photons of {ends[0].name} have {colours[0]:g} nm and those of {ends[1].name} {colours[1]:g} nm, "
                "so they do not interfere; give the link a conversion to one wavelength_nm"
            )


class MidpointLink(EmittingLink):
    """An emitting link with a station between the nodes.

    Attributes:
        station_at: where along the link the station is: 0 at the first node, 1 at the second.
    """

    station_at: Annotated[float, Field(ge=0, le=1)] = 0.5

    @property
    def shares(self) -> tuple[float, float]:
        """From each node to the station."""
        return self.station_at, 1 - self.station_at


class DoubleClickLink(MidpointLink):
    """Two clicks at a station between the nodes (Barrett and Kok 2005); see `qstack.link.DoubleClick`.

    Attributes:
        bin_separation_s: time between the two time bins; 0 where they are told apart otherwise.
    """

    kind: Literal["double_click"] = "double_click"
    bin_separation_s: Amount = 0.0

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """Two clicks."""
        return DoubleClick(**self.parts(ends), bin_separation_s=self.bin_separation_s)


class SingleClickLink(MidpointLink):
    """One click at a station between the nodes (Cabrillo et al. 1999); see `qstack.link.SingleClick`.

    Attributes:
        bright: population of the emitting state, the same at both nodes or one for each.
        phase_std_rad: standard deviation of the optical phase between the arms.
        double_excitation: probability that a bright node emits a second, unnoticed photon.
    """

    kind: Literal["single_click"] = "single_click"
    bright: Population | tuple[Population, Population]
    phase_std_rad: Amount = 0.0
    double_excitation: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """One click."""
        bright = self.bright if isinstance(self.bright, tuple) else (self.bright, self.bright)
        return SingleClick(
            **self.parts(ends),
            bright=bright,
            phase_std_rad=self.phase_std_rad,
            double_excitation=(self.double_excitation, self.double_excitation),
        )


class SenderReceiverLink(EmittingLink):
    """The first node sends its photon to a station at the second (Jones et al. 2016); see `SenderReceiver`.

    Attributes:
        bin_separation_s: time between the two time bins; 0 where they are told apart otherwise.
    """

    kind: Literal["sender_receiver"] = "sender_receiver"
    bin_separation_s: Amount = 0.0

    @property
    def shares(self) -> tuple[float, float]:
        """All the way, and none of it."""
        return 1.0, 0.0

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """Two clicks at the receiver."""
        return SenderReceiver(**self.parts(ends), bin_separation_s=self.bin_separation_s)
