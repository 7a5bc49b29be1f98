"""`qstack topology`: a network as a table, a map, a network file or JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qstack.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import Console

    from qstack.routing import Network

SHOWN = 60
"""Rows of a table; of larger networks the rest is counted."""


def topology(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Network file (YAML or GraphML), or a reference: topohub:topozoo/Surfnet, chain:9, ring:9, "
            "grid:10x10, waxman:100, gabriel:100, with settings as in waxman:100?seed=1&platform=neutral_atom.",
        ),
    ],
    json_: JsonOption = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Write a map: .png, .svg or .pdf.")
    ] = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write it as a network file.")] = None,
) -> None:
    """Check a network and show its nodes and links."""
    from qstack.cli import output

    output.check_file("--plot", plot, output.PICTURE_KINDS)
    output.check_file("--save", save)
    output.check_apart({"the network": file, "--plot": plot, "--save": save})

    from qstack.routing import Network

    network = Network.load(file)
    if plot is not None:
        from qstack.application.picture import save_network

        output.write_whole(plot, lambda draft: save_network(network, draft))
    if save is not None:
        from qstack.routing.topologies import to_yaml

        text = to_yaml(network)
        output.write_whole(save, lambda draft: draft.write_text(text, encoding="utf-8"))
    if json_:
        output.emit(json.dumps(network.to_dict()))
        return
    _show(network)
    for kind, path in (("map", plot), ("network file", save)):
        if path is not None:
            output.console().print(f"[dim]{kind}:[/] {path}", soft_wrap=True)


def _show(network: Network) -> None:
    from rich.markup import escape

    from qstack.application.pictures.words import counted
    from qstack.cli import output

    screen = output.console()
    size = f"{counted(len(network.nodes), 'node')}, {counted(len(network.links), 'link')}"
    screen.print(f"[bold]{escape(network.name)}[/] · {size}", soft_wrap=True)
    if network.description:
        screen.print(f"[dim]{escape(network.description)}[/]")
    screen.print()
    ends = Counter(name for link in network.links for name in link.between)
    nodes = [
        (escape(node.name), _place(node.model_dump(exclude_none=True)), escape(node.platform), str(ends[node.name]))
        for node in network.nodes[:SHOWN]
    ]
    output.print_table(screen, ("node", "place", "platform", "links"), nodes, right=("links",))
    _print_rest(screen, len(network.nodes))
    screen.print()
    links = [(escape(" - ".join(link.between)), link.told_length, link.kind) for link in network.links[:SHOWN]]
    output.print_table(screen, ("link", "length", "kind"), links, right=("length",))
    _print_rest(screen, len(network.links))


def _print_rest(screen: Console, count: int) -> None:
    if count > SHOWN:
        screen.print(f"[dim]... and {count - SHOWN:,} more[/]")


def _place(node: dict[str, object]) -> str:
    match node:
        case {"lat": float() | int() as lat, "lon": float() | int() as lon}:
            return f"{abs(lat):.2f}°{'N' if lat >= 0 else 'S'} {abs(lon):.2f}°{'E' if lon >= 0 else 'W'}"
        case {"x_km": float() | int() as x, "y_km": float() | int() as y}:
            return f"{x:g}, {y:g} km"
        case _:
            return ""
