"""Generated graphs in a plane: chains, rings, grids, and the random graphs of Waxman and Gabriel."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from qstack.routing.links.base import PositiveLength
from qstack.routing.network import Node
from qstack.routing.topologies.graph import FIBRE_FACTOR, Edge, FibreFactor, Graph, Source, TopologyError, straight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Pairs = NDArray[np.int64]

MAX_NODES = 20_000
SPACING_KM = 50.0
"""Random nodes get a square of this side each, unless the side of the whole square is given."""
USUAL_DEGREE = 6.0
ROWS = 256


class Chain(Source):
    """`chain:N`: N nodes in a row, `length_km` apart."""

    length_km: PositiveLength = 20.0

    def graph(self, what: str) -> Graph:
        """The chain."""
        count = _count(what, 2)
        points = [(i * self.length_km, 0.0) for i in range(count)]
        edges = [(i, i + 1) for i in range(count - 1)]
        return _even(f"Chain of {count}", [f"n{i + 1}" for i in range(count)], points, edges, self.length_km)


class Ring(Source):
    """`ring:N`: N nodes on a circle, neighbours `length_km` apart."""

    length_km: PositiveLength = 20.0

    def graph(self, what: str) -> Graph:
        """The ring."""
        count = _count(what, 3)
        radius = self.length_km / (2 * math.sin(math.pi / count))
        turns = [2 * math.pi * i / count for i in range(count)]
        points = [(radius * math.sin(turn), radius * math.cos(turn)) for turn in turns]
        edges = [(i, (i + 1) % count) for i in range(count)]
        return _even(f"Ring of {count}", [f"n{i + 1}" for i in range(count)], points, edges, self.length_km)


class Grid(Source):
    """`grid:RxC`: R rows of C nodes, neighbours `length_km` apart; r1c1 is the upper left one."""

    length_km: PositiveLength = 20.0

    def graph(self, what: str) -> Graph:
        """The grid."""
        parts = re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})", what)
        rows, columns = (int(part) for part in parts.groups()) if parts else (0, 0)
        if not 2 <= rows * columns <= MAX_NODES:
            raise TopologyError(
                f"{what!r} is no size of a grid; give rows x columns, such as 10x10, of 2 to {MAX_NODES:,} nodes in all"
            )
        cells = [(row, column) for row in range(rows) for column in range(columns)]
        points = [(column * self.length_km, -row * self.length_km) for row, column in cells]
        across = [(i, i + 1) for i, (_, column) in enumerate(cells) if column + 1 < columns]
        down = [(i, i + columns) for i, (row, _) in enumerate(cells) if row + 1 < rows]
        names = [f"r{row + 1}c{column + 1}" for row, column in cells]
        return _even(f"Grid of {rows} by {columns}", names, points, across + down, self.length_km)


class _Scattered(Source):
    """Nodes scattered evenly over a square.

    Attributes:
        seed: of the random numbers.
        side_km: side of the square; by default 50 km times the square root of the number of nodes.
        fibre_factor: length of fibre over the distance of its ends.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    side_km: Annotated[float, Field(ge=1, le=20_000)] | None = None
    fibre_factor: FibreFactor = FIBRE_FACTOR

    def scattered(self, count: int, rng: np.random.Generator) -> tuple[Points, float]:
        """Where the nodes are, shape (count, 2), and the side of the square; both in km."""
        side = SPACING_KM * math.sqrt(count) if self.side_km is None else self.side_km
        return rng.uniform(0, side, (count, 2)), side

    def drawn(self, name: str, told: str, points: Points, pairs: Pairs) -> Graph:
        """The graph with these links."""
        places = [(float(x), float(y)) for x, y in points]
        return straight(name, told, places, [(int(a), int(b)) for a, b in pairs], self.fibre_factor)


class Gabriel(_Scattered):
    """`gabriel:N`: two nodes are linked if no third lies in the circle whose diameter joins them.

    Gabriel and Sokal 1969, Syst. Zool. 18, 259. Such a graph is planar and, as it holds the shortest spanning tree, in
    one piece.
    """

    def graph(self, what: str) -> Graph:
        """The graph: the edges of the Delaunay triangulation that fulfil the condition."""
        from scipy.spatial import cKDTree

        count = _count(what, 2)
        points, side = self.scattered(count, np.random.default_rng(self.seed))
        pairs = _neighbours(points)
        middle = points[pairs].mean(axis=1)
        nearest, _ = cKDTree(points).query(middle)
        kept = pairs[nearest > _apart(points, pairs) / 2 * (1 - 1e-9)]
        told = f"Gabriel graph of {count} nodes in a square of {side:g} km, seed {self.seed}."
        return self.drawn(f"Gabriel graph of {count}", told, points, kept)


