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
LEAST_SHARE = 0.6
ALL_NAMED = 60
"""Up to so many nodes a map without a path names them all; of more, those that have room."""
MOST_NAMED = 200
"""Beyond so many nodes only those of a path are named."""


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
    used = list(dict.fromkeys(name for one in path for name in one))
    _frame(axes, where, used)
    for link in network.links:
        (x0, y0), (x1, y1) = (where[name] for name in link.between)
        axes.plot([x0, x1], [y0, y1], color=style.FAINT, lw=1.4, zorder=1, solid_capstyle="round")
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
    named = order if len(where) <= MOST_NAMED else used
    place_labels(axes, where, named, used, ends, segments, all_of_them=not path and len(where) <= ALL_NAMED)
    if scale:
        _scale(axes)


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


def _frame(axes: Axes, where: Places, used: Sequence[str]) -> None:
    """Limits with air for the names and the same scale both ways; the axes must have their final size.

    A path that needs only a part of the map gets at least `LEAST_SHARE` of its width and height, with the path in it.
    """
    box = axes.get_window_extent()
    across, up = _spans(where)
    air = 0.13 * max(across[1] - across[0], up[1] - up[0], 1e-6)
    if used:
        part = _spans({name: where[name] for name in used})
        across, up = (_around(whole, inner) for whole, inner in zip((across, up), part, strict=True))
    wide, high = across[1] - across[0] + 2.4 * air, up[1] - up[0] + 1.6 * air
    per_pixel = max(wide / box.width, high / box.height)
    for limit, (low, high), pixels in ((axes.set_xlim, across, box.width), (axes.set_ylim, up, box.height)):
        middle, half = (low + high) / 2, per_pixel * pixels / 2
        limit(middle - half, middle + half)


def _spans(where: Places) -> tuple[tuple[float, float], tuple[float, float]]:
    xs, ys = zip(*where.values(), strict=True)
    return (min(xs), max(xs)), (min(ys), max(ys))


def _around(whole: tuple[float, float], inner: tuple[float, float]) -> tuple[float, float]:
    """A span inside `whole` that holds `inner` and is at least `LEAST_SHARE` of it."""
    length = max(LEAST_SHARE * (whole[1] - whole[0]), inner[1] - inner[0])
    low = min(max((inner[0] + inner[1] - length) / 2, whole[0]), whole[1] - length)
    return low, low + length


def _scale(axes: Axes) -> None:
    """A scale bar of a round length in a corner."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    span = (right - left) / 2
    power = 10.0 ** math.floor(math.log10(span / 4))
    length = max(step * power for step in (1, 2, 5) if step * power <= span / 3)
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
