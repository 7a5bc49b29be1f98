"""Circuits every backend is asked to run, as far as its capabilities go, and circuits nobody may accept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

from qstack.boolean import TRUE, Poly
from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Pair, Parameter, Reset

WEIGHTS = (0.85, 0.07, 0.05, 0.03)

PREPARATIONS = {"0": (), "+": ("h",), "+i": ("h", "s")}
BASES = {"z": (), "x": ("h",), "y": ("sdg", "h")}
ANGLE_SETS = {1: ((0.7,), (-2.1,)), 3: ((0.7, 1.1, -0.4), (2.0, -0.3, 0.9))}


def _measured(qubits: int, operations: list[Operation], parameters: int = 0) -> Circuit:
    ends = [Measure(qubit, qubit) for qubit in range(qubits)]
    return Circuit(qubits, qubits, (*operations, *ends), parameters)


def _gates(names: tuple[str, ...], *qubits: int) -> list[Operation]:
    return [Gate(name, (qubit,)) for qubit in qubits for name in names]


def _bit(number: int) -> Poly:
    return Poly.atom(f"c{number}")


def _teleport(prepare: tuple[str, ...], *, feed_forward: bool) -> Circuit:
    operations: list[Operation] = [Pair((1, 2), WEIGHTS), *_gates(prepare, 0)]
    operations += [Gate("cx", (0, 1)), Gate("h", (0,)), Measure(0, 0), Measure(1, 1)]
    if feed_forward:
        operations += [Gate("x", (2,), (), _bit(1)), Gate("z", (2,), (), _bit(0))]
    return Circuit(3, 3, (*operations, *_gates(prepare[::-1], 2), Measure(2, 2)))


def _boolean() -> Circuit:
    """Every kind of condition: constant, parity, product, on a gate that is neither Pauli nor Clifford."""
    operations: list[Operation] = [*_gates(("h",), 0, 1, 2), *(Measure(q, q) for q in range(3))]
    operations += [
        Gate("u", (3,), (0.8, 0.2, 0.5), _bit(0) & _bit(1) ^ _bit(2)),
        Gate("ry", (3,), (0.9,), ~(_bit(1) & _bit(2))),
        Gate("cx", (3, 4), (), _bit(0) ^ TRUE),
        Gate("h", (3,), (), _bit(0)),
    ]
    return Circuit(5, 5, (*operations, Measure(3, 3), Measure(4, 4)))


def _parities() -> Circuit:
    operations: list[Operation] = [*_gates(("h",), 0, 1, 2), *(Measure(q, q) for q in range(3))]
    operations += [
        Gate("x", (3,), (), _bit(0) ^ _bit(1) ^ TRUE),
        Gate("h", (4,)),
        Gate("y", (4,), (), _bit(1) ^ _bit(2)),
        Gate("z", (4,), (), _bit(2)),
        Gate("h", (4,)),
    ]
    return Circuit(5, 5, (*operations, Measure(3, 3), Measure(4, 4)))


def standard() -> Iterator[tuple[str, Circuit]]:
    """Named circuits without free angles."""
    for basis, rotation in BASES.items():
        yield f"pair-{basis}", _measured(2, [Pair((0, 1)), *_gates(rotation, 0, 1)])
        yield f"noisy-pair-{basis}", _measured(2, [Pair((0, 1), WEIGHTS), *_gates(rotation, 0, 1)])
        noise = [Noise("pauli", (0,), (0.1, 0.2, 0.3)), Noise("pauli", (1,), (0.3, 0.05, 0.0))]
        yield f"pauli-noise-{basis}", _measured(2, [Pair((0, 1)), *noise, *_gates(rotation, 0, 1)])
        two = Noise("depolarize2", (0, 1), (0.3,))
        yield f"depolarize2-{basis}", _measured(2, [Pair((0, 1)), two, *_gates(rotation, 0, 1)])
        damped = [Noise("amplitude_damping", (0,), (0.3,)), Noise("amplitude_damping", (1,), (0.6,))]
        yield f"damping-{basis}", _measured(2, [Pair((1, 0), WEIGHTS), *damped, *_gates(rotation, 0, 1)])
    angles = [Gate("ry", (0,), (0.4,)), Gate("u", (1,), (1.2, -0.3, 2.2))]
    yield "pair-any-angles", _measured(2, [Pair((0, 1), WEIGHTS), *angles])
    yield "damped-one", _measured(1, [Gate("x", (0,)), Noise("amplitude_damping", (0,), (0.25,))])
    yield "ghz", _measured(4, [Gate("h", (0,)), *(Gate("cx", (q, q + 1)) for q in range(3))])
    yield (
        "two-pairs-share-a-circuit",
        _measured(4, [Pair((0, 2), WEIGHTS), Pair((3, 1), (0.0, 0.5, 0.0, 0.5))]),
    )
    for state, prepare in (("0", ()), ("+", ("h",))):
        yield f"teleport-frames-{state}", _teleport(prepare, feed_forward=False)
        yield f"teleport-{state}", _teleport(prepare, feed_forward=True)
    yield "parities", _parities()
    yield "boolean-conditions", _boolean()
    yield "damped-feed-forward", _damped_feed_forward()
    again: list[Operation] = [Gate("h", (0,)), Measure(0, 0), Gate("h", (0,)), Measure(0, 1), Measure(0, 2)]
    yield "measured-again", Circuit(1, 3, tuple(again))
    reset: list[Operation] = [Pair((0, 1), WEIGHTS), Reset(0), Gate("h", (0,)), Measure(0, 0), Measure(1, 1)]
    yield "reset", Circuit(2, 2, tuple(reset))
    reused: list[Operation] = [
        Pair((0, 1)),
        Measure(0, 0),
        Reset(0),
        Pair((0, 2)),
        Measure(0, 1),
        Measure(1, 2),
    ]
    yield "pair-on-reset-qubits", Circuit(3, 3, (*reused, Reset(2)))
    yield (
        "bits-in-another-order",
        Circuit(3, 4, (Gate("x", (1,)), Measure(1, 3), Measure(0, 0), Measure(2, 2))),
    )


def _damped_feed_forward() -> Circuit:
    """Amplitude damping between a measurement and what depends on it."""
    operations: list[Operation] = [Pair((0, 1)), Measure(0, 0), Noise("amplitude_damping", (1,), (0.4,))]
    return Circuit(2, 2, (*operations, Gate("x", (1,), (), _bit(0)), Noise("pauli", (1,), (0.1, 0, 0)), Measure(1, 1)))


def one_gate(name: str, qubits: int, angles: tuple[float, ...]) -> list[Circuit]:
    """Circuits whose outcomes together fix the gate's unitary up to a global phase."""
    gate = Gate(name, tuple(range(qubits)), angles)
    circuits = []
    for before in product(PREPARATIONS.values(), repeat=qubits):
        for after in product(BASES.values(), repeat=qubits):
            start = [op for qubit, names in enumerate(before) for op in _gates(names, qubit)]
            end = [op for qubit, names in enumerate(after) for op in _gates(names, qubit)]
            circuits.append(_measured(qubits, [*start, gate, *end]))
    return circuits


