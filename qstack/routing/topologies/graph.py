"""Graphs before they are networks: nodes with clean names, links with lengths, and what was assumed on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from qstack.routing.checks import NetworkError, great_circle_km
from qstack.routing.network import Node

FIBRE_FACTOR = 1.4
"""Fibre over straight line, as assumed unless something else is said."""
LEAST_KM = 0.1
"""The shortest fibre that is assumed: nodes at one place are in one building."""
MAX_NAME = 70

FibreFactor = Annotated[float, Field(ge=1, le=10)]
Edge = tuple[int, int]


class TopologyError(NetworkError):
    """A reference to a network is wrong, or what it refers to cannot be a network."""


@dataclass(frozen=True)
class Graph:
    """What becomes a network.

    Attributes:
        name: for people.
        told: what it is and what was assumed, in sentences.
        nodes: the nodes.
        edges: pairs of indices of nodes, each pair once.
        lengths_km: length of each edge's fibre.
    """

    name: str
    told: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lengths_km: tuple[float, ...]


class Source(BaseModel, ABC):
    """A way to come by a graph; its fields are the settings that a reference can give."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def graph(self, what: str) -> Graph:
        """The graph that stands behind the colon of a reference.

        Raises:
            TopologyError: there is no such graph.
        """


@dataclass(frozen=True)
class Place:
    """A node as a source has it: its id, what people call it, and its `lat` and `lon` or `x_km` and `y_km` if known."""

    key: str
    label: str
    position: Mapping[str, float]


def imported(
    name: str,
    told: str,
    places: Sequence[Place],
    edges: Mapping[Edge, float | None] | Iterable[tuple[Edge, float | None]],
    fibre_factor: float,
    length_km: float | None = None,
) -> Graph:
    """The graph of a source from elsewhere: its largest part, without loops and parallel links, with clean names.

    Args:
        name: of the graph.
        told: where it is from.
        places: the nodes.
        edges: the links with their lengths, None where the source has none; of parallel links the first counts.
        fibre_factor: length of fibre over the distance of its ends.
        length_km: length of links that have neither a length nor ends with positions.

    Raises:
        TopologyError: no link is left, or some have no length.
    """
    listed = list(edges.items() if isinstance(edges, Mapping) else edges)
    single: dict[Edge, float | None] = {}
    for (a, b), known in listed:
        if a != b:
            single.setdefault((min(a, b), max(a, b)), known)
    loops = sum(a == b for (a, b), _ in listed)
    kept = _largest_part(len(places), single)
    index = {old: new for new, old in enumerate(kept)}
    names = clean_names([(places[old].label, places[old].key) for old in kept])
    nodes = tuple(
        Node.model_validate({"name": each, **places[old].position}) for each, old in zip(names, kept, strict=True)
    )
    inside = {(index[a], index[b]): known for (a, b), known in single.items() if a in index}
    if not inside:
        raise TopologyError("no two of its nodes are linked, so it is no network")
    lengths, assumed = _lengths(nodes, inside, fibre_factor, length_km)
    dropped = (
        (loops, "links from a node to itself"),
        (len(listed) - loops - len(single), "parallel links"),
        (len(places) - len(kept), "nodes that the others cannot reach"),
    )
    left_out = [f"{count} {what}" for count, what in dropped if count]
    out = (f"Left out: {', '.join(left_out)}.",) if left_out else ()
    return Graph(clean_name(name) or "network", (told, *out, *assumed), nodes, tuple(inside), lengths)


def straight(
    name: str, told: str, points_km: Sequence[tuple[float, float]], edges: Sequence[Edge], fibre_factor: float
) -> Graph:
    """A graph in the plane with nodes n1, n2, ..., its fibres as long as the distance of their ends times a factor."""
    nodes = tuple(Node(name=f"n{i}", x_km=x, y_km=y) for i, (x, y) in enumerate(points_km, start=1))
    lengths, assumed = _lengths(nodes, dict.fromkeys(edges), fibre_factor, None)
    return Graph(name, (told, *assumed), nodes, tuple(edges), lengths)


def _lengths(
    nodes: Sequence[Node], edges: Mapping[Edge, float | None], fibre_factor: float, length_km: float | None
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Length of every edge, and what was assumed about how many of them."""
    lengths, assumed = [], Counter[str]()
    for (a, b), known in edges.items():
        apart = great_circle_km(nodes[a], nodes[b])
        if known is not None:
            lengths.append(known)
        elif apart is not None:
            lengths.append(max(round(apart * fibre_factor, 3), LEAST_KM))
            assumed[f"{fibre_factor:g} times as long as the straight way, at least {LEAST_KM:g} km"] += 1
        elif length_km is not None:
            lengths.append(length_km)
            assumed[f"{length_km:g} km long, for want of positions"] += 1
        else:
            raise TopologyError(
                f"the link {nodes[a].name} - {nodes[b].name} has no length, and its ends have no positions; say how "
                "long such links are, for example ?length_km=50"
            )
    return tuple(lengths), tuple(f"Assumed: {count} fibres {what}." for what, count in assumed.items())


def _largest_part(count: int, edges: Iterable[Edge]) -> list[int]:
    """The nodes of the largest part in their order; of equal parts, that of the earliest node."""
    import rustworkx as rx

    graph: rx.PyGraph[None, None] = rx.PyGraph()
    graph.add_nodes_from([None] * count)
    graph.add_edges_from_no_data(list(edges))
    parts = rx.connected_components(graph)
    return sorted(max(parts, key=lambda part: (len(part), -min(part)), default=()))


def clean_names(given: Iterable[tuple[str, str]]) -> list[str]:
    """A unique name that a network takes for each label and id: the label if there is one, with a number if taken."""
    names: list[str] = []
    taken: dict[str, int] = {}
    for label, key in given:
        base = clean_name(label) or clean_name(key) or "node"
        name, number = base, taken.get(base, 1)
        while name in taken:
            number += 1
            name = f"{base} {number}"
        taken[base] = number
        taken.setdefault(name, 1)
        names.append(name)
    return names


def clean_name(text: str) -> str:
    """The text on one line, without commas, equals signs and what cannot be printed."""
    plain = "".join(c if c.isprintable() and c not in ",=" else " " for c in text)
    return " ".join(plain.split())[:MAX_NAME].rstrip()
