"""Networks as data: nodes with coordinates and platforms, links with length, kind and detectors."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from qstack.link import Channel, LinkModel, Platform, platform_profile
from qstack.routing.checks import NetworkError, Problems, great_circle_km, hint, problems
from qstack.routing.links import DEFAULT_KIND, End, Ends, Link, Slices
from qstack.routing.links.fields import Fields, PublishedFields, TransducerFields

Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\s,=][^\n\r\t,=]*$")]
Position = Annotated[float, Field(ge=-1e6, le=1e6)]


class Node(Fields):
    """A node of the network.

    Attributes:
        name: unique name.
        lat: latitude in degrees; give both lat and lon, or neither.
        lon: longitude in degrees.
        x_km: position in a plane, for networks that are not on the globe; give both x_km and y_km, or
            neither.
        y_km: position in a plane.
        platform: name of a platform, of the file or of those that ship with the stack.
        transducer: gives a superconducting node a photon interface.
        swap_success: probability that a Bell measurement here succeeds.
    """

    name: Name
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    x_km: Position | None = None
    y_km: Position | None = None
    platform: str = "perfect"
    transducer: TransducerFields | None = None
    swap_success: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _whole_positions(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("give both lat and lon, or neither")
        if (self.x_km is None) != (self.y_km is None):
            raise ValueError("give both x_km and y_km, or neither")
        return self


class PlatformChange(Fields):
    """A platform of the file's own: one that ships with the stack, with some figures changed."""

    model_config = ConfigDict(frozen=True, extra="allow")

    base: str = "perfect"

    def resolved(self) -> Platform:
        """The platform with the changes made."""
        return platform_profile(self.base).adjusted(dict(self.model_extra or {}))


class Defaults(Fields):
    """What nodes and links get that do not say otherwise."""

    platform: str | None = None
    swap_success: Annotated[float, Field(gt=0, le=1)] | None = None
    links: dict[str, Any] = Field(default_factory=dict)


class Network(Fields):
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
        published: results published for what the file describes; `qstack plan` sets its own beside them.
    """

    name: str = "network"
    description: str = ""
    control: Literal["fibre", "instant"] = "fibre"
    defaults: Defaults = Field(default_factory=Defaults)
    platforms: dict[str, PlatformChange] = Field(default_factory=dict)
    nodes: tuple[Node, ...] = Field(min_length=2)
    links: tuple[Link, ...] = Field(min_length=1)
    published: tuple[PublishedFields, ...] = ()

    @classmethod
    def load(cls, reference: str | Path) -> Network:
        """Read a network file (YAML or GraphML), or make the network that a reference such as `chain:9` names.

        Raises:
            NetworkFileError: the file cannot be read or is wrong; the message names file, line and field of
                every fault.
            TopologyError: the reference names nothing, or has a wrong setting.
        """
        from qstack.routing.topologies import load

        return load(reference)

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
    def _by_ends(self) -> dict[frozenset[str], Link]:
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

    def link(self, first: str, second: str) -> Link:
        """The link between two neighbours.

        Raises:
            NetworkError: they are no neighbours.
        """
        ends = frozenset((self.node(first).name, self.node(second).name))
        if ends not in self._by_ends:
            raise NetworkError(f"{self.name} has no link between {first} and {second}")
        return self._by_ends[ends]

    def way(self, link: Link) -> Channel:
        """What light and messages go through along a link."""
        return link.way(self.apart_km(link))

    def link_model(self, link: Link) -> LinkModel:
        """How a link makes pairs.

        Raises:
            NetworkError: it makes none.
        """
        model = link.model(self.ends(link), self.apart_km(link))
        if model is None:
            raise NetworkError(f"the {link.kind} link {' - '.join(link.between)} makes no pairs; see Network.pulses")
        return model

    def pulses(self, first: str, second: str) -> Slices:
        """The prepare-and-measure service from one node to a neighbour, in parts of a pass.

        Raises:
            NetworkError: there is no such service in this direction.
        """
        link = self.link(first, second)
        slices = link.pulses() if link.between == (first, second) else ()
        if not slices:
            raise NetworkError(f"no prepare_and_measure link leads from {first} to {second}")
        return slices

    @cached_property
    def pair_links(self) -> tuple[Link, ...]:
        """The links that make pairs."""
        return tuple(link for link in self.links if not link.pulses())

    def ends(self, link: Link) -> Ends:
        """The nodes at the two ends of a link, with what they can do for it."""
        first, second = (self._end(name) for name in link.between)
        return first, second

    def _end(self, name: str) -> End:
        node, platform = self.node(name), self.platform(name)
        return End(name, platform, platform.photon if node.transducer is None else node.transducer.built())

    def apart_km(self, link: Link) -> float | None:
        """Distance between the two nodes of a link; None without positions."""
        first, second = (self.node(name) for name in link.between)
        return great_circle_km(first, second)

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
    """Items with defaults filled in, those of a part field by field; a link takes only the defaults of its own kind."""
    if not isinstance(items, list | tuple):
        return items
    merged = []
    for item in items:
        if isinstance(item, dict):
            kind = item.get("kind", defaults.get("kind", DEFAULT_KIND))
            fits = defaults if kind == defaults.get("kind", DEFAULT_KIND) else {}
            item = {**fits, **{name: _filled(fits.get(name), value) for name, value in item.items()}}
        merged.append(item)
    return merged


def _filled(default: object, given: object) -> object:
    return {**default, **given} if isinstance(default, dict) and isinstance(given, dict) else given
