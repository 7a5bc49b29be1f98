"""The figure of a network on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qstack.application.pictures import map_panel, style
from qstack.application.pictures.words import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qstack.routing import Network


WIDTH_IN, HEAD_IN = 8.0, 0.8


def draw_network(network: Network, path: Sequence[str] | None = None) -> Figure:
    """A network as a map; without coordinates its nodes are laid out by their links, and the figure says so."""
    where = map_panel.places(network)
    drawn = where or _laid_out(network)
    height = HEAD_IN + _map_height_in(drawn)
    figure = style.new_figure(WIDTH_IN, height)
    axes = figure.add_axes((0.03, 0.03, 0.94, 1 - HEAD_IN / height - 0.03))
    map_panel.draw(axes, network, drawn, [path] if path else (), scale=where is not None)
    figure.text(0.03, 1 - 0.28 / height, network.name, fontsize=14, fontweight="bold", color=style.INK, va="center")
    fibre_km = sum(link.fibre_km for link in network.links)
    told = f"{counted(len(network.nodes), 'node')}, {counted(len(network.links), 'link')}"
    told += f", {fibre_km:,.0f} km of fibre" if fibre_km >= 1 else ""
    told += "" if where is not None else " (not to scale: no coordinates)"
    if path:
        told += f" · {' → '.join(path)}"
    figure.text(0.03, 1 - 0.54 / height, told, fontsize=style.BODY, color=style.SOFT, va="center")
    return figure


def _map_height_in(where: map_panel.Places) -> float:
    """A height that suits the shape of the network, within reason."""
    xs, ys = zip(*where.values(), strict=True)
    across, up = max(xs) - min(xs), max(ys) - min(ys)
    air = 0.13 * max(across, up, 1e-6)
    return float(min(max(WIDTH_IN * (up + 1.6 * air) / (across + 2.4 * air), 2.4), 8.5))


def _laid_out(network: Network) -> map_panel.Places:
    """Places for nodes without coordinates, by springs along the links (always the same ones)."""
    import rustworkx as rx

    graph: rx.PyGraph[str, None] = rx.PyGraph()
    index = {node.name: graph.add_node(node.name) for node in network.nodes}
    graph.add_edges_from_no_data([(index[a], index[b]) for a, b in (link.between for link in network.links)])
    layout = rx.spring_layout(graph, seed=7, num_iter=400)
    return {name: (float(layout[i][0]), float(layout[i][1])) for name, i in index.items()}
