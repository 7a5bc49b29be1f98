"""The order in which to run a circuit so that few qubits are held at once.

Only what a measurement depends on is kept, and each measurement runs as early as it can; a qubit is let go
after its last use. A repeater chain written pair by pair then needs four qubits at a time instead of all.
Knows no simulator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qstack.backends.checks import bit_number
from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Reset, touched


@dataclass(frozen=True, slots=True)
class Discard:
    """Lets a qubit go without looking at it."""

    qubit: int


Step = Operation | Discard
Mode = Literal["vector", "density"]


def schedule(circuit: Circuit) -> list[Step]:
    """Steps that give the same outcomes as the circuit, pairs expanded, measurements as early as can be."""
    operations = circuit.expanded().operations
    causes = _causes(operations)
    done = [False] * len(operations)
    order: list[int] = []
    for index, op in enumerate(operations):
        if isinstance(op, Measure) and not done[index]:
            order.extend(_past(index, causes, done))
    return _with_discards([operations[index] for index in order])


def _causes(operations: Sequence[Operation]) -> list[list[int]]:
    """For every operation, the earlier ones it needs directly."""
    last: dict[int, int] = {}
    written: dict[int, int] = {}
    causes = []
    for index, op in enumerate(operations):
        needs = [last[qubit] for qubit in touched(op) if qubit in last]
        if isinstance(op, Gate) and op.when is not None:
            needs += [written[bit_number(atom)] for atom in op.when.atoms]
        if isinstance(op, Measure):
            written[op.bit] = index
        last.update(dict.fromkeys(touched(op), index))
        causes.append(needs)
    return causes


def _past(index: int, causes: list[list[int]], done: list[bool]) -> list[int]:
    """What must still run before and with operation `index`, in circuit order; marks it as done."""
    found, stack = [], [index]
    while stack:
        at = stack.pop()
        if not done[at]:
            done[at] = True
            found.append(at)
            stack.extend(causes[at])
    return sorted(found)


def _with_discards(operations: Sequence[Operation]) -> list[Step]:
    final = {qubit: index for index, op in enumerate(operations) for qubit in touched(op)}
    steps: list[Step] = []
    for index, op in enumerate(operations):
        steps.append(op)
        if not isinstance(op, Measure | Reset):
            steps += [Discard(qubit) for qubit in touched(op) if final[qubit] == index]
    return steps


def width(steps: Sequence[Step]) -> int:
    """Most qubits held at once."""
    return max((held for held, _ in _held(steps)), default=0)


def cheapest(steps: Sequence[Step], shots: int) -> Mode:
    """Whether state vectors (noise drawn per shot) or density matrices (noise exact) take less work."""
    vector = density = 0.0
    outcomes, errors, kinds = 0.0, 0.0, 0.0
    for held, step in _held(steps):
        if isinstance(step, Measure):
            outcomes += 1
        histories = min(shots, 2.0 ** min(outcomes, 60))
        if isinstance(step, Noise):
            errors += sum(step.values)
            kinds += {"pauli": 2.0, "depolarize2": 4.0}.get(step.channel, 1.0)
        spread = min(shots, 2.0 ** min(outcomes + kinds, 60), histories + shots * errors)
        vector += spread * 2.0**held
        density += histories * 4.0**held
    return "density" if density < vector and 2 * width(steps) <= MOST_QUBITS else "vector"


MOST_QUBITS = 24
"""Qubits held at once by a state vector of 256 MiB."""


def _held(steps: Sequence[Step]) -> list[tuple[int, Step]]:
    held: set[int] = set()
    counts = []
    for step in steps:
        qubits = (step.qubit,) if isinstance(step, Discard) else touched(step)
        if not isinstance(step, Discard | Reset):
            held.update(qubits)
        counts.append((len(held), step))
        if isinstance(step, Measure | Reset | Discard):
            held.difference_update(qubits)
    return counts
