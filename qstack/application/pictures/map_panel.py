"""A network as a map: links, nodes at their coordinates, the path in use, and names that do not overlap."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qstack.application.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qstack.routing import Network

Places = dict[str, tuple[float, float]]
"""Node name to (east, north) in km."""

EARTH_KM = 6371.0


def places(network: Network) -> Places | None:
    """Where the nodes are, in km on a plane; None unless every node has coordinates.

    Latitude and longitude are laid flat with the scale of the middle latitude, good enough for a country.
    """
    round_earth = {n.name: (n.lat, n.lon) for n in network.nodes if n.lat is not None and n.lon is not None}
    if len(round_earth) == len(network.nodes):
        middle = math.radians(sum(lat for lat, _ in round_earth.values()) / len(round_earth))
        scale = math.radians(1) * EARTH_KM
        return {name: (lon * scale * math.cos(middle), lat * scale) for name, (lat, lon) in round_earth.items()}
    flat = {n.name: (n.x_km, n.y_km) for n in network.nodes if n.x_km is not None and n.y_km is not None}
    return flat if len(flat) == len(network.nodes) else None


def draw(
    axes: Axes, network: Network, where: Places, path: Sequence[Sequence[str]] = (), *, scale: bool = True
) -> None:
    """The map; `path` holds the node names of every path in use, `scale` adds a scale bar."""
    from qstack.application.pictures.labels import place_labels

    style.plain(axes)
    _frame(axes, where)
    for link in network.links:
        (x0, y0), (x1, y1) = (where[name] for name in link.between)
        axes.plot([x0, x1], [y0, y1], color=style.FAINT, lw=1.4, zorder=1, solid_capstyle="round")
    used = list(dict.fromkeys(name for one in path for name in one))
    ends = {one[end] for one in path for end in (0, -1)}
    for one in path:
        axes.plot(*zip(*(where[name] for name in one), strict=True), color=style.ACCENT, lw=3, zorder=2, alpha=0.9)
    for name, (x, y) in where.items():
        size, fill, edge = (9, style.ACCENT, "white") if name in ends else (6.5, "white", style.ACCENT)
        if name not in used:
            size, fill, edge = 4.5, style.SOFT, "white"
        axes.plot([x], [y], "o", ms=size, color=fill, mec=edge, mew=1.4 if name in used else 0.8, zorder=3)
    order = [*(name for name in used if name in ends), *(name for name in used if name not in ends)]
    order += [name for name in where if name not in used]
    drawn = {frozenset(link.between): 0.3 for link in network.links}
    drawn |= {frozenset(hop): 0.9 for one in path for hop in itertools.pairwise(one)}
    segments = [(where[a], where[b], weight) for (a, b), weight in drawn.items()]
    place_labels(axes, where, order, used, ends, segments, all_of_them=not path)
    if scale:
        _scale(axes, where)


def chain(axes: Axes, path: Sequence[str]) -> None:
    """A path without coordinates: its nodes in a row."""
    style.plain(axes)
    axes.set_xlim(-0.5, max(len(path) - 0.5, 1.5))
    axes.set_ylim(-1, 1)
    axes.plot(range(len(path)), [0] * len(path), color=style.ACCENT, lw=3, alpha=0.9, zorder=1)
    for place, name in enumerate(path):
        end = place in (0, len(path) - 1)
        fill, edge = (style.ACCENT, "white") if end else ("white", style.ACCENT)
        axes.plot([place], [0], "o", ms=10 if end else 8, color=fill, mec=edge, mew=1.5, zorder=2)
        above = place % 2 == 0
        axes.annotate(
            name,
            (place, 0),
            xytext=(0, 10 if above else -10),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=style.SMALL,
            fontweight="bold" if end else "normal",
            color=style.INK,
        )


def _frame(axes: Axes, where: Places) -> None:
    """Limits with air for the names and the same scale both ways; the axes must have their final size."""
    xs, ys = zip(*where.values(), strict=True)
    across, up = max(xs) - min(xs), max(ys) - min(ys)
    air = 0.13 * max(across, up, 1e-6)
    box = axes.get_window_extent()
    per_pixel = max((across + 2.4 * air) / box.width, (up + 1.6 * air) / box.height)
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    axes.set_xlim(middle_x - per_pixel * box.width / 2, middle_x + per_pixel * box.width / 2)
    axes.set_ylim(middle_y - per_pixel * box.height / 2, middle_y + per_pixel * box.height / 2)


def _scale(axes: Axes, where: Places) -> None:
    """A scale bar of a round length in a corner."""
    xs = [x for x, _ in where.values()]
    span = max(max(xs) - min(xs), 1e-9)
    power = 10.0 ** math.floor(math.log10(span / 4))
    length = max(step * power for step in (1, 2, 5) if step * power <= span / 3)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x, y = right - 0.03 * (right - left), bottom + 0.03 * (top - bottom)
    axes.plot([x - length, x], [y, y], color=style.SOFT, lw=1.2)
    axes.annotate(
        f"{length:g} km",
        (x - length / 2, y),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=style.TINY,
        color=style.SOFT,
    )
