"""Metrics with their intervals: one strip per metric that has bounds, one line each for the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qstack.application.pictures import style
from qstack.application.pictures.words import short, verdict
from qstack.application.result import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    style.title(axes, f"{name} = {short(metric.value)}", verdict(metric))
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1)
    axes.axvspan(low, bounds[0][1], color=style.PALE, lw=0)
    if len(bounds) > 1:
        axes.axvspan(bounds[0][1], bounds[-1][1], color=style.TINT, lw=0)
    for index, (label, bound) in enumerate(bounds):
        axes.axvline(bound, color=style.SOFT, lw=1)
        last = index == len(bounds) - 1 and index > 0
        room_right = (bound - low) / (high - low) < 0.8
        side = ("left" if room_right else "right") if last else ("right" if index == 0 else "center")
        if index == 0 and (bound - low) / (high - low) < 0.2:
            side = "left"
        gap = {"left": 4, "right": -4, "center": 0}[side]
        axes.annotate(
            f"{label} {short(bound)}",
            (bound, 1 if not (last and not room_right) else 1),
            xytext=(gap, -4),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=style.SMALL,
            color=style.SOFT,
        )
    _dot(axes, metric, 0.5, size=8)
    axes.annotate(
        f"{short(metric.value)}  [{short(metric.low)}, {short(metric.high)}]",
        (metric.value, 0.5),
        xytext=(0, -9),
        textcoords="offset points",
        ha=_alignment(metric.value, low, high),
        va="top",
        fontsize=style.BODY,
        fontweight="bold",
        color=style.ACCENT,
    )


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
        _dot(axes, metric, row, size=5)
        axes.annotate(
            short(metric.value) if abs(metric.value) >= 1e-4 else f"{metric.value:.1g}",
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.ACCENT,
        )
    axes.set_yticks(range(len(metrics)), [name.replace("_", " ") for name in metrics])
    axes.tick_params(axis="y", labelcolor=style.INK)


def _dot(axes: Axes, metric: Metric, height: float, size: float) -> None:
    axes.hlines(height, metric.low, metric.high, color=style.ACCENT, lw=2.2, zorder=3)
    axes.plot([metric.value], [height], "o", ms=size, color=style.ACCENT, mec="white", mew=1.2, zorder=4)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """An axis range with air around the values; probabilities stay at or below one."""
    low, high = min(values), max(values)
    air = 0.22 * (high - low) or 0.1 * (abs(high) or 1.0)
    top = 1.0 + 0.02 * (high - low + air) if high <= 1.0 < high + air else high + air
    return low - air if not 0 <= low < air else 0.0, top


def _alignment(value: float, low: float, high: float) -> str:
    place = (value - low) / (high - low)
    return "left" if place < 0.2 else "right" if place > 0.8 else "center"
