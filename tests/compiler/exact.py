"""Judges for the compiler: exact outcome distributions of noisy programs and of circuits, by density matrices.

Both walk their own form (program operations, circuit operations) over all measurement histories, without frames,
without deferral, without sampling. Only the matrices below are shared.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from qstack import circuit as qc
from qstack.boolean import Poly
from qstack.compiler.attach import Channel, NoisyPair, NoisyProgram
from qstack.language import program as ir

I2, X, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1])
Y = 1j * X @ Z
H = (X + Z) / math.sqrt(2)
PAULIS = (I2, X, Y, Z)
STATES = {"0": [1, 0], "1": [0, 1], "+": [1, 1], "-": [1, -1], "+i": [1, 1j], "-i": [1, -1j]}


def matrix(name, angles=()):
    match name:
        case "x":
            return X
        case "y":
            return Y
        case "z":
            return Z
        case "h":
            return H
        case "s" | "sdg" | "t" | "tdg":
            turn = {"s": 2, "sdg": -2, "t": 4, "tdg": -4}[name]
            return np.diag([1, np.exp(1j * math.pi / turn)])
        case "sx":
            return np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
        case "rx" | "ry" | "rz":
            pauli = {"rx": X, "ry": Y, "rz": Z}[name]
            return math.cos(angles[0] / 2) * I2 - 1j * math.sin(angles[0] / 2) * pauli
        case "u":
            t, p, lam = angles
            return np.array(
                [
                    [math.cos(t / 2), -np.exp(1j * lam) * math.sin(t / 2)],
                    [np.exp(1j * p) * math.sin(t / 2), np.exp(1j * (p + lam)) * math.cos(t / 2)],
                ]
            )
        case "cx":
            return np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
        case "cz":
            return np.diag([1, 1, 1, -1])
        case "swap":
            return np.eye(4)[[0, 2, 1, 3]]
    raise AssertionError(name)


def kraus(channel, values):
    match channel:
        case "pauli":
            weights = (1 - sum(values), *values)
            return [math.sqrt(max(w, 0)) * p for w, p in zip(weights, PAULIS, strict=True)]
        case "depolarize2":
            pairs = list(itertools.product(PAULIS, PAULIS))
            weights = [1 - values[0]] + [values[0] / 15] * 15
            return [math.sqrt(w) * np.kron(a, b) for w, (a, b) in zip(weights, pairs, strict=True)]
        case "amplitude_damping":
            g = values[0]
            return [np.diag([1, math.sqrt(1 - g)]), np.array([[0, math.sqrt(g)], [0, 0]])]
    raise AssertionError(channel)


def bell_matrix(weights):
    phi = np.array([1, 0, 0, 1]) / math.sqrt(2)
    vectors = [np.kron(I2, p) @ phi for p in (I2, X, Z, X @ Z)]
    return sum(w * np.outer(v, v.conj()) for w, v in zip(weights, vectors, strict=True))


class State:
    """An unnormalised density matrix of some named qubits, first name most significant."""

    def __init__(self, rho=None, names=()):
        self.rho = np.ones((1, 1), dtype=complex) if rho is None else rho
        self.names = tuple(names)

    def add(self, rho, names):
        return State(np.kron(self.rho, rho), (*self.names, *names))

    def apply(self, operators, names):
        n = len(self.names)
        axes = [self.names.index(name) for name in names]
        total = np.zeros_like(self.rho)
        for operator in operators:
            full = np.kron(operator, np.eye(2 ** (n - len(axes))))
            order = axes + [k for k in range(n) if k not in axes]
            back = np.argsort(order)
            full = full.reshape([2] * (2 * n)).transpose([*back, *(n + back)]).reshape(2**n, 2**n)
            total += full @ self.rho @ full.conj().T
        return State(total, self.names)

    def without(self, name):
        n, k = len(self.names), self.names.index(name)
        tensor = np.trace(self.rho.reshape([2] * (2 * n)), axis1=k, axis2=n + k)
        size = 2 ** (n - 1)
        return State(tensor.reshape(size, size), [x for x in self.names if x != name])

    def measured(self, name, outcome):
        projector = np.diag([1.0 - outcome, float(outcome)])
        return self.apply([projector], [name])

    @property
    def weight(self):
        return float(np.trace(self.rho).real)


def truth(poly: Poly | None, values: dict[str, int]) -> bool:
    if poly is None:
        return True
    total = False
    for term in poly.terms:
        total ^= all(values[a.partition("=")[0]] == int(a.partition("=")[2] or 1) for a in term)
    return total


def angle(affine: ir.Affine, values: dict[str, int]) -> float:
    return affine.constant + sum(term.coefficient for term in affine.terms if truth(term.bit, values))


def assignments(program: NoisyProgram) -> Iterator[tuple[float, dict[str, int]]]:
    """Every combination of drawn and given values (given ones alike), with its probability."""
    options = []
    for chance in program.chances:
        rows = list(itertools.product(*map(range, chance.sizes)))
        table = chance.table or [1 / len(rows)] * len(rows)
        options.append([(p, dict(zip(chance.sources, row, strict=True))) for p, row in zip(table, rows, strict=True)])
    for source, size in program.given.items():
        options.append([(1 / size, {source: value}) for value in range(size)])
    for combination in itertools.product(*options):
        yield math.prod(p for p, _ in combination), {k: v for _, row in combination for k, v in row.items()}


def outputs_of(program: NoisyProgram, values: dict[str, int]):
    """Outputs and acceptance for one full history."""
    accepted = all(truth(bit, values) for bit in program.requires)
    return accepted, tuple(
        sum(k * truth(poly, values) for k, poly in enumerate(out.value, 1)) for out in program.outputs
    )


def program_distribution(program: NoisyProgram) -> dict:
    """(accepted, outputs) -> probability, straight from the meaning of the operations."""
    total: dict = defaultdict(float)
    for probability, values in assignments(program):
        branches = [(State(), values)]
        for op in program.operations:
            branches = [new for state, known in branches for new in _step(op, state, known)]
        for state, known in branches:
            total[outputs_of(program, known)] += probability * state.weight
    return total


def _step(op, state: State, values: dict[str, int]):
    match op:
        case ir.Prepare(qubit=q, state=name):
            vector = np.array(STATES[name]) / np.linalg.norm(STATES[name])
            return [(state.add(np.outer(vector, vector.conj()), [q]), values)]
        case NoisyPair(qubits=names, weights=weights):
            return [(state.add(bell_matrix(weights), names), values)]
        case ir.Gate(gate=gate, qubits=names, angles=angles, when=when):
            if not truth(when, values):
                return [(state, values)]
            return [(state.apply([matrix(gate, [angle(a, values) for a in angles])], names), values)]
        case Channel(channel=channel, qubits=names, values=numbers):
            return [(state.apply(kraus(channel, numbers), names), values)]
        case ir.Measure(qubit=q, basis=basis, bit=bit):
            turn = {"Z": I2, "X": H, "Y": H @ matrix("sdg")}[basis]
            turned = state.apply([turn], [q])
            return [(turned.measured(q, k).without(q), {**values, bit: k}) for k in (0, 1)]
        case ir.Reset(qubit=q):
            down = [np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]])]
            return [(state.apply(down, [q]), values)]
        case ir.Discard(qubit=q):
            return [(state.without(q), values)]
    raise AssertionError(op)


def circuit_distribution(circuit: qc.Circuit) -> dict[tuple[int, ...], float]:
    """Bits -> probability for a circuit without free angles; a qubit enters when first touched, leaves when done."""
    last = {q: i for i, op in enumerate(circuit.operations) for q in qc.touched(op)}
    branches = [(State(), {})]
    for position, op in enumerate(circuit.operations):
        branches = [new for state, bits in branches for new in _circuit_step(op, state, bits)]
        gone = [q for q in qc.touched(op) if last[q] == position]
        for q in gone:
            branches = [(state.without(q), bits) for state, bits in branches]
        branches = [(state, bits) for state, bits in branches if state.weight > 1e-15]
    total: dict = defaultdict(float)
    for state, bits in branches:
        total[tuple(bits[f"c{k}"] for k in range(circuit.bits))] += state.weight
    return total


def _circuit_step(op, state: State, bits: dict[str, int]):
    if not isinstance(op, qc.Pair):
        for q in qc.touched(op):
            if q not in state.names:
                state = state.add(np.diag([1.0, 0.0]), [q])
    match op:
        case qc.Pair(qubits=names, weights=weights):
            return [(state.add(bell_matrix(weights), names), bits)]
        case qc.Gate(name=name, qubits=names, angles=angles, when=when):
            return [(state.apply([matrix(name, angles)], names) if truth(when, bits) else state, bits)]
        case qc.Noise(channel=channel, qubits=names, values=numbers):
            return [(state.apply(kraus(channel, numbers), names), bits)]
        case qc.Measure(qubit=q, bit=bit):
            return [(state.measured(q, k), {**bits, f"c{bit}": k}) for k in (0, 1)]
        case qc.Reset(qubit=q):
            down = [np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]])]
            return [(state.apply(down, [q]), bits)]
    raise AssertionError(op)


def compiled_distribution(compiled) -> dict:
    """(accepted, outputs) -> probability of a compiled program: its circuits judged exactly, then read back by it."""
    total: dict = defaultdict(float)
    sources = {s for op in (compiled.template.condition_sources, compiled.template.angle_sources) for s in op}
    judged = {}
    for values, circuit in compiled.circuits(limit=4096):
        judged[tuple(sorted(values.items()))] = circuit_distribution(circuit)
    for probability, values in assignments(compiled.noisy):
        key = tuple(sorted((s, v) for s, v in values.items() if s in sources))
        rows = judged[key]
        raw = np.array(list(rows), dtype=np.uint8).reshape(len(rows), -1)
        columns = {s: np.full(len(rows), v, dtype=np.uint8) for s, v in values.items()}
        readout = compiled.read(raw, columns)
        for k, weight in enumerate(rows.values()):
            outputs = tuple(int(readout.outputs[out.name][k]) for out in compiled.noisy.outputs)
            total[bool(readout.accepted[k]), outputs] += probability * weight
    return total
