"""Networks as data: nodes with coordinates and platforms, links with length, kind and detectors."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from qstack.link import Arm, Detector, DoubleClick, Fibre, Heralded, LinkModel, Platform, platform_profile
from qstack.link.platform import Probability
from qstack.routing.checks import NetworkError, Problems, hint, problems

Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\s,=][^\n\r\t,=]*$")]
Position = Annotated[float, Field(ge=-1e6, le=1e6)]
PositiveLength = Annotated[float, Field(gt=0, le=50_000)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Node(_Model):
    """A node of the network.

    Attributes:
        name: unique name.
        lat: latitude in degrees; give both lat and lon, or neither.
        lon: longitude in degrees.
        x_km: position in a plane, for networks that are not on the globe; give both x_km and y_km, or
            neither.
        y_km: position in a plane.
        platform: name of a platform, of the file or of those that ship with the stack.
        swap_success: probability that a Bell measurement here succeeds.
    """

    name: Name
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    x_km: Position | None = None
    y_km: Position | None = None
    platform: str = "perfect"
    swap_success: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _whole_positions(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("give both lat and lon, or neither")
        if (self.x_km is None) != (self.y_km is None):
            raise ValueError("give both x_km and y_km, or neither")
        return self


class MidpointLink(_Model):
    """Fibre with a station at its middle that heralds pairs from two photons; see `qstack.link.DoubleClick`.

    Attributes:
        between: names of the two nodes.
        length_km: length of the fibre.
        attenuation_db_per_km: loss of the fibre.
        insertion_loss_db: connectors and couplers of the whole link.
        group_index: speed of light in vacuum over that in the fibre.
        detector_efficiency: probability that a detector sees a photon.
        dark_count: probability of a false click per detector and time bin.
        visibility: two-photon visibility; by default the lower one of the two platforms.
        modes: attempts multiplexed in one round trip.
    """

    between: tuple[str, str]
    kind: Literal["midpoint"] = "midpoint"
    length_km: PositiveLength
    attenuation_db_per_km: Annotated[float, Field(ge=0, le=100)] = 0.2
    insertion_loss_db: Annotated[float, Field(ge=0, le=200)] = 0.0
    group_index: Annotated[float, Field(ge=1, le=10)] = 1.468
    detector_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.9
    dark_count: Annotated[float, Field(ge=0, lt=1)] = 0.0
    visibility: Probability | None = None
    modes: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class HeraldedLink(_Model):
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

    between: tuple[str, str]
    kind: Literal["heralded"] = "heralded"
    success_probability: Annotated[float, Field(gt=0, le=1)]
    attempt_time_s: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    fidelity: Probability = 1.0
    length_km: Annotated[float, Field(ge=0, le=50_000)] = 0.0
    group_index: Annotated[float, Field(ge=1, le=10)] = 1.468
    attenuation_db_per_km: Annotated[float, Field(ge=0, le=100)] = 0.2


def _kind(value: object) -> str:
    kind = value.get("kind", "midpoint") if isinstance(value, dict) else getattr(value, "kind", "midpoint")
    return kind if isinstance(kind, str) else "midpoint"


Link = Annotated[
    Annotated[MidpointLink, Tag("midpoint")] | Annotated[HeraldedLink, Tag("heralded")], Discriminator(_kind)
]


class PlatformChange(_Model):
    """A platform of the file's own: one that ships with the stack, with some figures changed."""

    model_config = ConfigDict(frozen=True, extra="allow")

    base: str = "perfect"

    def resolved(self) -> Platform:
        """The platform with the changes made."""
        return platform_profile(self.base).adjusted(dict(self.model_extra or {}))


class Defaults(_Model):
    """What nodes and links get that do not say otherwise."""

    platform: str | None = None
    swap_success: Annotated[float, Field(gt=0, le=1)] | None = None
    links: dict[str, Any] = Field(default_factory=dict)


