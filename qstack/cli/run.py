"""`qstack run`: a protocol on a network, as a table, a picture or one JSON object."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qstack.cli import options as given
from qstack.cli.options import ExpansionChoice, MemoryChoice


def run(
    protocol: given.ProtocolArgument,
    network: given.NetworkOption = None,
    role: given.RoleOption = None,
    shots: Annotated[
        int | None,
        typer.Option("--shots", "-N", metavar="N", help="How many times to run it; 1000 if not given."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Makes the run repeatable; drawn if not given.")
    ] = None,
    backend: given.BackendOption = "auto",
    set_: given.SetOption = None,
    input_: given.InputOption = None,
    lowering: given.LoweringOption = None,
    expand: given.ExpandOption = ExpansionChoice.delivered,
    memory: given.MemoryOption = MemoryChoice.pauli,
    json_: given.JsonOption = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Write a picture: .png, .svg or .pdf.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the result as JSON.")] = None,
) -> None:
    """Run a protocol and show what came of it."""
    from qstack.cli import output
    from qstack.cli.progress import Bar

    output.check_file("--plot", plot, output.PICTURE_KINDS)
    output.check_file("--out", out)
    output.check_apart({"--network": network, "--plot": plot, "--out": out})

    from qstack.application.session import Session
    from qstack.language import load_protocol
    from qstack.routing import Network

    chosen = load_protocol(protocol)
    where = Network.load(network) if network is not None else None
    session = Session(
        network=where,
        backend=backend,
        lowering=lowering.value if lowering else None,
        expansion=expand.value,
        memory=memory.value,
    )
    with Bar(quiet=json_) as progress:
        result = session.run_blocking(
            chosen,
            roles=given.roles(role, chosen.list_roles),
            shots=shots,
            seed=seed,
            settings=given.settings(set_),
            inputs=given.inputs(input_),
            progress=progress,
        )
        if out is not None:
            output.write_whole(out, lambda draft: draft.write_text(result.to_json() + "\n", encoding="utf-8"))
        if plot is not None:
            from qstack.application.picture import save

            progress("drawing", 0.0)
            output.write_whole(plot, lambda draft: save(result, draft, where))
    if json_:
        output.emit(result.to_json())
        return

    from qstack.cli.report import show

    show(result)
    for kind, path in (("picture", plot), ("result", out)):
        if path is not None:
            output.console().print(f"[dim]{kind}:[/] {path}", soft_wrap=True)
