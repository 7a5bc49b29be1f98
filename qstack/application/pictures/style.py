"""The look of every figure: a small palette, plain axes, text set directly on what it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2937"
SOFT = "#6b7280"
FAINT = "#d1d5db"
PALE = "#f1f3f5"
ACCENT = "#1d4ed8"
TINT = "#dbe6fd"

BODY, SMALL, TINY = 9.5, 8.5, 7.5
"""Font sizes in points."""


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty white figure with its own Agg canvas; no state of pyplot is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes, *, keep: str = "") -> None:
    """Take away every spine and tick but those on the sides in `keep` (letters of `l`, `b`)."""
    for name, side in (("left", "l"), ("bottom", "b"), ("top", "t"), ("right", "r")):
        axes.spines[name].set_visible(side in keep)
        axes.spines[name].set_color(FAINT)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=SOFT)
    if "l" not in keep:
        axes.set_yticks([])
    if "b" not in keep:
        axes.set_xticks([])


def title(axes: Axes, text: str, *notes: str) -> None:
    """A panel's title, flush left, and flush right the first of the notes that has room beside it."""
    left = axes.set_title(text, loc="left", fontsize=BODY, fontweight="bold", color=INK, pad=9)
    right = axes.set_title("", loc="right", fontsize=SMALL, color=SOFT, pad=9)
    room = axes.get_window_extent().width - left.get_window_extent().width - SMALL * 2
    for note in notes:
        right.set_text(note)
        if right.get_window_extent().width <= room:
            return
    right.set_text("")
