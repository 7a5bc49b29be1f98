"""Circuits as OpenQASM 3 text (Cross et al., ACM Transactions on Quantum Computing 3, 12, 2022).

Gates are those of `stdgates.inc` and the built-in `U`. Noise, which the language lacks, is written as noise
pragmas of Amazon Braket where they mean exactly the same, else as a comment. Reading text may not enter.
"""

from __future__ import annotations

from collections.abc import Iterator

from qstack.boolean import TRUE, Poly
from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Parameter, Reset

_PRAGMAS = {
    "pauli": "pauli_channel",
    "depolarize2": "two_qubit_depolarizing",
    "amplitude_damping": "amplitude_damping",
}
_MOST_DEPOLARIZING = 15 / 16
"""Braket takes no larger probability for `two_qubit_depolarizing`."""


def to_openqasm3(circuit: Circuit) -> str:
    """The circuit as OpenQASM 3: qubits `q`, bits `c`, free angles `p0`, `p1`, ... as inputs in radians.

    Pairs are written as h, cx and Pauli noise. A conditional gate is an `if` on a parity of products of bits.
    """
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += [f"input float[64] p{index};" for index in range(circuit.parameters)]
    if circuit.qubits:
        lines.append(f"qubit[{circuit.qubits}] q;  // all start in |0>")
    if circuit.bits:
        lines.append(f"bit[{circuit.bits}] c;")
    for op in circuit.expanded().operations:
        lines.extend(_lines(op))
    return "\n".join(lines) + "\n"


def _lines(op: Operation) -> Iterator[str]:
    match op:
        case Gate(when=None):
            yield _gate(op)
        case Gate(when=condition) if condition == TRUE:
            yield _gate(op)
        case Gate(when=condition) if condition:
            yield f"if ({_condition(condition)}) {{ {_gate(op)} }}"
        case Noise():
            yield _noise(op)
        case Measure(qubit=qubit, bit=bit):
            yield f"c[{bit}] = measure q[{qubit}];"
        case Reset(qubit=qubit):
            yield f"reset q[{qubit}];"


def _gate(gate: Gate) -> str:
    name = "U" if gate.name == "u" else gate.name
    angles = f"({', '.join(_angle(angle) for angle in gate.angles)})" if gate.angles else ""
    return f"{name}{angles} {_qubits(gate.qubits)};"


def _qubits(qubits: tuple[int, ...]) -> str:
    return ", ".join(f"q[{qubit}]" for qubit in qubits)


def _angle(angle: float | Parameter) -> str:
    if not isinstance(angle, Parameter):
        return repr(float(angle) + 0.0)  # never -0.0
    pieces = [repr(float(angle.constant))] if angle.constant or not angle.terms else []
    pieces += [f"{float(factor)!r} * p{index}" for factor, index in angle.terms]
    return " + ".join(pieces)


def _condition(condition: Poly) -> str:
    """The constant term of the polynomial is the value the rest is compared with."""
    products = sorted(sorted(int(atom[1:]) for atom in term) for term in condition.terms if term)
    texts = [" & ".join(f"c[{bit}]" for bit in product) for product in products]
    value = 0 if TRUE.terms <= condition.terms else 1
    if len(products) == 1 and len(products[0]) == 1:
        return f"{texts[0]} == {value}"
    grouped = [f"({text})" if len(product) > 1 else text for text, product in zip(texts, products, strict=True)]
    return f"({' ^ '.join(grouped) if len(texts) > 1 else texts[0]}) == {value}"


def _noise(noise: Noise) -> str:
    values = ", ".join(repr(float(value)) for value in noise.values)
    if noise.channel == "depolarize2" and noise.values[0] > _MOST_DEPOLARIZING:
        return f"// noise {noise.channel}({values}) {_qubits(noise.qubits)}"
    return f"#pragma braket noise {_PRAGMAS[noise.channel]}({values}) {_qubits(noise.qubits)}"
