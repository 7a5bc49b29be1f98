"""Names beside points so that none covers another, a marker or a line; names that matter less give way."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from qstack.application.pictures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

Point = tuple[float, float]
Across = Literal["left", "center", "right"]
Upright = Literal["top", "center", "bottom"]

# Offsets in points with the alignment that goes with them, best first.
SIDES: tuple[tuple[int, int, Across, Upright], ...] = (
    (9, 0, "left", "center"),
    (-9, 0, "right", "center"),
    (0, 8, "center", "bottom"),
    (0, -8, "center", "top"),
    (7, 6, "left", "bottom"),
    (-7, 6, "right", "bottom"),
    (7, -6, "left", "top"),
    (-7, -6, "right", "top"),
    (16, 11, "left", "bottom"),
    (-16, 11, "right", "bottom"),
    (16, -11, "left", "top"),
    (-16, -11, "right", "top"),
)


NEAR = 8
"""How many of the sides are close to the point."""


def place_labels(
    axes: Axes,
    where: Mapping[str, Point],
    order: Sequence[str],
    important: Collection[str],
    bold: Collection[str],
    segments: Sequence[tuple[Point, Point, float]],
    *,
    all_of_them: bool = False,
) -> None:
    """Write the names in `order`; an important one takes the least bad side, another is left out if no side is free.

    `segments` are lines to keep clear of, each with how much that matters (below 1). With
    `all_of_them` none is left out.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()

    def to_pixels(point: Point) -> Point:
        x, y = axes.transData.transform(point)
        return float(x), float(y)

    points = {name: to_pixels(point) for name, point in where.items()}
    lines = [(to_pixels(a), to_pixels(b), weight) for a, b, weight in segments]
    frame = axes.get_window_extent()
    taken: list[Bbox] = []
    for name in order:
        if not frame.contains(*points[name]):
            continue
        text = axes.annotate(
            name,
            where[name],
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=style.SMALL if name in important else style.TINY,
            fontweight="bold" if name in bold else "normal",
            color=style.INK if name in important else style.SOFT,
            zorder=5,
        )
        best: tuple[float, int, Bbox] | None = None
        others = [point for other, point in points.items() if other != name]
        near_or_far = SIDES if name in important or all_of_them else SIDES[:NEAR]
        for index, (x, y, ha, va) in enumerate(near_or_far):
            text.set_position((x, y))
            text.set_horizontalalignment(ha)
            text.set_verticalalignment(va)
            box = text.get_window_extent().padded(1)
            cost = _cost(box, taken, points[name], others, lines, frame) + 0.01 * index
            if best is None or cost < best[0]:
                best = (cost, index, box)
        assert best is not None
        cost, index, box = best
        if cost >= 2 and name not in important and not all_of_them:
            text.remove()
            continue
        x, y, ha, va = SIDES[index]
        text.set_position((x, y))
        text.set_horizontalalignment(ha)
        text.set_verticalalignment(va)
        taken.append(box)


def _cost(
    box: Bbox,
    taken: Sequence[Bbox],
    own: Point,
    others: Sequence[Point],
    lines: Sequence[tuple[Point, Point, float]],
    frame: Bbox,
) -> float:
    """How bad a place is: names count most, then the frame, points that are nearer than the own one, lines."""
    cost = 20.0 * sum(box.overlaps(other) for other in taken)
    reach = _distance(box, own) + 2
    cost += 4.0 * sum(_distance(box, point) < reach for point in others)
    cost += sum(weight for a, b, weight in lines if _crosses(box, a, b))
    outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
    return float(cost + 8.0 * outside)


def _distance(box: Bbox, point: Point) -> float:
    """How far a point is from a box, 0 inside."""
    x, y = point
    return math.hypot(max(box.x0 - x, 0.0, x - box.x1), max(box.y0 - y, 0.0, y - box.y1))


def _crosses(box: Bbox, a: Point, b: Point) -> bool:
    """Whether the segment from a to b passes through the box (Liang and Barsky 1984)."""
    enter, leave = 0.0, 1.0
    for start, end, low, high in ((a[0], b[0], box.x0, box.x1), (a[1], b[1], box.y0, box.y1)):
        step = end - start
        if step == 0:
            if not low <= start <= high:
                return False
            continue
        first, second = sorted(((low - start) / step, (high - start) / step))
        enter, leave = max(enter, first), min(leave, second)
    return enter <= leave
