"""A result as a table: rich on a terminal, plain text elsewhere, HTML in a notebook."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qstack.application.pictures import words
from qstack.application.result import Result

if TYPE_CHECKING:
    from rich.console import RenderableType


def renderable(result: Result) -> RenderableType:
    """The tables of a result, for a rich console."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = [Text(words.heading(result), style="bold")]
    if players := words.players(result):
        parts.append(Text(players, style="dim"))
    if result.metrics:
        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
        table.add_column("metric", overflow="fold")
        table.add_column("value", justify="right", style="bold cyan", overflow="fold")
        table.add_column("95 % interval", overflow="fold")
        table.add_column("compared with", style="dim", overflow="fold")
        for row in words.rows(result):
            table.add_row(row.name, row.value, row.interval, row.verdict)
        parts += [Text(), table]
    for title, facts in _facts(result):
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, text in facts:
            grid.add_row(label, text)
        parts += [Text(), Text(title, style="bold"), grid]
    parts += [
        Text(),
        Text(words.provenance_line(result), style="dim"),
        Text(f"repeat with --seed {result.seed}", style="dim"),
    ]
    return Group(*parts)


def as_text(result: Result, width: int = 100) -> str:
    """The tables of a result as plain text, at most `width` columns wide."""
    from rich.console import Console

    page = io.StringIO()
    Console(file=page, width=width, color_system=None, highlight=False, emoji=False).print(renderable(result))
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip().splitlines())


def as_html(result: Result, picture_svg: str = "") -> str:
    """The tables of a result as HTML for a notebook, with a picture below."""
    parts = [f"<p style='margin:0'><b>{html.escape(words.heading(result))}</b></p>"]
    if result.metrics:
        told = [(row.name, f"<b>{html.escape(row.value)}</b>", row.interval, row.verdict) for row in words.rows(result)]
        cells = [[html.escape(a), b, html.escape(c), html.escape(d)] for a, b, c, d in told]
        parts.append(_table(("metric", "value", "95 % interval", "compared with"), cells))
    for title, facts in _facts(result):
        cells = [[html.escape(label), html.escape(text)] for label, text in facts]
        parts.append(_table((title, ""), cells))
    small = f"{words.provenance_line(result)} · seed {result.seed}"
    parts.append(f"<p style='font-size:smaller;opacity:.7'>{html.escape(small)}</p>")
    return f"<div class='qstack-result'>{''.join(parts)}{picture_svg}</div>"


def _facts(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    return [("delivery", words.delivery_facts(result.delivery)), ("resources", words.resource_facts(result))]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    left = "style='text-align:left'"
    head = "".join(f"<th {left}>{html.escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td {left}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
