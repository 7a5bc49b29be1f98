"""`qstack platforms`: the hardware nodes can have, or one machine with where its figures are from."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qstack.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import Console

FIGURES = (
    "gate1_time_s", "gate1_depolarizing", "gate2_time_s", "gate2_depolarizing", "readout_time_s", "readout_error",
    "t1_s", "t2_s",
)  # fmt: skip
"""Figures without which an operation takes no time, makes no error or a memory keeps for ever."""


def platforms(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One platform; all without it.")] = None,
    json_: JsonOption = False,
) -> None:
    """List the platforms, or show one with the sources of its figures."""
    from qstack.cli import output
    from qstack.link import platform_names

    if name is not None:
        facts = describe(name)
        if json_:
            output.emit(json.dumps(facts))
        else:
            _show(output.console(), facts)
        return
    listed = [describe(each) for each in platform_names()]
    if json_:
        output.emit(json.dumps({"platforms": listed}))
    else:
        _list(output.console(), listed)


def describe(name: str) -> dict[str, Any]:
    """One platform as plain data; a time without end is None.

    `figures` are what qstack works with, `quoted` are those that were given, as their source quotes them; `sources` and
    `assumed` say more of some of them, by name.

    Raises:
        UnknownPlatformError: there is no platform of that name; the message names the closest.
    """
    from qstack.link.platform import average_infidelity, platform_sheet

    sheet = platform_sheet(name)
    figures = sheet.platform.model_dump(exclude={"description", "source"})
    for qubits in (1, 2):
        error = average_infidelity(figures[f"gate{qubits}_depolarizing"], qubits)
        figures[f"gate{qubits}_average_infidelity"] = error
    return {
        "name": name,
        "description": sheet.description,
        "source": sheet.source,
        "figures": {key: _finite(value) for key, value in figures.items()},
        "quoted": {key: _finite(value) for key, value in sheet.quoted.items()},
        "sources": sheet.sources,
        "assumed": sheet.assumed,
        "notes": list(sheet.notes),
        "detector": sheet.detector,
    }


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _list(screen: Console, listed: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.text import Text

    from qstack.cli import output

    columns = ("platform", "T1", "T2", "one-qubit\ngate", "two-qubit\ngate", "readout", "photon")
    output.print_table(screen, columns, [(each["name"], *map(escape, _cells(each["figures"]))) for each in listed])
    screen.print()
    told = output.grid()
    for each in listed:
        told.add_row(each["name"], Text.assemble(each["description"], "\n", (f"Source: {each['source']}", "dim")))
    screen.print(told)
    screen.print(
        "\nBelow a time: the average infidelity of a gate, or the error of a readout. Photon: how likely it leaves "
        "the node in an attempt, and its colour. qstack platforms NAME shows every figure.",
        style="dim",
    )


def _cells(figures: dict[str, Any]) -> list[str]:
    """Coherence times, gates, readout and photon of one platform, in few words."""
    photon = figures["photon"]
    return [
        _time(figures["t1_s"]),
        _time(figures["t2_s"]),
        _operation(figures["gate1_time_s"], figures["gate1_average_infidelity"]),
        _operation(figures["gate2_time_s"], figures["gate2_average_infidelity"]),
        _operation(figures["readout_time_s"], figures["readout_error"]),
        "none" if photon is None else f"{photon['emission']:g}\n{photon['wavelength_nm']:g} nm",
    ]


def _operation(time_s: float, error: float) -> str:
    return f"{_time(time_s)}\n{100 * error:.3g} %" if time_s or error else "-"


def _time(value: float | None) -> str:
    from qstack.application.pictures import words

    return words.seconds(math.inf if value is None else value)


def _show(screen: Console, facts: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.text import Text

    from qstack.cli import output

    screen.print(Text(facts["name"], style="bold"))
    screen.print(Text(facts["description"]))
    screen.print(Text(f"Source: {facts['source']}", style="dim"))
    rows = [
        (figure, escape(_value(facts["figures"], figure)), escape(_quoted(quoted)), escape(_remark(facts, figure)))
        for figure, quoted in facts["quoted"].items()
    ]
    if rows:
        screen.print()
        output.print_table(screen, ("figure", "value", "quoted as", "remark"), rows)
    grid = output.grid()
    for note in facts["notes"]:
        grid.add_row("note", note)
    if facts["detector"]:
        told = ", ".join(f"{name} {value:g}" for name, value in facts["detector"].items())
        grid.add_row("detectors", f"{told} (a network file says so at its links)")
    if absent := [figure for figure in FIGURES if figure not in facts["quoted"]]:
        grid.add_row("not given", f"{', '.join(absent)}: as if perfect")
    screen.print()
    screen.print(grid)


def _value(figures: dict[str, Any], name: str) -> str:
    part, _, inner = name.partition(".")
    value = figures[part][inner] if inner else figures[part]
    if name.endswith("_s"):
        return _time(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _quoted(value: object) -> str:
    """What a source says in place of the figure; nothing where it is the figure itself."""
    if not isinstance(value, dict):
        return ""
    return ", ".join(f"{name.replace('_', ' ').replace('pauli', 'Pauli')} {each:g}" for name, each in value.items())


def _remark(facts: dict[str, Any], figure: str) -> str:
    if figure in facts["assumed"]:
        return f"assumed: {facts['assumed'][figure]}"
    return str(facts["sources"].get(figure, ""))
