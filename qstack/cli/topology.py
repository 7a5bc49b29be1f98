"""`qstack topology`: a network file as a table, a map or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from qstack.cli.options import JsonOption


def topology(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Network file.")],
    json_: JsonOption = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Write a map: .png, .svg or .pdf.")
    ] = None,
) -> None:
    """Check a network file and show its nodes and links."""
    from qstack.cli import output

    output.check_file("--plot", plot, output.PICTURE_KINDS)

    from rich.markup import escape

    from qstack.application.pictures.words import counted
    from qstack.routing import Network

    network = Network.load(file)
    if plot is not None:
        from qstack.application.picture import save_network

        output.write_whole(plot, lambda draft: save_network(network, draft))
    facts = network.to_dict()
    if json_:
        output.emit(json.dumps(facts))
        return
    screen = output.console()
    size = f"{counted(len(network.nodes), 'node')}, {counted(len(network.links), 'link')}"
    screen.print(f"[bold]{escape(network.name)}[/] · {size}", soft_wrap=True)
    if facts.get("description"):
        screen.print(f"[dim]{escape(facts['description'])}[/]")
    screen.print()
    ends = [name for link in facts["links"] for name in link["between"]]
    nodes = [
        (escape(node["name"]), _place(node), escape(node["platform"]), str(ends.count(node["name"])))
        for node in facts["nodes"]
    ]
    output.print_table(screen, ("node", "place", "platform", "links"), nodes, right=("links",))
    screen.print()
    links = [(escape(" - ".join(link.between)), link.told_length, link.kind) for link in network.links]
    output.print_table(screen, ("link", "length", "kind"), links, right=("length",))
    if plot is not None:
        screen.print(f"[dim]map:[/] {plot}", soft_wrap=True)


def _place(node: dict[str, object]) -> str:
    match node:
        case {"lat": float() | int() as lat, "lon": float() | int() as lon}:
            return f"{abs(lat):.2f}°{'N' if lat >= 0 else 'S'} {abs(lon):.2f}°{'E' if lon >= 0 else 'W'}"
        case {"x_km": float() | int() as x, "y_km": float() | int() as y}:
            return f"{x:g}, {y:g} km"
        case _:
            return ""
