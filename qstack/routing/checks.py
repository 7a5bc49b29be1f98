"""What can be wrong between the parts of a network, all of it found at once. Changes nothing."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from qstack.errors import InputError
from qstack.link import platform_names

if TYPE_CHECKING:
    from qstack.routing.links import Link
    from qstack.routing.network import Network, Node

EARTH_RADIUS_KM = 6371.0088


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


def great_circle_km(first: Node, second: Node) -> float | None:
    """Distance over the globe (haversine, mean Earth radius) or in the plane; None without positions."""
    if first.lat is not None and first.lon is not None and second.lat is not None and second.lon is not None:
        p1, p2 = math.radians(first.lat), math.radians(second.lat)
        turn = math.radians(second.lon - first.lon)
        h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(turn / 2) ** 2
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))
    if first.x_km is not None and first.y_km is not None and second.x_km is not None and second.y_km is not None:
        return math.hypot(first.x_km - second.x_km, first.y_km - second.y_km)
    return None


def hint(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` when a known name is close, else nothing."""
    close = difflib.get_close_matches(name[:80], list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def problems(network: Network) -> Iterator[Problem]:
    """Everything that is wrong between the parts of a network."""
    names: dict[str, int] = {}
    for i, node in enumerate(network.nodes):
        if node.name in names:
            yield Problem(("nodes", i, "name"), f"a node named {node.name!r} is there already")
        names.setdefault(node.name, i)
    usable = True
    for name, change in network.platforms.items():
        try:
            change.resolved()
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
            there_are = f"{hint(node.platform, known)} (there are {', '.join(known)})"
            what = f"no platform is named {node.platform!r}{there_are}"
            yield Problem(("nodes", i, "platform"), what)
            usable = False
        elif node.transducer is not None and usable and network.platform(node.name).photon is not None:
            what = f"{node.platform} emits photons itself; leave the transducer out, or take a platform without photons"
            yield Problem(("nodes", i, "transducer"), what)
    yield from _link_problems(network, names, usable)
    yield from _published_problems(network, names)


def _link_problems(network: Network, names: dict[str, int], usable: bool) -> Iterator[Problem]:
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
        yield from _impossible(network, i, link, usable)
    if sound:
        yield from _unreachable(network, names)


def _impossible(network: Network, i: int, link: Link, usable: bool) -> Iterator[Problem]:
    apart = network.apart_km(link)
    length = getattr(link, "length_km", None)
    if apart is not None and length and length < 0.995 * apart:
        what = f"{length:g} km of {'fibre' if link.fibre_km else 'air'} cannot join nodes that are {apart:.1f} km apart"
        yield Problem(("links", i, "length_km"), what)
    if not usable:
        return
    found = [Problem(("links", i, "between"), what) for what in link.faults(network.ends(link))]
    yield from found
    if not found:
        try:
            if not link.pulses():
                network.link_model(link)
            network.way(link)
        except InputError as error:
            yield Problem(("links", i), str(error))


def _published_problems(network: Network, names: dict[str, int]) -> Iterator[Problem]:
    for i, result in enumerate(network.published):
        for name in result.between:
            if name not in names:
                yield Problem(("published", i, "between"), f"there is no node {name!r}{hint(name, names)}")


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
            yield Problem(
                ("nodes", i, "name"),
                f"{name} cannot be reached from {network.nodes[0].name}: no links lead there",
            )
