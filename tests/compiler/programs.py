"""Random programs for the compiler's tests, written as operations, no front end involved."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from qstack.boolean import TRUE, Poly
from qstack.language import program as ir

CLIFFORD1 = ["x", "y", "z", "h", "s", "sdg", "sx"]
OTHER1 = ["t", "tdg", "rx", "ry", "rz", "u"]


@st.composite
def programs(draw, gates=tuple(CLIFFORD1 + OTHER1), conditional=tuple(CLIFFORD1 + OTHER1), measured_angles=True):
    """A program on at most 4 qubits of one node with draws, conditions, mid-circuit measurement and resets."""
    ops: list[ir.Operation] = [
        ir.Draw(
            drawn=(
                ir.Drawn(node="a", name="d", source="d0", values=3),
                ir.Drawn(node="a", name="e", source="d1", values=2),
            ),
            table=draw(st.sampled_from([None, (0.1, 0.2, 0.3, 0.1, 0.3, 0.0)])),
        )
    ]
    alive, atoms, measured = [], ["d0=1", "d0=2", "d1"], []
    for index in range(draw(st.integers(1, 2))):
        ops.append(ir.Entangle(pair=f"p{index}", nodes=("a", "a"), qubits=(f"q{2 * index}", f"q{2 * index + 1}")))
        alive += [f"q{2 * index}", f"q{2 * index + 1}"]
    bits = st.lists(st.lists(st.sampled_from(range(8)), max_size=2), min_size=1, max_size=3)

    def poly() -> Poly:
        total = Poly()
        for term in draw(bits):
            product = TRUE
            for k in term:
                product &= Poly.atom((atoms + measured)[k % len(atoms + measured)])
            total ^= product
        return total

    def affine() -> ir.Affine:
        constant = draw(st.floats(-math.pi, math.pi))
        if not draw(st.booleans()):
            return ir.Affine(constant=constant)
        bit = poly()
        if not measured_angles and any(s.startswith("m") for s in bit.sources):
            return ir.Affine(constant=constant)
        return ir.Affine(constant=constant, terms=(ir.Term(coefficient=draw(st.floats(-3, 3)), bit=bit),))

    for _ in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from(["one", "one", "when", "when", "two", "measure", "reset"]))
        if kind in ("one", "when"):
            name = draw(st.sampled_from(gates if kind == "one" else conditional))
            angles = tuple(affine() for _ in range({"rx": 1, "ry": 1, "rz": 1, "u": 3}.get(name, 0)))
            when = poly() if kind == "when" else None
            ops.append(ir.Gate(node="a", gate=name, qubits=(draw(st.sampled_from(alive)),), angles=angles, when=when))
        elif kind == "two" and len(alive) > 1:
            pair = draw(st.permutations(alive))[:2]
            ops.append(ir.Gate(node="a", gate=draw(st.sampled_from(["cx", "cz", "swap"])), qubits=tuple(pair)))
        elif kind == "reset":
            ops.append(ir.Reset(node="a", qubit=draw(st.sampled_from(alive))))
        elif kind == "measure" and len(alive) > 1:
            qubit = alive.pop(draw(st.integers(0, len(alive) - 1)))
            ops.append(ir.Measure(node="a", qubit=qubit, basis=draw(st.sampled_from("XYZ")), bit=f"m{len(measured)}"))
            measured.append(f"m{len(measured)}")
    if measured and draw(st.booleans()):
        ops.append(ir.Require(node="a", bit=Poly.atom(measured[0]) ^ poly()))
    for qubit in alive:
        ops.append(ir.Measure(node="a", qubit=qubit, basis=draw(st.sampled_from("XYZ")), bit=f"m{len(measured)}"))
        measured.append(f"m{len(measured)}")
    outputs = [ir.Output(name=m, node="a", value=(Poly.atom(m),)) for m in measured]
    outputs.append(ir.Output(name="d", node="a", value=(Poly.atom("d0=1"), Poly.atom("d0=2"))))
    return ir.Program(name="random", roles=("a",), operations=tuple(ops), outputs=tuple(outputs))
