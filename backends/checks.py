"""Whether a batch is fit to run: sound circuits, shots and parameters in range, nothing the target lacks.

Every backend calls `check_batch` in `submit`, so the same mistake gives the same error everywhere. Knows no
target.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from math import isfinite

from qstack.backend import (
    Backend,
    Batch,
    Capabilities,
    CapabilityError,
    Run,
    backend_names,
    load_backend,
    obstacles,
)
from qstack.circuit import (
    ANGLES,
    CHANNELS,
    GATES,
    TWO_QUBIT_GATES,
    Circuit,
    Gate,
    Measure,
    Noise,
    Operation,
    Pair,
    Parameter,
    Reset,
    touched,
)
from qstack.errors import InputError

_BIT = re.compile(r"c(0|[1-9][0-9]*)\Z")
_TOLERANCE = 1e-9

Obstacles = Callable[[Circuit], list[str]]


class BatchError(InputError):
    """A batch or one of its circuits is malformed; no backend could run it."""


def bit_number(atom: str) -> int:
    """Number of the classical bit a condition's atom names: 3 for `"c3"`.

    Raises:
        BatchError: the atom is no classical bit.
    """
    match = _BIT.match(atom)
    if match is None:
        raise BatchError(f"condition reads {atom!r}; conditions of a circuit read classical bits c0, c1, ...")
    return int(match.group(1))


def check_batch(name: str, capabilities: Capabilities, batch: Batch, lacking: Obstacles | None = None) -> None:
    """Refuse a batch that cannot be run exactly.

    Args:
        name: the backend's name, for the message.
        capabilities: what the backend can run.
        batch: the runs.
        lacking: finds what a circuit needs beyond the capabilities; plain `obstacles` unless given.

    Raises:
        BatchError: a run or circuit is malformed, whatever the backend.
        CapabilityError: a run is sound but not for this backend; names the installed backends that could take
            it.
    """
    if len(batch) > capabilities.max_runs:
        raise CapabilityError(f"backend {name} takes at most {capabilities.max_runs} runs in a batch, got {len(batch)}")
    find = lacking or (lambda circuit: obstacles(circuit, capabilities))
    sound: set[int] = set()
    for number, run in enumerate(batch):
        if id(run.circuit) not in sound:
            check_circuit(run.circuit, where=f"run {number}")
            if reasons := find(run.circuit):
                raise CapabilityError(_refusal(name, number, run, reasons))
            sound.add(id(run.circuit))
        _check_run(name, capabilities, number, run)


def _check_run(name: str, capabilities: Capabilities, number: int, run: Run) -> None:
    if run.shots < 1:
        raise BatchError(f"run {number}: needs at least 1 shot, got {run.shots}")
    if len(run.parameters) != run.circuit.parameters:
        raise BatchError(f"run {number}: {run.circuit.parameters} free angles need values, got {len(run.parameters)}")
    if not all(isfinite(value) for value in run.parameters):
        raise BatchError(f"run {number}: free angles must be finite, got {run.parameters}")
    if run.circuit.parameters and not capabilities.parameters:
        raise CapabilityError(f"run {number}: backend {name} binds no free angles: send `circuit.bound(parameters)`")
    if run.shots < capabilities.min_shots:
        raise CapabilityError(
            f"run {number}: backend {name} needs at least {capabilities.min_shots} shots, got {run.shots}"
        )
    if capabilities.max_shots is not None and run.shots > capabilities.max_shots:
        raise CapabilityError(
            f"run {number}: backend {name} takes at most {capabilities.max_shots} shots, got {run.shots}"
        )


def _refusal(name: str, number: int, run: Run, reasons: list[str]) -> str:
    able = [other for other in backend_names() if other != name and _could_take(other, run)]
    advice = (
        f"these installed backends could take it: {', '.join(able)}" if able else "no other installed backend could"
    )
    return f"run {number}: backend {name} cannot run the circuit: it {'; it '.join(reasons)}; {advice}"


def _could_take(name: str, run: Run) -> bool:
    try:
        other: Backend = load_backend(name)
        find: Obstacles | None = getattr(other, "obstacles", None)
        return not (find(run.circuit) if find else obstacles(run.circuit, other.capabilities))
    except Exception:  # a broken third-party backend must not hide the refusal being written
        return False


def check_circuit(circuit: Circuit, *, where: str = "circuit") -> None:
    """Refuse a malformed circuit.

    Raises:
        BatchError: a qubit, bit, gate, channel, angle, probability or condition is out of range; a bit is
            written twice or read before it is written; a pair is put on qubits in use.
    """
    used: set[int] = set()
    written: set[int] = set()
    for index, op in enumerate(circuit.operations):
        problem = _qubits_problem(op, circuit) or _problem(op, circuit, used, written)
        if problem:
            raise BatchError(f"{where}, operation {index} ({op}): {problem}")
        if isinstance(op, Reset):
            used.discard(op.qubit)
        else:
            used.update(touched(op))
        if isinstance(op, Measure):
            written.add(op.bit)


def _qubits_problem(op: Operation, circuit: Circuit) -> str | None:
    qubits = touched(op)
    if any(not 0 <= qubit < circuit.qubits for qubit in qubits):
        return f"the circuit has qubits 0 to {circuit.qubits - 1}"
    if len(set(qubits)) != len(qubits):
        return "the qubits must differ"
    return None


def _problem(op: Operation, circuit: Circuit, used: set[int], written: set[int]) -> str | None:
    match op:
        case Gate():
            return _gate_problem(op, circuit, written)
        case Measure(bit=bit):
            if not 0 <= bit < circuit.bits:
                return f"the circuit has bits 0 to {circuit.bits - 1}"
            return "this bit was written before; each bit is written once" if bit in written else None
        case Pair(qubits=qubits, weights=weights):
            if used.intersection(qubits):
                return "a pair needs fresh qubits: reset them first"
            if (
                len(qubits) != 2
                or len(weights) != 4
                or not _probabilities(weights)
                or abs(sum(weights) - 1) > _TOLERANCE
            ):
                return "a pair needs two qubits and four weights that are probabilities with sum 1"
        case Noise():
            return _noise_problem(op)
    return None


def _gate_problem(op: Gate, circuit: Circuit, written: set[int]) -> str | None:
    if op.name not in GATES:
        return f"unknown gate; gates are {', '.join(sorted(GATES))}"
    expected = 2 if op.name in TWO_QUBIT_GATES else 1
    if len(op.qubits) != expected:
        return f"gate {op.name} acts on {expected} qubits"
    if len(op.angles) != ANGLES.get(op.name, 0):
        return f"gate {op.name} takes {ANGLES.get(op.name, 0)} angles"
    if any(isinstance(angle, float) and not isfinite(angle) for angle in op.angles):
        return "angles must be finite"
    terms = chain.from_iterable(angle.terms for angle in op.angles if isinstance(angle, Parameter))
    if any(not 0 <= index < circuit.parameters for _, index in terms):
        return f"the circuit has {circuit.parameters} free angles"
    if op.when is not None:
        unread = sorted(atom for atom in op.when.atoms if bit_number(atom) not in written)
        if unread:
            return f"the condition reads {', '.join(unread)} before it is measured"
    return None


def _probabilities(values: tuple[float, ...]) -> bool:
    return all(0 <= value <= 1 for value in values)


def _noise_problem(op: Noise) -> str | None:
    if op.channel not in CHANNELS:
        return f"unknown channel; channels are {', '.join(sorted(CHANNELS))}"
    expected = 2 if op.channel == "depolarize2" else 1
    if len(op.qubits) != expected or len(op.values) != CHANNELS[op.channel]:
        return f"channel {op.channel} acts on {expected} qubits and takes {CHANNELS[op.channel]} numbers"
    if not _probabilities(op.values) or sum(op.values) > 1 + _TOLERANCE:
        return "the numbers must be probabilities with sum at most 1"
    return None
