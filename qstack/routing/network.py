"""Networks as data: nodes with coordinates and platforms, links with length, kind and detectors."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from qstack.errors import InputError
from qstack.link import DoubleClick, Fibre, Heralded, LinkModel, Platform, platform_names, platform_profile
from qstack.link.platform import Probability

EARTH_RADIUS_KM = 6371.0088

Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\s,=][^\n\r\t,=]*$")]
PositiveLength = Annotated[float, Field(gt=0, le=50_000)]


class NetworkError(InputError):
    """A network is put together wrongly, or is asked about something it has not."""


class Problem(NamedTuple):
    """Something wrong with a network: where (keys and indices from the top) and what."""

    where: tuple[str | int, ...]
    what: str


class Problems(ValueError):
    """All that is wrong with a network, carried through pydantic."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Node(_Model):
    """A node of the network.

    Attributes:
        name: unique name.
        lat: latitude in degrees; give both lat and lon, or neither.
        lon: longitude in degrees.
        x_km: position in a plane, for networks that are not on the globe; give both x_km and y_km, or neither.
        y_km: position in a plane.
        platform: name of a platform, of the file or of those that ship with the stack.
        swap_success: probability that a Bell measurement here succeeds.
    """

    name: Name
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    x_km: float | None = None
    y_km: float | None = None
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


def _kind(value: Any) -> str:
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
        control: `fibre` lets classical messages fly along the fibres; `instant` is an idealisation for comparisons.
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
            NetworkFileError: the file cannot be read or is wrong; the message names file, line and field of every fault.
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
    def _with_defaults(cls, values: Any) -> Any:
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
        if found := list(_problems(self)):
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
            arms=(half, half),
            emission=(first.emission, second.emission),
            detector_efficiency=link.detector_efficiency,
            dark_count=link.dark_count,
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


def great_circle_km(first: Node, second: Node) -> float | None:
    """Distance over the globe or in the plane, None where a position is missing (haversine, mean Earth radius)."""
    if first.lat is not None and first.lon is not None and second.lat is not None and second.lon is not None:
        p1, p2 = math.radians(first.lat), math.radians(second.lat)
        turn = math.radians(second.lon - first.lon)
        h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(turn / 2) ** 2
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))
    if first.x_km is not None and first.y_km is not None and second.x_km is not None and second.y_km is not None:
        return math.hypot(first.x_km - second.x_km, first.y_km - second.y_km)
    return None


def hint(name: str, known: Any) -> str:
    """`; did you mean ...?` when a known name is close, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _merged(items: Any, defaults: dict[str, Any]) -> Any:
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


def _problems(network: Network) -> Iterator[Problem]:
    """Everything that is wrong between the parts of a network."""
    names: dict[str, int] = {}
    for i, node in enumerate(network.nodes):
        if node.name in names:
            yield Problem(("nodes", i, "name"), f"a node named {node.name!r} is there already")
        names.setdefault(node.name, i)
    own, usable = dict[str, Platform](), True
    for name, change in network.platforms.items():
        try:
            own[name] = change.resolved()
        except ValidationError as error:
            for each in error.errors():
                yield Problem(("platforms", name, *map(str, each["loc"])), each["msg"].removeprefix("Value error, "))
            usable = False
        except InputError as error:
            yield Problem(("platforms", name, "base"), str(error))
            usable = False
    known = [*network.platforms, *platform_names()]
    for i, node in enumerate(network.nodes):
        if node.platform not in known:
            what = f"no platform is named {node.platform!r}{hint(node.platform, known)} (there are {', '.join(known)})"
            yield Problem(("nodes", i, "platform"), what)
            usable = False
    yield from _link_problems(network, names, own if usable else None)


def _link_problems(network: Network, names: dict[str, int], own: dict[str, Platform] | None) -> Iterator[Problem]:
    ends_seen: set[frozenset[str]] = set()
    sound = True
    for i, link in enumerate(network.links):
        unknown = [name for name in link.between if name not in names]
        for name in unknown:
            yield Problem(("links", i, "between"), f"there is no node {name!r}{hint(name, names)}")
        ends = frozenset(link.between)
        if len(ends) == 1:
            yield Problem(("links", i, "between"), f"a link joins two nodes; both ends are {link.between[0]}")
        if ends in ends_seen:
            yield Problem(("links", i, "between"), f"{' and '.join(link.between)} are linked already")
        ends_seen.add(ends)
        if unknown or len(ends) == 1:
            sound = False
            continue
        nodes = [network.nodes[names[name]] for name in link.between]
        yield from _impossible(i, link, nodes, own)
    if sound:
        yield from _unreachable(network, names)


def _impossible(
    i: int, link: MidpointLink | HeraldedLink, nodes: list[Node], own: dict[str, Platform] | None
) -> Iterator[Problem]:
    apart = great_circle_km(nodes[0], nodes[1])
    if apart is not None and link.length_km and link.length_km < 0.995 * apart:
        what = f"{link.length_km:g} km of fibre cannot join nodes that are {apart:.1f} km apart"
        yield Problem(("links", i, "length_km"), what)
    if own is None or isinstance(link, HeraldedLink):
        return
    for node in nodes:
        platform = own[node.platform] if node.platform in own else platform_profile(node.platform)
        if platform.photon is None:
            what = f"{node.name} has platform {node.platform}, which has no photon interface: it cannot have a midpoint link"
            yield Problem(("links", i, "between"), what)


def _unreachable(network: Network, names: dict[str, int]) -> Iterator[Problem]:
    neighbours: dict[str, set[str]] = {name: set() for name in names}
    for link in network.links:
        first, second = link.between
        neighbours[first].add(second)
        neighbours[second].add(first)
    reached, frontier = {network.nodes[0].name}, [network.nodes[0].name]
    while frontier:
        new = neighbours[frontier.pop()] - reached
        reached |= new
        frontier += new
    for name, i in names.items():
        if name not in reached:
            yield Problem(("nodes", i, "name"), f"{name} cannot be reached from {network.nodes[0].name}: no links lead there")
