"""One batch of one program: supply, compile, run on a backend, read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qstack.application.entanglement import Expansion, Memory, Supply, supply
from qstack.application.tasks import Check, in_thread
from qstack.backend import Backend, Describes, Lowering, backend_names, load_backend
from qstack.compiler import Compiled, LoweringError, compile_program
from qstack.compiler.compiled import Readout, Split
from qstack.errors import InputError, QstackError
from qstack.language.program import Input, Program
from qstack.routing import Network

Progress = Callable[[str, float], None]
"""Told the stage of the work and the fraction of it that is done."""


class InputValueError(InputError):
    """A program input is missing, unknown or out of range."""


@dataclass(frozen=True)
class Setup:
    """How to run: everything but the program and the number of shots."""

    backend: Backend
    network: Network | None
    nodes: Mapping[str, str]
    expansion: Expansion
    memory: Memory
    lowering: Lowering | None


@dataclass(frozen=True)
class Executed:
    """A batch that ran: values per shot and how they came about."""

    program: Program
    readout: Readout
    supply: Supply
    compiled: Compiled
    circuits: int
    ran_on: tuple[str, ...]


async def execute(
    program: Program,
    setup: Setup,
    shots: int,
    seed: np.random.SeedSequence,
    inputs: Mapping[str, object],
    progress: Progress,
) -> Executed:
    """Run `shots` shots of a program. Never blocks the event loop; cancelling stops everything."""
    network_seed, draw_seed, backend_seed = seed.spawn(3)

    def prepare(check: Check) -> tuple[Supply, Compiled, dict[str, NDArray[np.uint8]], Split]:
        given = input_columns(program, inputs, shots)
        supplied = Supply()
        if setup.network is not None:
            supplied = supply(
                program,
                setup.nodes,
                setup.network,
                shots,
                np.random.default_rng(network_seed),
                expansion=setup.expansion,
                memory=setup.memory,
                check=check,
                progress=lambda fraction: progress("delivering pairs", fraction),
            )
        check()
        progress("compiling", 0.0)
        compiled = _compiled(program, setup, supplied)
        columns = compiled.columns(shots, np.random.default_rng(draw_seed), {**given, **supplied.given})
        check()
        return supplied, compiled, columns, compiled.split(columns, shots)

    supplied, compiled, columns, split = await in_thread(prepare)
    progress("running circuits", 0.0)
    handle = await setup.backend.submit(split.runs, seed=int(backend_seed.generate_state(1)[0]))
    raw = await setup.backend.result(handle)
    progress("reading outcomes", 0.0)
    readout = await in_thread(lambda check: compiled.collect(split, raw, columns, check))
    details = await setup.backend.details(handle) if isinstance(setup.backend, Describes) else {}
    ran_on = tuple(sorted(set(details.get("taken_by", ())))) or (setup.backend.name,)
    return Executed(program, readout, supplied, compiled, len(split.runs), ran_on)


def _compiled(program: Program, setup: Setup, supplied: Supply) -> Compiled:
    """The program for the backend.

    Raises:
        LoweringError: it does not fit; the message names installed backends that would take it.
    """
    try:
        return compile_program(program, setup.backend.capabilities, supplied.environment, setup.lowering)
    except LoweringError as error:
        able = [name for name in backend_names() if _takes(name, program, setup, supplied)]
        advice = f"backends that would take it: {', '.join(able)}" if able else "no installed backend would take it"
        raise LoweringError(f"{error}\n  {advice}") from error


def _takes(name: str, program: Program, setup: Setup, supplied: Supply) -> bool:
    try:
        compile_program(program, load_backend(name).capabilities, supplied.environment, setup.lowering)
    except QstackError:
        return False
    return True


def input_columns(program: Program, inputs: Mapping[str, object], shots: int) -> dict[str, NDArray[np.uint8]]:
    """A column per input of the program, from one value for all shots or one per shot, by `node.name` or `name`.

    Raises:
        InputValueError: an input is missing or unknown, or a value does not fit.
    """
    wanted = [op for op in program.operations if isinstance(op, Input)]
    names = {f"{op.node}.{op.name}" for op in wanted} | {op.name for op in wanted}
    for name in inputs:
        if name not in names:
            raise InputValueError(f"{program.name} has no input {name!r}; inputs: {', '.join(sorted(names)) or 'none'}")
    columns: dict[str, NDArray[np.uint8]] = {}
    for op in wanted:
        value = inputs.get(f"{op.node}.{op.name}", inputs.get(op.name))
        if value is None:
            raise InputValueError(f"input {op.name} of {op.node} is missing; give a value from 0 to {op.values - 1}")
        columns[op.source] = _input_column(op, value, shots)
    return columns


def _input_column(op: Input, value: object, shots: int) -> NDArray[np.uint8]:
    try:
        array = np.asarray(value)
        whole = array.astype(np.int64)
        fits = bool(np.all(whole == array)) and bool(np.all((whole >= 0) & (whole < op.values)))
        column = np.broadcast_to(whole, (shots,)).astype(np.uint8)
    except (TypeError, ValueError) as error:
        raise InputValueError(
            f"input {op.name} of {op.node} is {value!r}; give one whole number, or one per shot ({shots})"
        ) from error
    if not fits:
        raise InputValueError(
            f"input {op.name} of {op.node} must be whole numbers from 0 to {op.values - 1}; got {value!r}"
        )
    return column
