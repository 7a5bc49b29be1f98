"""OpenQASM 3 text is accepted by the reference parser and means what the circuit means."""

from __future__ import annotations

import re

import openqasm3
import pytest
from hypothesis import given, settings
from openqasm3 import ast

from qstack.backend import Capabilities
from qstack.backends.conformance.strategies import circuits
from qstack.boolean import FALSE, TRUE, Poly
from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Pair, Parameter, Reset
from qstack.compiler.openqasm import to_openqasm3
from tests import judge

EVERYTHING = Capabilities(feed_forward="full", mid_circuit_measurement=True, reset=True, parameters=True)
CHANNELS = {
    "pauli_channel": "pauli",
    "two_qubit_depolarizing": "depolarize2",
    "amplitude_damping": "amplitude_damping",
}


class Reader:
    """Executes parsed OpenQASM 3 for given input values, into a circuit without free angles."""

    def __init__(self, program: ast.Program, inputs: tuple[float, ...]) -> None:
        self.inputs = inputs
        self.sizes = {"q": 0, "c": 0}
        self.operations: list[Operation] = []
        for statement in program.statements:
            self.statement(statement, None)

    @property
    def circuit(self) -> Circuit:
        return Circuit(self.sizes["q"], self.sizes["c"], tuple(self.operations))

    def statement(self, node: object, when: Poly | None) -> None:
        match node:
            case ast.Include(filename="stdgates.inc") | ast.IODeclaration():
                pass
            case ast.QubitDeclaration(qubit=name, size=ast.IntegerLiteral(value=size)):
                self.sizes[name.name] = size
            case ast.ClassicalDeclaration(identifier=name, type=ast.BitType(size=ast.IntegerLiteral(value=size))):
                self.sizes[name.name] = size
            case ast.QuantumGate(name=name, arguments=arguments, qubits=qubits):
                angles = tuple(self.number(argument) for argument in arguments)
                self.operations.append(Gate(name.name.lower(), tuple(map(index, qubits)), angles, when))
            case ast.QuantumMeasurementStatement(measure=measurement, target=target):
                self.operations.append(Measure(index(measurement.qubit), index(target)))
            case ast.QuantumReset(qubits=qubit):
                self.operations.append(Reset(index(qubit)))
            case ast.BranchingStatement(condition=condition, if_block=block, else_block=[]):
                for inner in block:
                    self.statement(inner, boolean(condition))
            case ast.Pragma(command=command):
                self.operations.append(noise(command))
            case _:
                raise AssertionError(node)

    def number(self, node: object) -> float:
        match node:
            case ast.FloatLiteral(value=value) | ast.IntegerLiteral(value=value):
                return float(value)
            case ast.UnaryExpression(op=op, expression=inner) if op.name == "-":
                return -self.number(inner)
            case ast.BinaryExpression(op=op, lhs=left, rhs=right) if op.name in "+*":
                a, b = self.number(left), self.number(right)
                return a + b if op.name == "+" else a * b
            case ast.Identifier(name=name):
                return self.inputs[int(name.removeprefix("p"))]
        raise AssertionError(node)


def index(node: object) -> int:
    match node:
        case ast.IndexedIdentifier(indices=[[ast.IntegerLiteral(value=value)]]):
            return int(value)
    raise AssertionError(node)


def boolean(node: object) -> Poly:
    match node:
        case ast.BinaryExpression(op=op, lhs=left, rhs=right):
            a, b = boolean(left), boolean(right)
            return {"^": a ^ b, "&": a & b, "==": ~(a ^ b)}[op.name]
        case ast.IndexExpression(collection=ast.Identifier(name="c"), index=[ast.IntegerLiteral(value=bit)]):
            return Poly.atom(f"c{bit}")
        case ast.IntegerLiteral(value=value):
            return TRUE if value else FALSE
    raise AssertionError(node)


def noise(command: str) -> Noise:
    match = re.fullmatch(r"braket noise (\w+)\((.*)\) (.*)", command)
    assert match is not None, command
    name, values, qubits = match.groups()
    numbers = tuple(float(value) for value in values.split(","))
    return Noise(CHANNELS[name], tuple(int(q) for q in re.findall(r"q\[(\d+)\]", qubits)), numbers)


