"""Check a program that comes from outside: the rules that tracing keeps, asserted on the data.

Every qubit is made once, used where it is, and gone when consumed; every value is read only where it is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from qstack.boolean import Poly
from qstack.language.program import (
    MAX_VALUES,
    Affine,
    Discard,
    Draw,
    Entangle,
    Gate,
    Input,
    Measure,
    Operation,
    Output,
    Prepare,
    Program,
    Require,
    Reset,
    Send,
    Transmit,
    nodes_of,
)

ANGLES = {
    "x": 0,
    "y": 0,
    "z": 0,
    "h": 0,
    "s": 0,
    "sdg": 0,
    "t": 0,
    "tdg": 0,
    "sx": 0,
    "rx": 1,
    "ry": 1,
    "rz": 1,
    "u": 3,
}
TWO_QUBIT_GATES = frozenset({"cx", "cz", "swap"})

_SOURCE = re.compile(r"(?!c\d+\Z)[A-Za-z_][A-Za-z0-9_]*\Z")


class Flaw(ValueError):
    """A rule that a program breaks."""


def check(program: Program) -> None:
    """Check every rule.

    Raises:
        Flaw: the first one broken; the message says where and what.
    """
    _need(len(set(program.roles)) == len(program.roles) > 0, "roles: give one or more, each once")
    state = _State(frozenset(program.roles))
    for number, op in enumerate(program.operations):
        try:
            state.step(op)
        except Flaw as flaw:
            raise Flaw(f"operations.{number} ({op.op}): {flaw}") from None
    names = [output.name for output in program.outputs]
    _need(len(set(names)) == len(names), "outputs: each name may be given once")
    for output in program.outputs:
        try:
            state.output(output)
        except Flaw as flaw:
            raise Flaw(f"outputs ({output.name}): {flaw}") from None


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Flaw(otherwise)


@dataclass
class _State:
    """What is there so far: living qubits and where, values and where they are known."""

    roles: frozenset[str]
    place: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    sizes: dict[str, int | None] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)

    def step(self, op: Operation) -> None:
        """One operation."""
        for node in nodes_of(op):
            _need(node in self.roles, f"there is no role {node!r}")
        match op:
            case Prepare(node=node, qubit=qubit):
                self._make(qubit, node)
            case Entangle(nodes=nodes, qubits=qubits, fidelity=fidelity):
                _need(nodes[0] != nodes[1], "a pair joins two nodes")
                _need(fidelity is None or 0 <= fidelity <= 1, f"fidelity {fidelity} is no probability")
                for qubit, node in zip(qubits, nodes, strict=True):
                    self._make(qubit, node)
            case Gate():
                self._gate(op)
            case Measure(node=node, qubit=qubit, bit=bit, detected=detected):
                self._take(qubit, node)
                self._source(bit, 2, node)
                _need(detected is None or (node, detected) in self.known, f"{node} does not know {detected}")
            case Reset(node=node, qubit=qubit):
                self._at(qubit, node)
            case Discard(node=node, qubit=qubit):
                self._take(qubit, node)
            case Transmit(nodes=(source, target), qubit=qubit, arrived=arrived, survival=survival):
                self._at(qubit, source)
                _need(source != target, "a photon goes to another node")
                _need(survival is None or 0 <= survival <= 1, f"survival {survival} is no probability")
                self.place[qubit] = target
                self._source(arrived, 2, target)
            case Draw():
                self._draw(op)
            case Input(node=node, source=source, values=values):
                self._source(source, values, node)
            case Send(nodes=(source, target), source=name, value=value):
                _need(source != target, "a message goes to another node")
                if isinstance(value, Affine):
                    self._angle(value, source)
                    self._source(name, None, target)
                else:
                    self._indicators(value, source)
                    self._source(name, len(value) + 1, target)
            case Require(node=node, bit=bit):
                self._bits(bit, node)

    def output(self, output: Output) -> None:
        """One output."""
        _need(output.node in self.roles, f"there is no role {output.node!r}")
        self._indicators(output.value, output.node)
        _need(output.detected is None or (output.node, output.detected) in self.known, f"unknown {output.detected}")

    def _make(self, qubit: str, node: str) -> None:
        _need(qubit not in self.used, f"there was a qubit {qubit!r} already")
        self.used.add(qubit)
        self.place[qubit] = node

    def _at(self, qubit: str, node: str) -> None:
        _need(self.place.get(qubit) == node, f"there is no qubit {qubit!r} at {node} now")

    def _take(self, qubit: str, node: str) -> None:
        self._at(qubit, node)
        del self.place[qubit]

    def _gate(self, op: Gate) -> None:
        wanted = 2 if op.gate in TWO_QUBIT_GATES else 1
        _need(op.gate in ANGLES or op.gate in TWO_QUBIT_GATES, f"there is no gate {op.gate!r}")
        _need(len(set(op.qubits)) == len(op.qubits) == wanted, f"{op.gate} acts on {wanted} qubits, each once")
        _need(len(op.angles) == ANGLES.get(op.gate, 0), f"{op.gate} takes {ANGLES.get(op.gate, 0)} angles")
        for qubit in op.qubits:
            self._at(qubit, op.node)
        for angle in op.angles:
            self._angle(angle, op.node)
        if op.when is not None:
            self._bits(op.when, op.node)

    def _draw(self, op: Draw) -> None:
        for drawn in op.drawn:
            self._source(drawn.source, drawn.values, drawn.node)
        _need(len(op.drawn) > 0, "draw something")
        if op.table is not None:
            size = math.prod(drawn.values for drawn in op.drawn)
            _need(len(op.table) == size, f"the table has {len(op.table)} entries; give {size}")
            _need(all(0 <= p <= 1 for p in op.table) and abs(sum(op.table) - 1) < 1e-6, "the table must sum to 1")

    def _source(self, name: str, values: int | None, node: str) -> None:
        _need(_SOURCE.match(name) is not None, f"{name!r} is no name for a value")
        _need(name not in self.sizes, f"there is a value {name!r} already")
        _need(values is None or 2 <= values <= MAX_VALUES, f"{name} has {values} values; give 2 to {MAX_VALUES}")
        self.sizes[name] = values
        self.known.add((node, name))

    def _bits(self, poly: Poly, node: str) -> None:
        for atom in poly.atoms:
            source, equals, value = atom.partition("=")
            _need((node, source) in self.known, f"{node} does not know {source}")
            size = self.sizes[source]
            _need(size is not None, f"{source} is an angle, not a bit")
            fits = size == 2 if not equals else size is not None and size > 2 and int(value) < size
            _need(fits, f"{source} has values 0 to {(size or 0) - 1} and cannot be read as {atom}")

    def _indicators(self, value: Iterable[Poly], node: str) -> None:
        listed = list(value)
        _need(len(listed) > 0, "a value needs an indicator for each of its values from 1 up")
        for poly in listed:
            self._bits(poly, node)

    def _angle(self, angle: Affine, node: str) -> None:
        numbers = (angle.constant, *(term.coefficient for term in angle.terms))
        _need(all(map(math.isfinite, numbers)), "an angle must be finite")
        for term in angle.terms:
            self._bits(term.bit, node)
            if term.symbol is not None:
                _need((node, term.symbol) in self.known, f"{node} does not know {term.symbol}")
                _need(self.sizes[term.symbol] is None, f"{term.symbol} is no angle")
