"""Circuit to circuit: take away mid-circuit measurement, feed-forward and reset, exactly.

A measured qubit is kept and measured at the end; a condition on its bit becomes a control (Nielsen and Chuang, section
4.4). The control is only ever measured in its own basis, so phases on it are dropped. A reset takes a fresh qubit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from qstack.boolean import Poly
from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Pair, Parameter, Reset, touched

Angle = float | Parameter

_AS_U: dict[str, tuple[float, float, float]] = {
    "x": (math.pi, 0.0, math.pi),
    "y": (math.pi, math.pi / 2, math.pi / 2),
    "h": (math.pi / 2, 0.0, math.pi),
    "sx": (math.pi / 2, -math.pi / 2, math.pi / 2),
}
_AS_RZ = {"z": math.pi, "s": math.pi / 2, "sdg": -math.pi / 2, "t": math.pi / 4, "tdg": -math.pi / 4}


def without_reset(circuit: Circuit) -> Circuit:
    """The same circuit with every reset replaced by a fresh qubit in |0>."""
    if not any(isinstance(op, Reset) for op in circuit.operations):
        return circuit
    place = list(range(circuit.qubits))
    total = circuit.qubits
    operations: list[Operation] = []
    for op in circuit.operations:
        if isinstance(op, Reset):
            place[op.qubit] = total
            total += 1
        else:
            operations.append(_moved(op, place))
    return replace(circuit, qubits=total, operations=tuple(operations))


def deferred(circuit: Circuit) -> Circuit:
    """The same circuit with all measurements last, no conditions and no resets; extra qubits are added as needed."""
    walk = _Deferral(without_reset(circuit))
    return walk.circuit()


def _moved(op: Operation, place: list[int]) -> Operation:
    match op:
        case Measure() | Reset():
            return replace(op, qubit=place[op.qubit])
        case Pair(qubits=(first, second)):
            return replace(op, qubits=(place[first], place[second]))
        case Gate() | Noise():
            return replace(op, qubits=tuple(place[qubit] for qubit in op.qubits))


class _Deferral:
    """One pass: which qubit holds which classical bit until the end."""

    def __init__(self, circuit: Circuit) -> None:
        self.source = circuit
        self.qubits = circuit.qubits
        self.holder: dict[str, int] = {}
        self.last_use = {qubit: i for i, op in enumerate(circuit.operations) for qubit in touched(op)}

    def circuit(self) -> Circuit:
        operations: list[Operation] = []
        measures: list[Operation] = []
        for position, op in enumerate(self.source.operations):
            match op:
                case Measure(qubit=qubit, bit=bit):
                    holder = qubit
                    if self.last_use[qubit] > position:
                        holder = self._fresh()
                        operations.append(Gate("cx", (qubit, holder)))
                    self.holder[f"c{bit}"] = holder
                    measures.append(Measure(holder, bit))
                case Gate(when=Poly() as when):
                    operations.extend(self._controlled(op, when))
                case _:
                    operations.append(op)
        return replace(self.source, qubits=self.qubits, operations=tuple(operations + measures))

    def _fresh(self) -> int:
        self.qubits += 1
        return self.qubits - 1

    def _controlled(self, gate: Gate, when: Poly) -> Iterator[Operation]:
        """The gate under quantum control of the qubits that hold the bits of `when`."""
        plain = replace(gate, when=None)
        terms = sorted((sorted(term) for term in when.terms), key=lambda term: (len(term), term))
        if gate.name in {"x", "y", "z"} and len(terms[-1]) <= 1:
            for term in terms:
                yield from controlled(plain, self.holder[term[0]]) if term else [plain]
        elif len(terms) == 1 and len(terms[0]) == 1:
            yield from controlled(plain, self.holder[terms[0][0]])
        else:
            control, compute = self._condition(terms)
            yield from compute
            yield from controlled(plain, control)
            yield from _undone(compute)

    def _condition(self, terms: list[list[str]]) -> tuple[int, list[Gate]]:
        """A fresh qubit that gets the value of the condition, and the gates that put it there."""
        target, gates = self._fresh(), list[Gate]()
        for term in terms:
            holders = [self.holder[atom] for atom in term]
            chain: list[Gate] = []
            while len(holders) > 2:
                both = self._fresh()
                chain += toffoli(holders[0], holders[1], both)
                holders = [both, *holders[2:]]
            match holders:
                case []:
                    last = [Gate("x", (target,))]
                case [only]:
                    last = [Gate("cx", (only, target))]
                case _:
                    last = toffoli(holders[0], holders[1], target)
            gates += [*chain, *last, *_undone(chain)]
        return target, gates


def _undone(gates: list[Gate]) -> list[Gate]:
    inverse = {"t": "tdg", "tdg": "t"}
    return [replace(gate, name=inverse.get(gate.name, gate.name)) for gate in reversed(gates)]


def toffoli(first: int, second: int, target: int) -> list[Gate]:
    """Controlled-controlled-X in six cx (Nielsen and Chuang, figure 4.9)."""
    a, b, c = first, second, target
    steps = [
        ("h", c), ("cx", b, c), ("tdg", c), ("cx", a, c), ("t", c), ("cx", b, c), ("tdg", c), ("cx", a, c),
        ("t", b), ("t", c), ("h", c), ("cx", a, b), ("t", a), ("tdg", b), ("cx", a, b),
    ]  # fmt: skip
    return [Gate(str(name), tuple(int(qubit) for qubit in qubits)) for name, *qubits in steps]


def scaled(factor: float, *angles: Angle) -> Angle:
    """`factor` times the sum of the angles, free angles included."""
    constant, terms = 0.0, list[tuple[float, int]]()
    for angle in angles:
        if isinstance(angle, Parameter):
            constant += angle.constant
            terms += angle.terms
        else:
            constant += angle
    if not terms:
        return factor * constant
    return Parameter(factor * constant, tuple((factor * coefficient, index) for coefficient, index in terms))


def controlled(gate: Gate, control: int) -> list[Gate]:
    """The gate controlled by a qubit, up to a phase on the control (Barenco et al. 1995, section 5)."""
    target = gate.qubits[-1]
    match gate.name:
        case "x":
            return [Gate("cx", (control, target))]
        case "z":
            return [Gate("cz", (control, target))]
        case "y":
            return [Gate("sdg", (target,)), Gate("cx", (control, target)), Gate("s", (target,))]
        case "cx":
            return toffoli(control, *gate.qubits)
        case "cz":
            return [Gate("h", (target,)), *toffoli(control, *gate.qubits), Gate("h", (target,))]
        case "swap":
            first, second = gate.qubits
            return [Gate("cx", (second, first)), *toffoli(control, first, second), Gate("cx", (second, first))]
        case "rx":
            turn = controlled(Gate("rz", (target,), gate.angles), control)
            return [Gate("h", (target,)), *turn, Gate("h", (target,))]
        case "ry" | "rz":
            half, back = scaled(0.5, *gate.angles), scaled(-0.5, *gate.angles)
            flip = Gate("cx", (control, target))
            return [Gate(gate.name, (target,), (half,)), flip, Gate(gate.name, (target,), (back,)), flip]
        case "u":
            return _controlled_u(gate.angles, control, target)
        case name if name in _AS_RZ:
            return controlled(Gate("rz", (target,), (_AS_RZ[name],)), control)
        case name:
            return _controlled_u(_AS_U[name], control, target)


def _controlled_u(angles: tuple[Angle, ...], control: int, target: int) -> list[Gate]:
    theta, phi, lam = angles
    return [
        Gate("rz", (target,), (scaled(0.5, lam, scaled(-1.0, phi)),)),
        Gate("cx", (control, target)),
        Gate("u", (target,), (scaled(-0.5, theta), 0.0, scaled(-0.5, phi, lam))),
        Gate("cx", (control, target)),
        Gate("u", (target,), (scaled(0.5, theta), phi, 0.0)),
    ]
