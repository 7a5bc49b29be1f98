"""`qstack compile`: a protocol as OpenQASM 3, as a program, a diagram, text, or one node's half."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qstack.cli import options as given
from qstack.cli.options import ExpansionChoice, MemoryChoice
from qstack.errors import InputError

if TYPE_CHECKING:
    from qstack.backend import Lowering
    from qstack.compiler import Environment
    from qstack.language import Program
    from qstack.routing import Network

SAMPLED_SHOTS = 2000
"""Shots of the sample from which the mean states of the delivered pairs are taken."""


class Target(StrEnum):
    """What a protocol can be turned into."""

    openqasm3 = "openqasm3"
    program = "program"
    diagram = "diagram"
    text = "text"
    half = "half"


class NoProgramError(InputError):
    """What was asked for has no program of its own."""


class HalfError(InputError):
    """It is not clear whose half is wanted."""


def compile_(
    protocol: given.ProtocolArgument,
    to: Annotated[Target, typer.Option("--to", "-t", help="What to turn it into; diagram is Mermaid.")] = Target.text,
    role_name: Annotated[
        str | None, typer.Option("--role-name", metavar="ROLE", help="Whose half, with --to half.")
    ] = None,
    network: given.NetworkOption = None,
    role: given.RoleOption = None,
    lowering: given.LoweringOption = None,
    expand: given.ExpandOption = ExpansionChoice.delivered,
    memory: given.MemoryOption = MemoryChoice.pauli,
    backend: given.BackendOption = "auto",
    set_: given.SetOption = None,
    json_: given.JsonOption = False,
) -> None:
    """Show what a protocol becomes."""
    from qstack.application.binding import bind
    from qstack.cli import output
    from qstack.language import Protocol, load_protocol
    from qstack.routing import Network

    chosen = load_protocol(protocol)
    if not isinstance(chosen, Protocol):
        raise NoProgramError(
            f"{protocol} is a conversation: its programs are made while it runs; compile them by their own names"
        )
    where = Network.load(network) if network is not None else None
    known = [node.name for node in where.nodes] if where is not None else None
    binding = bind(chosen.list_roles, given.roles(role, chosen.list_roles), known)
    program = chosen.trace(binding.counts, **given.settings(set_))
    if to is not Target.openqasm3:
        text = _view(program, to, role_name)
        if json_ and to is not Target.program:
            text = json.dumps({"protocol": program.name, "to": to.value, "text": text})
        output.emit(text)
        return
    environment = _environment(program, binding.nodes, where, expand, memory)
    compiled = _circuits(program, environment, backend, lowering.value if lowering else None)
    output.emit(json.dumps(compiled) if json_ else _listing(compiled))


def _view(program: Program, to: Target, role_name: str | None) -> str:
    from qstack.language.views import half, to_mermaid, to_text

    match to:
        case Target.program:
            return program.to_json()
        case Target.diagram:
            return to_mermaid(program).rstrip()
        case Target.half:
            if role_name not in program.roles:
                said = "give the role whose half you want" if role_name is None else f"no role is named {role_name!r}"
                hint = given.closest(role_name or "", program.roles)
                raise HalfError(f"{said} with --role-name; roles are {', '.join(program.roles)}{hint}")
            return to_text(half(program, role_name)).rstrip()
        case _:
            return to_text(program).rstrip()


def _environment(
    program: Program, nodes: dict[str, str], network: Network | None, expand: ExpansionChoice, memory: MemoryChoice
) -> Environment:
    """What the network does to the program, from a small repeatable sample of deliveries."""
    import numpy as np

    from qstack.application.entanglement import Supply, supply

    if network is None:
        return Supply().environment
    rng = np.random.default_rng(0)
    return supply(
        program,
        nodes,
        network,
        SAMPLED_SHOTS,
        rng,
        expansion=expand.value,
        memory=memory.value,
        check=lambda: None,
    ).environment


def _circuits(program: Program, environment: Environment, backend: str, lowering: Lowering | None) -> dict[str, Any]:
    from qstack.backend import load_backend
    from qstack.compiler import compile_program
    from qstack.compiler.openqasm import to_openqasm3

    compiled = compile_program(program, load_backend(backend).capabilities, environment, lowering)
    circuits = [{"values": values, "text": to_openqasm3(circuit).rstrip()} for values, circuit in compiled.circuits()]
    return {
        "protocol": program.name,
        "to": Target.openqasm3.value,
        "lowering": compiled.lowering,
        "backend": backend,
        "circuits": circuits,
        "readings": compiled.readings(),
    }


def _listing(compiled: dict[str, Any]) -> str:
    """One OpenQASM 3 program; where drawn values decide which circuit runs, they are its inputs."""
    from qstack.cli.qasm import one_program

    circuits = [(each["values"], each["text"]) for each in compiled["circuits"]]
    title = f"{compiled['protocol']}, {compiled['lowering']} lowering"
    return one_program(title, circuits, ("how outcomes are read:", *compiled["readings"]))
