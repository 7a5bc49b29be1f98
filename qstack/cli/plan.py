"""`qstack plan`: the best route between two nodes, what it gives, and why not another."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qstack.cli.options import JsonOption
from qstack.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from qstack.routing import Network
    from qstack.swapping import Delivery
    from qstack.swapping.optimise import Candidate, Goal


SAMPLED_SHOTS = 4000
"""Shots of the sample behind the latency, and behind all figures when several pairs are needed at a time."""


FLAT = 2
"""Levels of plans that need no drawing: links, and swaps as soon as possible."""

SHOWN = 6
"""Alternatives in the table."""


class PlanError(InputError):
    """A plan was asked for without saying on which network."""


def plan(
    source: Annotated[str, typer.Argument(metavar="A", help="A node.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Another node.")],
    network: Annotated[
        Path | None, typer.Option("--network", "-n", metavar="FILE", help="Network file; has to be given.")
    ] = None,
    fidelity: Annotated[
        float, typer.Option("--fidelity", "-f", metavar="F", min=0.0, max=1.0, help="The least fidelity acceptable.")
    ] = 0.0,
    deadline: Annotated[
        float | None,
        typer.Option("--deadline", metavar="SECONDS", min=0.0, help="95 % of the pairs have to be ready by then."),
    ] = None,
    key_rate: Annotated[
        float, typer.Option("--key-rate", metavar="BITS", min=0.0, help="The least key rate acceptable, bits/s.")
    ] = 0.0,
    pairs: Annotated[int, typer.Option("--pairs", "-k", metavar="K", min=1, help="Pairs needed at a time.")] = 1,
    json_: JsonOption = False,
) -> None:
    """Find the fastest route between two nodes that is good enough."""
    from qstack.cli import output
    from qstack.cli.progress import Bar
    from qstack.routing import Network
    from qstack.swapping.optimise import Goal

    if network is None:
        raise PlanError(f"on which network? write: qstack plan {source} {target} --network FILE")
    goal = Goal(fidelity, math.inf if deadline is None else deadline, key_rate)
    with Bar(quiet=json_) as progress:
        progress("looking for a plan", 0.0)
        facts = find(Network.load(network), source, target, goal, pairs)
    if json_:
        output.emit(json.dumps(facts))
    else:
        _show(facts)


def find(network: Network, source: str, target: str, goal: Goal, pairs: int) -> dict[str, Any]:
    """The best route as plain data; figures that do not exist are None.

    Args:
        network: where the route is.
        source: a node.
        target: another node.
        goal: what the pairs have to be like.
        pairs: pairs needed at a time.

    Raises:
        NoRouteError: nothing reaches the fidelity; the message says what would be possible.
    """
    import numpy as np

    from qstack import bell
    from qstack.routing import PairRequest, best_route, deliver
    from qstack.routing.review import compared, doubts

    route = best_route(
        network, source, target, goal.min_fidelity, deadline_s=goal.deadline_s, key_rate_per_s=goal.key_rate_per_s
    )
    best: Candidate | Delivery = route.chosen
    key_rate = route.chosen.key_rate_per_s
    if pairs == 1:
        delivery = route.chosen.planned.sample(SAMPLED_SHOTS, np.random.default_rng(0))
    else:
        request = PairRequest(source, target, pairs, goal.min_fidelity)
        (delivery,) = deliver(network, [request], SAMPLED_SHOTS, np.random.default_rng(0))
        best = delivery
        key_rate = delivery.rate_per_s * float(bell.key_fraction(delivery.states.mean(axis=(0, 1))))
    state = delivery.states.mean(axis=(0, 1))
    beside = compared(network, source, target, best.rate_per_s, state)
    return {
        "network": network.name,
        "source": source,
        "target": target,
        "pairs": pairs,
        "min_fidelity": goal.min_fidelity,
        "deadline_s": _finite(goal.deadline_s),
        "min_key_rate_per_s": goal.key_rate_per_s,
        "path": list(route.path),
        "plan": route.chosen.plan.text,
        "tree": json.loads(route.chosen.plan.to_json()),
        "rate_per_s": _finite(best.rate_per_s),
        "fidelity": _finite(best.fidelity),
        "key_rate_per_s": _finite(key_rate),
        "latency_s": delivery.latency_s,
        "doubts": list(doubts(network, route.path)),
        "published": [{**asdict(each), "inside": each.inside} for each in beside],
        "alternatives": [
            {
                "path": list(other.chain.path),
                "plan": other.plan.text,
                "rate_per_s": _finite(other.rate_per_s),
                "fidelity": _finite(other.fidelity),
                "reason": other.refused,
            }
            for other in route.alternatives
        ],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _show(facts: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.text import Text

    from qstack.application.pictures import words
    from qstack.cli import output
    from qstack.swapping import read_plan

    screen = output.console()
    grid = output.grid()
    grid.add_row("path", Text(" → ".join(facts["path"]), style="bold"))
    grid.add_row("plan", facts["plan"])
    tree = read_plan(facts["tree"])
    if tree.depth > FLAT:
        grid.add_row("", Text(tree.drawing(facts["path"])))
    grid.add_row("rate", f"{_told(facts['rate_per_s'], words.rate)} (pairs)")
    grid.add_row("fidelity", _told(facts["fidelity"], words.number))
    grid.add_row("key", f"{_told(facts['key_rate_per_s'], words.rate)} (bits, BBM92)")
    grid.add_row("latency", words.quantiles(facts["latency_s"]))
    screen.print(grid)
    for doubt in facts["doubts"]:
        screen.print(Text.assemble(("note ", "yellow"), doubt))
    if facts["published"]:
        _show_published(screen, facts["published"])
    if facts["alternatives"]:
        columns = ("instead", "plan", "rate", "fidelity", "why not")
        rows = [
            (
                "the same path" if other["path"] == facts["path"] else escape(" → ".join(other["path"])),
                escape(other["plan"]),
                _told(other["rate_per_s"], words.rate),
                _told(other["fidelity"], words.number),
                escape(other["reason"]),
            )
            for other in facts["alternatives"][:SHOWN]
        ]
        screen.print()
        output.print_table(screen, columns, rows, right=("rate", "fidelity"))
        if len(facts["alternatives"]) > SHOWN:
            screen.print(f"\nand {len(facts['alternatives']) - SHOWN} more; --json lists all", style="dim")


def _show_published(screen: Console, published: list[dict[str, Any]]) -> None:
    """Simulated beside published."""
    from rich.markup import escape

    from qstack.cli import output

    rows = [
        (
            {"rate_per_s": "pairs per second", "S": "CHSH value S"}.get(each["quantity"], each["quantity"]),
            f"{each['simulated']:.4g}",
            f"{each['published']:.4g} [{each['low']:.4g}, {each['high']:.4g}]",
            "inside" if each["inside"] else "[yellow]outside[/]",
            escape(each["source"]),
        )
        for each in published
    ]
    screen.print()
    output.print_table(screen, ("quantity", "simulated", "published", "band", "source"), rows, right=("simulated",))


def _told(value: float | None, how: Callable[[float], str]) -> str:
    return "none" if value is None else how(value)