class Network(_Model):
    """A quantum network.

    Attributes:
        name: name for people.
        description: what it is and where its figures come from.
        control: `fibre` lets classical messages fly along the fibres; `instant` is an idealisation for
            comparisons.
        defaults: see `Defaults`; merged into nodes and links when a network is made.
        platforms: platforms of the file's own, by name.
        nodes: the nodes.
        links: the links.
    """

    name: str = "network"
    description: str = ""
    control: Literal["fibre", "instant"] = "fibre"
    defaults: Defaults = Field(default_factory=Defaults)
    platforms: dict[str, PlatformChange] = Field(default_factory=dict)
    nodes: tuple[Node, ...] = Field(min_length=2)
    links: tuple[Link, ...] = Field(min_length=1)

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Read a network file (YAML).

        Raises:
            NetworkFileError: the file cannot be read or is wrong; the message names file, line and field of
                every fault.
        """
        from qstack.routing.loading import load

        return load(Path(path))

    @classmethod
    def from_yaml(cls, text: str, source: str = "network") -> Network:
        """Read a network from the text of a network file; `source` names it in errors.

        Raises:
            NetworkFileError: the text is wrong.
        """
        from qstack.routing.loading import parse

        return parse(text, source)

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, values: object) -> object:
        if not isinstance(values, dict) or not isinstance(values.get("defaults"), dict):
            return values
        defaults = values["defaults"]
        for_nodes = {key: defaults[key] for key in ("platform", "swap_success") if defaults.get(key) is not None}
        for_links = defaults.get("links") if isinstance(defaults.get("links"), dict) else {}
        return {
            **values,
            "nodes": _merged(values.get("nodes"), for_nodes),
            "links": _merged(values.get("links"), for_links),
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if found := list(problems(self)):
            raise Problems(found)
        return self

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def _by_ends(self) -> dict[frozenset[str], MidpointLink | HeraldedLink]:
        return {frozenset(link.between): link for link in self.links}

    @cached_property
    def _platforms(self) -> dict[str, Platform]:
        return {name: change.resolved() for name, change in self.platforms.items()}

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            NetworkError: there is none; the message suggests one.
        """
        if name not in self._by_name:
            raise NetworkError(f"{self.name} has no node {name!r}{hint(name, self._by_name)}")
        return self._by_name[name]

    def platform(self, name: str) -> Platform:
        """The platform of the node of that name."""
        platform = self.node(name).platform
        return self._platforms[platform] if platform in self._platforms else platform_profile(platform)

    def link(self, first: str, second: str) -> MidpointLink | HeraldedLink:
        """The link between two neighbours.

        Raises:
            NetworkError: they are no neighbours.
        """
        ends = frozenset((self.node(first).name, self.node(second).name))
        if ends not in self._by_ends:
            raise NetworkError(f"{self.name} has no link between {first} and {second}")
        return self._by_ends[ends]

    def fibre(self, link: MidpointLink | HeraldedLink) -> Fibre:
        """The whole fibre of a link."""
        loss = link.insertion_loss_db if isinstance(link, MidpointLink) else 0.0
        return Fibre(link.length_km, link.attenuation_db_per_km, loss, link.group_index)

    def link_model(self, link: MidpointLink | HeraldedLink) -> LinkModel:
        """How a link makes pairs."""
        if isinstance(link, HeraldedLink):
            return Heralded(link.success_probability, link.attempt_time_s, link.fidelity)
        first, second = (self.platform(name).photon for name in link.between)
        assert first is not None and second is not None, "checked when the network was made"
        half = Fibre(link.length_km / 2, link.attenuation_db_per_km, link.insertion_loss_db / 2, link.group_index)
        return DoubleClick(
            arms=(Arm(half, first.emission), Arm(half, second.emission)),
            detector=Detector.per_window(link.detector_efficiency, link.dark_count),
            visibility=min(first.visibility, second.visibility) if link.visibility is None else link.visibility,
            preparation_time_s=max(first.preparation_time_s, second.preparation_time_s),
            modes=link.modes,
        )

    def to_dict(self) -> dict[str, Any]:
        """The topology, JSON-ready: name, nodes and links with what is set."""
        return {
            "name": self.name,
            "description": self.description,
            "control": self.control,
            "nodes": [node.model_dump(exclude_none=True) for node in self.nodes],
            "links": [link.model_dump(mode="json", exclude_none=True) for link in self.links],
        }


def _merged(items: object, defaults: dict[str, Any]) -> object:
    """Items with defaults filled in; a link takes only the defaults of its own kind."""
    if not isinstance(items, list | tuple):
        return items
    merged = []
    for item in items:
        if isinstance(item, dict):
            kind = item.get("kind", defaults.get("kind", "midpoint"))
            fits = defaults if kind == defaults.get("kind", "midpoint") else {}
            item = {**fits, **item}
        merged.append(item)
    return merged