@settings(deadline=None)
@given(circuits(EVERYTHING))
def test_what_the_reference_parser_reads_has_the_same_outcomes(
    drawn: tuple[Circuit, tuple[float, ...]],
) -> None:
    circuit, parameters = drawn
    if any(isinstance(op, Noise) and op.channel == "depolarize2" and op.values[0] > 0.93 for op in circuit.operations):
        return
    read = Reader(openqasm3.parse(to_openqasm3(circuit)), parameters).circuit
    assert (read.qubits, read.bits) == (circuit.qubits, circuit.bits)
    wanted, got = judge.distribution(circuit, parameters), judge.distribution(read)
    for bits in wanted.keys() | got.keys():
        assert got.get(bits, 0.0) == pytest.approx(wanted.get(bits, 0.0), abs=1e-9)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("c0", "c[0] == 1"),
        ("1 ^ c2", "c[2] == 0"),
        ("c0 ^ c1", "(c[0] ^ c[1]) == 1"),
        ("1 ^ c10 ^ c2", "(c[2] ^ c[10]) == 0"),
        ("c0&c1", "(c[0] & c[1]) == 1"),
        ("1 ^ c0&c1 ^ c2", "((c[0] & c[1]) ^ c[2]) == 0"),
    ],
)
def test_conditions_are_parities_compared_with_a_bit(condition: str, text: str) -> None:
    measured = [Measure(0, bit) for bit in range(11)]
    circuit = Circuit(2, 11, (*measured, Gate("u", (1,), (0.1, 0.2, 0.3), Poly.parse(condition))))
    written = to_openqasm3(circuit)
    assert f"if ({text}) {{ U(0.1, 0.2, 0.3) q[1]; }}" in written
    openqasm3.parse(written)


def test_constant_conditions_need_no_if() -> None:
    circuit = Circuit(1, 0, (Gate("x", (0,), (), TRUE), Gate("y", (0,), (), FALSE)))
    assert to_openqasm3(circuit).splitlines()[-1] == "x q[0];"


def test_a_pair_with_a_free_angle_in_full() -> None:
    shift = Parameter(0.5, ((-2.0, 0), (1.0, 1)))
    operations = (Pair((0, 1), (0.9, 0.05, 0.03, 0.02)), Gate("rx", (0,), (shift,)), Measure(0, 1), Reset(0))
    text = to_openqasm3(Circuit(2, 2, operations, parameters=2))
    assert text.splitlines() == [
        "OPENQASM 3.0;",
        'include "stdgates.inc";',
        "input float[64] p0;",
        "input float[64] p1;",
        "qubit[2] q;  // all start in |0>",
        "bit[2] c;",
        "h q[0];",
        "cx q[0], q[1];",
        "#pragma braket noise pauli_channel(0.05, 0.02, 0.03) q[1]",
        "rx(0.5 + -2.0 * p0 + 1.0 * p1) q[0];",
        "c[1] = measure q[0];",
        "reset q[0];",
    ]


def test_noise_braket_cannot_say_becomes_a_comment() -> None:
    circuit = Circuit(2, 0, (Noise("depolarize2", (0, 1), (0.99,)),))
    assert to_openqasm3(circuit).splitlines()[-1] == "// noise depolarize2(0.99) q[0], q[1]"
    openqasm3.parse(to_openqasm3(circuit))


def test_every_gate_is_in_the_standard_library() -> None:
    """Names of the file `stdgates.inc` of the OpenQASM 3.0 specification, and the built-in U."""
    standard = set(
        [
            "p",
            "x",
            "y",
            "z",
            "h",
            "s",
            "sdg",
            "t",
            "tdg",
            "sx",
            "rx",
            "ry",
            "rz",
            "cx",
            "cy",
            "cz",
            "cp",
            "crx",
            "cry",
            "crz",
            "ch",
            "swap",
            "ccx",
            "cswap",
            "cu",
            "CX",
            "phase",
            "cphase",
            "id",
            "u1",
            "u2",
            "u3",
            "U",
        ]
    )
    from qstack.circuit import ANGLES, GATES, TWO_QUBIT_GATES

    operations = [Gate(n, (0, 1) if n in TWO_QUBIT_GATES else (0,), (0.1,) * ANGLES.get(n, 0)) for n in sorted(GATES)]
    program = openqasm3.parse(to_openqasm3(Circuit(2, 0, tuple(operations))))
    names = {s.name.name for s in program.statements if isinstance(s, ast.QuantumGate)}
    assert len(names) == len(GATES)
    assert names <= standard
