"""The figure of a result: metrics and outcomes on the left, the network and its delivery on the right."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from qstack.application.pictures import delivery_panel, map_panel, metrics_panel, outcomes_panel, style, words
from qstack.application.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec

    from qstack.routing import Network

WIDTH_IN, NARROW_IN, STRIP_IN, LINE_IN, BARS_IN = 11.0, 7.5, 0.95, 0.26, 1.6
HEAD_IN, FOOT_IN, GAP_IN = 1.1, 0.55, 0.85


def compose(result: Result, network: Network | None = None) -> Figure:
    """Draw a result; with a network, the map and the path on it."""
    strips, lines = metrics_panel.split(result.metrics)
    found = outcomes_panel.distribution(result)
    heights = [STRIP_IN] * len(strips)
    heights += [max(LINE_IN * len(lines), 0.5)] if lines else []
    heights += [BARS_IN] if found else []
    inner = max(sum(heights) + GAP_IN * max(len(heights) - 1, 0), 3.4 if result.delivery else 1.2)
    width = WIDTH_IN if result.delivery else NARROW_IN
    figure = style.new_figure(width, HEAD_IN + inner + FOOT_IN + 0.35)
    height = figure.get_figheight()
    both = figure.add_gridspec(
        1,
        2 if result.delivery else 1,
        width_ratios=[1.15, 1] if result.delivery else None,
        left=(0.4 + 0.072 * max((len(name) for name in lines), default=0)) / width,
        right=1 - (0.35 if result.delivery else 0.7) / width,
        top=1 - HEAD_IN / height,
        bottom=(FOOT_IN + 0.3) / height,
        wspace=0.2,
    )
    if heights:
        mean = sum(heights) / len(heights)
        left = both[0].subgridspec(len(heights), 1, height_ratios=heights, hspace=GAP_IN / mean)
        panels = iter(figure.add_subplot(left[row]) for row in range(len(heights)))
        for name, metric in strips.items():
            metrics_panel.strip(next(panels), name, metric)
        if lines:
            metrics_panel.lines(next(panels), lines)
        if found:
            outcomes_panel.draw(next(panels), found, result.accepted_shots)
    _words_around(figure, result, height)
    if result.delivery:
        _network(figure, both[1], result, network)
    return figure


def _network(figure: Figure, room: SubplotSpec, result: Result, network: Network | None) -> None:
    delivery = result.delivery
    assert delivery is not None
    where = map_panel.places(network) if network is not None else None
    halves = room.subgridspec(2, 1, height_ratios=[2.2 if where else 0.8, 1], hspace=0.28)
    axes = figure.add_subplot(halves[0])
    paths = [served.path for served in delivery.requests] or [delivery.path]
    if network is not None and where is not None:
        map_panel.draw(axes, network, where, paths)
        style.title(axes, " → ".join((delivery.path[0], delivery.path[-1])), network.name)
    else:
        map_panel.chain(axes, delivery.path)
        style.title(axes, "Path")
    delivery_panel.draw(figure.add_subplot(halves[1]), delivery)


def _words_around(figure: Figure, result: Result, height: float) -> None:
    """Heading above, provenance below."""
    width = figure.get_figwidth()
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
