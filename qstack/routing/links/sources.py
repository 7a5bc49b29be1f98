"""Links with a photon-pair source: in the middle, on a satellite, or at each node beside an absorptive memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from qstack.link import (
    AbsorptiveMemory,
    Arm,
    CentralSource,
    Channel,
    Fibre,
    LinkError,
    LinkModel,
    MidpointSource,
    PairSource,
    Passing,
)
from qstack.link.platform import Probability
from qstack.routing.links.base import BaseLink, Ends, PhotonLink
from qstack.routing.links.fields import DetectorFields, Fields, Positive, SatelliteFields, Share, Wavelength

Modes = Annotated[int, Field(ge=1, le=100_000_000)]


class SourceFields(Fields):
    """A source of entangled photon pairs; see `qstack.link.PairSource`.

    Attributes:
        mean_pairs: mean number of pairs per pulse, with
        repetition_rate_hz: the rate of pulses; or give
        pair_rate_hz: pairs per second of a source with a continuous pump.
        visibility: of a single pair, without loss and double pairs.
        coupling: probability that a photon enters the channel, the same on both sides or one for each.
        wavelength_nm: colour of the photons in the channel; None if it is not said.
    """

    mean_pairs: Positive | None = None
    repetition_rate_hz: Positive | None = None
    pair_rate_hz: Positive | None = None
    visibility: Probability = 1.0
    coupling: Share | tuple[Share, Share] = 1.0
    wavelength_nm: Wavelength | None = None

    @model_validator(mode="after")
    def _pulsed_or_continuous(self) -> Self:
        pulsed = (self.mean_pairs is not None, self.repetition_rate_hz is not None)
        if pulsed[0] != pulsed[1] or pulsed[0] == (self.pair_rate_hz is not None):
            raise ValueError("give mean_pairs with repetition_rate_hz (pulsed), or pair_rate_hz (continuous)")
        return self

    @property
    def couplings(self) -> tuple[float, float]:
        """Of both sides."""
        return self.coupling if isinstance(self.coupling, tuple) else (self.coupling, self.coupling)

    def pulsed(self, window_s: float) -> tuple[PairSource, float]:
        """The source and its pulses per second; windows of a continuous pump are as good as pulses."""
        if self.pair_rate_hz is not None:
            return PairSource(self.pair_rate_hz * window_s, self.visibility), 1 / window_s
        assert self.mean_pairs is not None and self.repetition_rate_hz is not None
        return PairSource(self.mean_pairs, self.visibility), self.repetition_rate_hz


class SourceLink(PhotonLink):
    """A link with a pair source; further fields as for `PhotonLink`.

    Attributes:
        source: the source, in the middle or one at each node.
    """

    source: SourceFields

    def arms_from(self, place: float) -> tuple[Arm, Arm]:
        """The ways of two photons between the nodes and a place on the link: 0 is the first node, 1 the second."""
        conversion = None if self.conversion is None else self.conversion.built()
        colour = self.source.wavelength_nm if conversion is None else conversion.wavelength_nm
        first, second = (
            Arm(self.piece(share, colour), coupling, conversion)
            for share, coupling in zip((place, 1 - place), self.source.couplings, strict=True)
        )
        return first, second


class _FromTheMiddle(SourceLink):
    """A link with a pair source on the way.

    Attributes:
        source_at: where along the link it is: 0 at the first node, 1 at the second.
    """

    source_at: Annotated[float, Field(ge=0, le=1)] = 0.5


class CentralSourceLink(_FromTheMiddle):
    """A pair source between two ends that measure photons as they arrive; see `qstack.link.CentralSource`."""

    kind: Literal["central_source"] = "central_source"

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """Coincidences."""
        detector = self.detector.built()
        source, rate_hz = self.source.pulsed(detector.window_s)
        return CentralSource(source, self.arms_from(self.source_at), rate_hz, detector)

    def faults(self, ends: Ends) -> Iterator[str]:
        """Memories that this link could not fill."""
        yield from measuring(ends, self.kind)


class MidpointSourceLink(_FromTheMiddle):
    """A pair source between two nodes whose memories latch its photons (Jones et al. 2016); see `MidpointSource`.

    The link's `detector` is what absorbs: its efficiency is that of latching, its dark counts are false latches.

    Attributes:
        train: pulses in a train.
        modes: trains side by side, each with a memory of its own at both nodes.
    """

    kind: Literal["midpoint_source"] = "midpoint_source"
    train: Modes = 1
    modes: Modes = 1

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """Latched pairs."""
        latch = self.detector.built()
        source, rate_hz = self.source.pulsed(latch.window_s)
        return MidpointSource(source, self.arms_from(self.source_at), rate_hz, latch, self.train, self.modes)

    def faults(self, ends: Ends) -> Iterator[str]:
        """No memory, or too little of it."""
        yield from storing(ends, self.kind, self.modes)


class AbsorptiveMemoryLink(SourceLink):
    """Nodes with a pair source and an absorptive memory, and a station between them; see `AbsorptiveMemory`.

    Attributes:
        source: one at each node; its `coupling` is that of the photons that fly.
        visibility: two-photon interference visibility at the station.
        modes: pulses per attempt, each stored in its own temporal mode; by default as many as both memories hold.
        station_at: where along the link the station is: 0 at the first node, 1 at the second.
        readout_efficiency: coupling and detection of a photon that comes out of a memory, beside the memory's own.
    """

    kind: Literal["absorptive_memory"] = "absorptive_memory"
    visibility: Probability = 1.0
    modes: Modes | None = None
    station_at: Annotated[float, Field(ge=0, le=1)] = 0.5
    readout_efficiency: Share = 1.0

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """Pairs in two memories."""
        detector = self.detector.built()
        source, rate_hz = self.source.pulsed(detector.window_s)
        arms = self.arms_from(self.station_at)
        kept = min(end.platform.memory.efficiency for end in ends) * self.readout_efficiency
        return AbsorptiveMemory(source, arms, rate_hz, kept, detector, self.visibility, self._modes(ends))

    def _modes(self, ends: Ends) -> int:
        rooms = [room for end in ends if (room := end.platform.memory.modes) is not None]
        return self.modes or min(rooms, default=1)

    def faults(self, ends: Ends) -> Iterator[str]:
        """No memory, or too little of it."""
        yield from storing(ends, self.kind, self._modes(ends))


class SatelliteSourceLink(BaseLink):
    """A pair source on a satellite that passes over two ground stations (Yin et al. 2017); see `CentralSource`.

    The link counts time in view only: one pass follows the other.

    Attributes:
        between: names of the two nodes; they need lat and lon, or `separation_km` says how far apart they are.
        satellite: its orbit and its telescopes.
        source: the source on board.
        detector: each of the detectors on the ground.
        separation_km: great-circle distance between the nodes; by default that of their positions.
    """

    kind: Literal["satellite_source"] = "satellite_source"
    satellite: SatelliteFields
    source: SourceFields
    detector: DetectorFields = DetectorFields()
    separation_km: Positive | None = None

    def _separation_km(self, apart_km: float | None) -> float:
        separation = self.separation_km if self.separation_km is not None else apart_km
        if separation is None:
            raise LinkError("the stations' distance is not known; give both nodes lat and lon, or give separation_km")
        if apart_km is not None and separation < 0.995 * apart_km:
            raise LinkError(f"separation_km is {separation:g}, but the nodes are {apart_km:.1f} km apart; leave it out")
        return separation

    @property
    def told_length(self) -> str:
        """How high the satellite flies."""
        return f"{self.satellite.height_km:g} km high"

    def way(self, apart_km: float | None) -> Channel:
        """Messages take a fibre on the ground that runs straight from node to node."""
        return Fibre(self._separation_km(apart_km))

    def model(self, ends: Ends, apart_km: float | None) -> LinkModel:
        """Coincidences, slice by slice of a pass."""
        detector = self.detector.built()
        source, rate_hz = self.source.pulsed(detector.window_s)
        slices = []
        for duration_s, downlinks in self.satellite.over_two(self._separation_km(apart_km)).cut:
            first, second = (
                Arm(downlink, coupling) for downlink, coupling in zip(downlinks, self.source.couplings, strict=True)
            )
            slices.append((duration_s, CentralSource(source, (first, second), rate_hz, detector)))
        return Passing(tuple(slices))

    def faults(self, ends: Ends) -> Iterator[str]:
        """Memories that this link could not fill."""
        yield from measuring(ends, self.kind)


def measuring(ends: Ends, kind: str) -> Iterator[str]:
    """Nodes at a link that measures photons as they arrive, whose platform claims to store them."""
    for end in ends:
        if end.platform.memory.stores:
            yield (
                f"a {kind} link measures photons as they arrive, and the platform of {end.name} stores them; give the "
                "node a platform without memory (photonic_spdc, or one of the file with memory: {stores: false})"
            )


def storing(ends: Ends, kind: str, modes: int) -> Iterator[str]:
    """Nodes whose memory is missing or too small."""
    for end in ends:
        memory = end.platform.memory
        if not memory.stores:
            yield f"{end.name} measures photons as they arrive, so it cannot have a {kind} link; give it a memory"
        elif memory.modes is not None and memory.modes < modes:
            yield f"modes is {modes}, and the memory of {end.name} holds {memory.modes}; give at most {memory.modes}"
