"""The application: which commands there are."""

from __future__ import annotations

from typing import Annotated

import typer

from qstack.cli.backends import backends
from qstack.cli.compile import compile_
from qstack.cli.doctor import doctor
from qstack.cli.plan import plan
from qstack.cli.platforms import platforms
from qstack.cli.protocols import protocols
from qstack.cli.run import run
from qstack.cli.topology import topology

app = typer.Typer(
    name="qstack",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"qstack {version('qstack-net')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def qstack(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors; so does QSTACK_DEBUG=1.")] = False,
) -> None:
    """Quantum-network protocols: write one once, run it over modelled networks on any backend.

    Start with: qstack run chsh --shots 2000
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(run)
app.command("compile")(compile_)
app.command()(plan)
app.command()(topology)
app.command()(platforms)
app.command()(protocols)
app.command()(backends)
app.command()(doctor)
