"""A result on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qstack.cli.output import console

if TYPE_CHECKING:
    from qstack.application.result import Result


def show(result: Result) -> None:
    """Print the tables of a result."""
    from qstack.application.pictures.table import renderable

    console().print(renderable(result))
