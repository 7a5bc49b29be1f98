"""`qstack plan`: the best route between two nodes, what it gives, and why not another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qstack.cli.options import JsonOption, NetworkOption
from qstack.errors import InputError

if TYPE_CHECKING:
    from qstack.routing import Route


class PlanError(InputError):
    """A plan was asked for without saying on which network."""


def plan(
    source: Annotated[str, typer.Argument(metavar="A", help="A node.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Another node.")],
    network: NetworkOption = None,
    fidelity: Annotated[
        float, typer.Option("--fidelity", "-f", metavar="F", min=0.0, max=1.0, help="The least fidelity acceptable.")
    ] = 0.0,
    pairs: Annotated[int, typer.Option("--pairs", "-k", metavar="K", min=1, help="Pairs needed at a time.")] = 1,
    json_: JsonOption = False,
) -> None:
    """Find the fastest route between two nodes that is good enough."""
    from qstack.cli import output
    from qstack.routing import Network, PairRequest, best_route

    if network is None:
        raise PlanError(f"on which network? write: qstack plan {source} {target} --network FILE")
    chosen = best_route(Network.load(network), PairRequest(source, target, pairs, fidelity))
    facts = describe(chosen) | {"source": source, "target": target, "pairs": pairs, "min_fidelity": fidelity}
    if json_:
        output.emit(json.dumps(facts))
    else:
        _show(facts)


def describe(route: Route) -> dict[str, Any]:
    """A route as plain data."""
    return {
        "path": list(route.path),
        "plan": str(route.plan),
        "rate_per_s": route.rate_per_s,
        "fidelity": route.fidelity,
        "alternatives": [
            {
                "path": list(other.path),
                "plan": str(other.plan),
                "rate_per_s": other.rate_per_s,
                "fidelity": other.fidelity,
                "reason": other.reason,
            }
            for other in route.alternatives
        ],
    }


def _show(facts: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from qstack.application.pictures import words
    from qstack.cli import output

    screen = output.console()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("path", Text(" → ".join(facts["path"]), style="bold"))
    grid.add_row("plan", facts["plan"])
    grid.add_row("rate", f"{words.rate(facts['rate_per_s'])} (pairs)")
    grid.add_row("fidelity", f"{facts['fidelity']:.4f}")
    screen.print(grid)
    if facts["alternatives"]:
        table = output.table("instead", "plan", "rate", "fidelity", "why not", right=("rate", "fidelity"))
        for other in facts["alternatives"]:
            table.add_row(
                " → ".join(other["path"]),
                other["plan"],
                words.rate(other["rate_per_s"]),
                f"{other['fidelity']:.4f}",
                other["reason"],
            )
        screen.print()
        screen.print(table)
