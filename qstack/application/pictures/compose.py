"""The figure of a result: metrics and outcomes on the left, the network and its delivery on the right."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qstack.application.pictures import delivery_panel, map_panel, metrics_panel, outcomes_panel, style, words
from qstack.application.result import DeliverySummary, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qstack.routing import Network

WIDTH_IN, NARROW_IN, RIGHT_IN = 11.0, 7.5, 4.5
"""Widths of a figure with a delivery, of one without, and of the column that shows the delivery."""

HEAD_IN, FOOT_IN, EDGE_IN, GAP_IN = 1.1, 0.85, 0.35, 0.85
STRIP_IN, LINE_IN, BARS_IN = 0.95, 0.26, 1.6
MAP_IN, CHAIN_IN, DELIVERY_IN = 3.6, 0.9, 1.2


@dataclass
class _Column:
    """Panels below one another; lengths in inches from the top left corner of the figure."""

    figure: Figure
    left_in: float
    width_in: float
    below_in: float = HEAD_IN

    def panel(self, height_in: float) -> Axes:
        """The next panel down."""
        width, height = self.figure.get_size_inches()
        bottom_in = height - self.below_in - height_in
        self.below_in += height_in + GAP_IN
        return self.figure.add_axes(
            (self.left_in / width, bottom_in / height, self.width_in / width, height_in / height)
        )


def compose(result: Result, network: Network | None = None) -> Figure:
    """Draw a result; with a network, the map and the path on it."""
    strips, lines = metrics_panel.split(result.metrics)
    found = outcomes_panel.distribution(result)
    where = map_panel.places(network) if network is not None else None
    lines_in = max(LINE_IN * len(lines), 0.5)
    left = [STRIP_IN] * len(strips) + ([lines_in] if lines else []) + ([BARS_IN] if found else [])
    right = [MAP_IN if where else CHAIN_IN, DELIVERY_IN] if result.delivery else []
    inner_in = max(*(sum(column) + GAP_IN * (len(column) - 1) for column in (left, right)), 0.5)
    width = WIDTH_IN if result.delivery else NARROW_IN
    figure = style.new_figure(width, HEAD_IN + inner_in + FOOT_IN)

    labels_in = 0.4 + 0.072 * max((len(name) for name in lines), default=0)
    rest_in = RIGHT_IN + 0.95 + EDGE_IN if result.delivery else 0.7
    column = _Column(figure, labels_in, width - labels_in - rest_in)
    for name, metric in strips.items():
        metrics_panel.strip(column.panel(STRIP_IN), name, metric)
    if lines:
        metrics_panel.lines(column.panel(lines_in), lines)
    if found:
        left_over_in = HEAD_IN + inner_in - column.below_in
        outcomes_panel.draw(column.panel(min(left_over_in, 2 * BARS_IN)), found, result.accepted_shots)
    if result.delivery:
        column = _Column(figure, width - EDGE_IN - RIGHT_IN, RIGHT_IN)
        _path(column.panel(inner_in - DELIVERY_IN - GAP_IN if where else CHAIN_IN), result.delivery, network, where)
        delivery_panel.draw(column.panel(DELIVERY_IN), result.delivery)
    _words_around(figure, result)
    return figure


def _path(axes: Axes, delivery: DeliverySummary, network: Network | None, where: map_panel.Places | None) -> None:
    if network is None or where is None:
        map_panel.chain(axes, delivery.path)
        style.title(axes, "Path")
        return
    paths = [served.path for served in delivery.requests] or [delivery.path]
    map_panel.draw(axes, network, where, paths)
    ends = f"{delivery.path[0]} → {delivery.path[-1]}"
    style.title(axes, ends if len(paths) == 1 else f"{len(paths)} paths", network.name)


def _words_around(figure: Figure, result: Result) -> None:
    """Heading above, provenance below."""
    width, height = figure.get_size_inches()
    left = 0.33 / width
    figure.text(
        left, 1 - 0.3 / height, words.heading(result), fontsize=14, fontweight="bold", color=style.INK, va="center"
    )
    if players := words.players(result):
        figure.text(
            left,
            1 - 0.54 / height,
            textwrap.shorten(players, int(12 * width), placeholder=" …"),
            fontsize=style.BODY,
            color=style.SOFT,
            va="center",
        )
    foot = f"{words.provenance_line(result)} · seed {result.seed}"
    foot = "\n".join(textwrap.wrap(foot, int(17 * width))[:2])
    figure.text(left, 0.2 / height, foot, fontsize=style.TINY - 0.5, color=style.SOFT, va="center")
