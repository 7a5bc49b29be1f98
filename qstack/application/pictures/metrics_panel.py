"""Metrics with their intervals: one strip per metric that has bounds, one line each for the others."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qstack.application.pictures import style
from qstack.application.pictures.words import short, verdict
from qstack.application.result import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

MOST_STRIPS, MOST_LINES = 3, 10


def split(metrics: dict[str, Metric]) -> tuple[dict[str, Metric], dict[str, Metric]]:
    """The metrics that get a strip (they have bounds), and those that get a line; what cannot be drawn is left out."""
    drawn = {name: m for name, m in metrics.items() if math.isfinite(m.value) and math.isfinite(m.high - m.low)}
    strips = dict([item for item in drawn.items() if item[1].bounds][:MOST_STRIPS])
    lines = {name: m for name, m in drawn.items() if name not in strips}
    return strips, dict(list(lines.items())[:MOST_LINES])


def strip(axes: Axes, name: str, metric: Metric) -> None:
    """One metric on an axis with its bounds marked and the ground between them shaded."""
    bounds = sorted(metric.bounds.items(), key=lambda item: item[1])
    low, high = _range([metric.low, metric.high, *metric.bounds.values()])
    style.plain(axes, keep="b")
    told = verdict(metric)
    first = told.split(", ")[0]
    title = f"{name.replace('_', ' ')} = {metric.value:.3f}"
    style.title(axes, title, told, first, re.sub(r" \(.*?\)", "", first))
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1)
    axes.locator_params(axis="x", nbins=6)
    axes.axvspan(low, bounds[0][1] if len(bounds) > 1 else high, color=style.PALE, lw=0)
    axes.axvspan(*_tinted(metric, [bound for _, bound in bounds], low, high), color=style.TINT, lw=0)
    taken: list[Bbox] = []
    for label, bound in bounds:
        axes.axvline(bound, color=style.SOFT, lw=1)
        taken.append(_name_bound(axes, f"{label.replace('_', ' ')} {short(bound)}", bound, taken))
    _dot(axes, metric, 0.5, size=8)
    axes.annotate(
        f"{metric.value:.3f}  [{metric.low:.3f}, {metric.high:.3f}]",
        (metric.value, 0.5),
        xytext=(0, -9),
        textcoords="offset points",
        ha=_alignment(metric.value, low, high),
        va="top",
        fontsize=style.BODY,
        fontweight="bold",
        color=style.ACCENT,
    )


def _name_bound(axes: Axes, label: str, bound: float, taken: Sequence[Bbox]) -> Bbox:
    """Write a bound's name beside its line, on the side and in the row where it covers nothing and stays inside."""
    frame = axes.get_window_extent()
    places = [(side, row) for row in (0, 1) for side in ("right", "left")]
    text = axes.annotate(
        label,
        (bound, 1),
        xytext=(0, 0),
        textcoords="offset points",
        va="top",
        fontsize=style.SMALL,
        color=style.SOFT,
        zorder=5,
    )
    for side, row in places:
        text.set_horizontalalignment("right" if side == "right" else "left")
        text.set_position((-4 if side == "right" else 4, -4 - 12 * row))
        box = text.get_window_extent()
        if frame.x0 <= box.x0 and box.x1 <= frame.x1 + 6 and not any(box.overlaps(other) for other in taken):
            break
    return text.get_window_extent()


def lines(axes: Axes, metrics: dict[str, Metric], heading: str = "with 95 % intervals") -> None:
    """Several metrics on one axis, a line each, the value written at the right."""
    values = [edge for m in metrics.values() for edge in (m.low, m.high)]
    if all(-1 <= value <= 1 for value in values):
        low, high = (-1.0, 1.0) if min(values) < 0 else (0.0, 1.0)
    else:
        low, high = _range(values)
    style.plain(axes, keep="b")
    style.title(axes, "Metrics", heading)
    axes.set_xlim(low, high)
    axes.set_ylim(len(metrics) - 0.4, -0.6)
    if low < 0 < high:
        axes.axvline(0, color=style.FAINT, lw=1)
    for row, metric in enumerate(metrics.values()):
        axes.hlines(row, low, high, color=style.PALE, lw=1, zorder=0)
        _dot(axes, metric, row, size=4.5)
        axes.annotate(
            _signed(f"{metric.value:.3f}"),
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.ACCENT,
        )
    if high - low in (1.0, 2.0):
        step = (high - low) / 4
        axes.set_xticks([low + step * k for k in range(5)], [_signed(f"{low + step * k:g}") for k in range(5)])
    axes.set_yticks(range(len(metrics)), [name.replace("_", " ") for name in metrics])
    axes.tick_params(axis="y", labelcolor=style.INK)


def _tinted(metric: Metric, bounds: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """The ground between the bounds; with one bound, the side of it that the whole interval is on, if it is."""
    if len(bounds) > 1:
        return bounds[0], bounds[-1]
    (bound,) = bounds
    return (bound, high) if metric.low > bound else (low, bound) if metric.high < bound else (bound, bound)


def _dot(axes: Axes, metric: Metric, height: float, size: float) -> None:
    axes.hlines(height, metric.low, metric.high, color=style.ACCENT, lw=2.2, zorder=3, clip_on=False)
    axes.plot([metric.value], [height], "o", ms=size, color=style.ACCENT, mec="white", mew=1.2, zorder=4, clip_on=False)


def _signed(number: str) -> str:
    """A number with the minus sign that matplotlib's own ticks have."""
    return number.replace("-", "\N{MINUS SIGN}")


def _range(values: Sequence[float]) -> tuple[float, float]:
    """An axis range with air around the values, more on the left where the lowest bound is named."""
    low, high = min(values), max(values)
    span = high - low or 0.1 * (abs(high) or 1.0)
    top = 1.0 + 0.03 * span if high <= 1.0 < high + 0.1 * span else high + 0.1 * span
    return 0.0 if 0 <= low < 0.35 * span else low - 0.35 * span, top


def _alignment(value: float, low: float, high: float) -> str:
    place = (value - low) / (high - low)
    return "left" if place < 0.2 else "right" if place > 0.8 else "center"