def free_angles() -> Circuit:
    """A noisy pair measured at two free angles, the second of them also shifted by the first."""
    turns: list[Operation] = [
        Gate("ry", (0,), (Parameter(0.1, ((1.0, 0),)),)),
        Gate("u", (1,), (Parameter(0.0, ((1.0, 1), (-0.5, 0))), 0.3, Parameter(math.pi, ((2.0, 1),)))),
    ]
    return _measured(2, [Pair((0, 1), WEIGHTS), *turns], parameters=2)


def heavy(gates: frozenset[str]) -> Circuit:
    """Work that lasts, in gates the backend has."""
    if "cx" in gates:
        return _measured(8, [Gate("h", (0,)), *(Gate("cx", (q, q + 1)) for q in range(7))])
    return _measured(8, [Pair((q, q + 1), WEIGHTS) for q in range(0, 8, 2)])


def malformed() -> Iterator[tuple[str, Circuit, int, tuple[float, ...]]]:
    """Name, circuit, shots and parameters of runs no backend may accept."""
    fine = _measured(1, [])
    yield "no shots", fine, 0, ()
    yield "negative shots", fine, -5, ()
    yield "too many parameters", fine, 10, (0.5,)
    yield "too few parameters", free_angles(), 10, (0.5,)

    def bad(name: str, *operations: Operation) -> tuple[str, Circuit, int, tuple[float, ...]]:
        return name, Circuit(2, 2, operations), 10, ()

    yield bad("unknown gate", Gate("frobnicate", (0,)))
    yield bad("unknown channel", Noise("gremlins", (0,), (0.1,)))
    yield bad("qubit out of range", Gate("h", (2,)))
    yield bad("negative qubit", Gate("h", (-1,)))
    yield bad("bit out of range", Measure(0, 2))
    yield bad("bit written twice", Measure(0, 0), Measure(1, 0))
    yield bad("same qubit twice", Gate("cx", (1, 1)))
    yield bad("too many qubits", Gate("h", (0, 1)))
    yield bad("missing angle", Gate("rx", (0,)))
    yield bad("needless angle", Gate("x", (0,), (0.3,)))
    yield bad("parameter out of range", Gate("rx", (0,), (Parameter(0.0, ((1.0, 0),)),)))
    yield bad("condition before measurement", Gate("x", (0,), (), _bit(0)), Measure(0, 0))
    yield bad("condition on no bit", Measure(0, 0), Gate("x", (1,), (), Poly.atom("m0")))
    yield bad("probability above one", Noise("amplitude_damping", (0,), (1.2,)))
    yield bad("negative probability", Noise("pauli", (0,), (-0.1, 0.2, 0.0)))
    yield bad("probabilities above one", Noise("pauli", (0,), (0.5, 0.4, 0.3)))
    yield bad("not a number", Noise("amplitude_damping", (0,), (math.nan,)))
    yield bad("wrong number of values", Noise("pauli", (0,), (0.1,)))
    yield bad("weights that do not sum to one", Pair((0, 1), (0.5, 0.1, 0.1, 0.1)))
    yield bad("pair on used qubits", Gate("x", (0,)), Pair((0, 1)))
    yield bad("infinite angle", Gate("rx", (0,), (math.inf,)))
