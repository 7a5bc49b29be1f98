"""`qstack doctor`: whether everything the stack needs works here, found out by using it."""

from __future__ import annotations

import importlib
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import typer

from qstack.cli.options import JsonOption

PACKAGES = ("qstack-net", "numpy", "scipy", "matplotlib", "pydantic", "cirq-core", "stim", "rustworkx", "typer", "rich")


@dataclass(frozen=True)
class Check:
    """One thing looked at: what, whether it works, and what was seen."""

    name: str
    ok: bool
    seen: str


class UnwellError(Exception):
    """A check ran and found something wrong."""


def doctor(json_: JsonOption = False) -> None:
    """Check this installation by using it.

    The exit code is 1 if anything is broken.
    """
    from rich.markup import escape

    from qstack.cli import output

    checks = list(examine())
    well = all(check.ok for check in checks)
    if json_:
        output.emit(json.dumps({"ok": well, "checks": [asdict(check) for check in checks]}))
    else:
        screen = output.console()
        told = {True: "[green]ok[/]", False: "[bold red]broken[/]"}
        rows = [(check.name, told[check.ok], escape(check.seen)) for check in checks]
        output.print_table(screen, ("check", "", "seen"), rows)
        broken = sum(not check.ok for check in checks)
        screen.print(f"\n{'all is well' if well else f'{broken} of {len(checks)} checks failed'}")
    if not well:
        raise typer.Exit(1)


def examine() -> Iterator[Check]:
    """Every check, one after the other."""
    from qstack.backend import backend_names
    from qstack.language import protocol_names

    yield _check("python", _python)
    for package in PACKAGES:
        yield _check(package, lambda package=package: version(package))  # type: ignore[misc]
    yield _check("linked rooms", _rooms)
    yield _check("pictures", _picture)
    yield _check("event loop", _loop)
    for name in backend_names():
        yield _check(f"backend {name}", lambda name=name: _bell_pair(name))  # type: ignore[misc]
    for name in protocol_names():
        yield _check(f"protocol {name}", lambda name=name: _protocol(name))  # type: ignore[misc]


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except UnwellError as error:
        return Check(name, False, str(error))
    except Exception as error:  # anything a part of the installation raises is a finding
        return Check(name, False, f"{type(error).__name__}: {error}")


def _python() -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _rooms() -> str:
    """`qstack.backends` and `qstack.protocols` exist, and no second copy of them is loaded under a bare name."""
    for room in ("backends", "protocols"):
        module = importlib.import_module(f"qstack.{room}")
        bare = sys.modules.get(room)
        if bare is not None and getattr(bare, "__file__", None) == module.__file__:
            raise UnwellError(f"{room} is loaded twice, as {room} and as qstack.{room}; import qstack.{room} only")
    return "qstack.backends and qstack.protocols, loaded once"


def _picture() -> str:
    from matplotlib import __version__
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    figure.add_subplot().plot([0, 1])
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("png", "svg", "pdf"):
            target = Path(folder) / f"picture.{suffix}"
            figure.savefig(target)
            if not target.stat().st_size:
                raise UnwellError(f"matplotlib wrote an empty {suffix}")
    return f"matplotlib {__version__} writes png, svg and pdf"


def _loop() -> str:
    from qstack.application.tasks import in_thread, run_blocking

    async def work() -> int:
        return await in_thread(lambda check: 42)

    if run_blocking(work) != 42:
        raise UnwellError("work in a thread gave a wrong answer")
    return "runs work in threads"


def _bell_pair(name: str) -> str:
    """Run Phi+ measured in Z at both ends: outcomes agree and are not all alike."""
    from qstack.application.tasks import run_blocking
    from qstack.backend import Run, load_backend
    from qstack.circuit import Circuit, Measure, Pair

    backend = load_backend(name)
    if not backend.capabilities.simulator:
        return "loads; hardware is not run by this check"

    async def work() -> str:
        circuit = Circuit(2, 2, (Pair((0, 1)), Measure(0, 0), Measure(1, 1)))
        (raw,) = await backend.result(await backend.submit([Run(circuit, 256)], seed=1))
        if (raw[:, 0] != raw[:, 1]).any() or not 0 < raw[:, 0].sum() < 256:
            raise UnwellError("a Bell pair gave outcomes that are not those of a Bell pair")
        return "runs a Bell pair"

    return run_blocking(work)


def _protocol(name: str) -> str:
    from qstack.cli.protocols import describe
    from qstack.language import load_protocol

    facts = describe(load_protocol(name))
    roles = ", ".join(role["name"] for role in facts["roles"])
    if facts["resources"] is None:
        return f"loads; a {facts['kind']} of {roles}"
    pairs = facts["resources"]["pairs"]
    return f"traces; {pairs} pair{'s' if pairs != 1 else ''} for {roles}"