class Waxman(_Scattered):
    """`waxman:N`: two nodes at distance d are linked with probability beta exp(-d / decay_km).

    Waxman 1988, IEEE JSAC 6, 1617, with decay_km for alpha L. Parts are joined by the shortest links that do it.

    Attributes:
        degree: mean number of links of a node, before parts are joined; beta follows from it. By default 6, or as
            many as beta = 1 gives.
        decay_km: distance over which links become rarer by a factor e.
    """

    degree: Annotated[float, Field(gt=0)] | None = None
    decay_km: Annotated[float, Field(ge=0.1, le=1e6)] = 100.0

    def graph(self, what: str) -> Graph:
        """The graph, drawn pair by pair."""
        count = _count(what, 2)
        rng = np.random.default_rng(self.seed)
        points, side = self.scattered(count, rng)
        most = 2 / count * sum(float(weights.sum()) for _, weights in self._weights(points))
        if self.degree is not None and self.degree > most:
            raise TopologyError(
                f"a mean degree of {self.degree:g} cannot be reached, at most {most:.3g}; give a smaller degree, a "
                "greater decay_km or a smaller side_km"
            )
        beta = USUAL_DEGREE / max(most, USUAL_DEGREE) if self.degree is None else self.degree / most
        drawn = [
            np.argwhere(rng.random(weights.shape) < beta * weights) + first for first, weights in self._weights(points)
        ]
        pairs = np.concatenate(drawn)
        joins = _joining(points, pairs)
        told = (
            f"Waxman graph of {count} nodes in a square of {side:g} km, seed {self.seed}: linked with probability "
            f"{beta:.3g} exp(-d / {self.decay_km:g} km); {len(joins)} links were added to join its parts."
        )
        return self.drawn(f"Waxman graph of {count}", told, points, np.concatenate([pairs, joins]))

    def _weights(self, points: Points) -> Iterator[tuple[int, Points]]:
        """exp(-d / decay_km) of the pairs (first + i, first + j), each pair once and zeros elsewhere, rows by rows."""
        xs, ys = points.T
        for first in range(0, len(points), ROWS):
            rows = slice(first, first + ROWS)
            apart = np.hypot(xs[rows, None] - xs[None, first:], ys[rows, None] - ys[None, first:])
            yield first, np.triu(np.exp(-apart / self.decay_km), 1)


def _even(name: str, names: list[str], points: list[tuple[float, float]], edges: list[Edge], length_km: float) -> Graph:
    nodes = tuple(Node(name=each, x_km=x, y_km=y) for each, (x, y) in zip(names, points, strict=True))
    told = f"{name} nodes, neighbours joined by {length_km:g} km of fibre."
    return Graph(name, (told,), nodes, tuple(edges), (length_km,) * len(edges))


def _count(what: str, least: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", what) or not least <= int(what) <= MAX_NODES:
        raise TopologyError(f"{what!r} is no number of nodes; give one from {least} to {MAX_NODES:,}")
    return int(what)


def _apart(points: Points, pairs: Pairs) -> Points:
    """Distance between the points of each pair."""
    steps = points[pairs[:, 0]] - points[pairs[:, 1]]
    return np.hypot(steps[:, 0], steps[:, 1])


def _neighbours(points: Points) -> Pairs:
    """The edges of the Delaunay triangulation, shape (edges, 2), each once; all pairs of up to 3 points."""
    from scipy.spatial import Delaunay

    corners = np.arange(len(points))[None] if len(points) <= 3 else Delaunay(points).simplices
    first, second = np.triu_indices(corners.shape[1], 1)
    edges = np.stack([corners[:, first].ravel(), corners[:, second].ravel()], axis=1)
    return np.unique(np.sort(edges, axis=1), axis=0).astype(np.int64)


def _joining(points: Points, pairs: Pairs) -> Pairs:
    """The links of least total length that join what the pairs leave apart.

    They are in the shortest spanning tree of the points, and that is in their Delaunay triangulation.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    count = len(points)
    _, part = connected_components(coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count)))
    ways = _neighbours(points)
    ways = ways[part[ways[:, 0]] != part[ways[:, 1]]]
    ways = ways[np.argsort(_apart(points, ways), kind="stable")]
    ends, shortest = np.unique(np.sort(part[ways], axis=1), axis=0, return_index=True)
    tree = minimum_spanning_tree(coo_array((shortest + 1, (ends[:, 0], ends[:, 1])), (count, count)).tocsr())
    joins: Pairs = ways[np.sort(tree.data.astype(np.int64)) - 1]
    return joins
