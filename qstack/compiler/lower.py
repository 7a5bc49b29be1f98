"""Second stage: lower a noisy program to a circuit template, tracking owed Paulis as frames.

Paulis that depend on values drawn per shot (draws, inputs, network errors) are frames in every lowering. The `frame`
lowering treats Paulis that depend on measured bits so too; `native` emits them as conditional gates. A frame moves
through Clifford gates, turns the angle of rotations it anticommutes with, commutes with Pauli noise, and is paid back
as a gate where it can go no further (its values are then split over circuits). The `deferred` lowering is `native`
followed by `qstack.compiler.defer`.
"""

from __future__ import annotations

import math

from qstack import circuit as qc
from qstack.backend import CapabilityError
from qstack.boolean import FALSE, Poly
from qstack.compiler.attach import Channel, NoisyOperation, NoisyPair, NoisyProgram
from qstack.compiler.frames import CLIFFORD, NO_FRAME, ROTATION_AXIS, Frame, anticommuting, conjugate, owe
from qstack.compiler.template import Blank, Record, Template, TemplateOperation, is_classical_bit
from qstack.language import program as ir
from qstack.language.program import Affine, Term

STATE_GATES = {"0": (), "1": ("x",), "+": ("h",), "-": ("x", "h"), "+i": ("h", "s"), "-i": ("h", "sdg")}
BASIS_GATES = {"Z": (), "X": ("h",), "Y": ("sdg", "h")}


class LoweringError(CapabilityError):
    """A lowering cannot express the program; the message names the operation and why."""


def lower(program: NoisyProgram, *, feed_forward: bool) -> Template:
    """Lower with measured bits as conditions of gates (`feed_forward`), or as frames.

    Raises:
        LoweringError: without feed-forward, an operation needs a measured bit while the circuit runs.
    """
    walk = _Walk(feed_forward)
    for op in program.operations:
        walk.step(op)
    return Template(walk.qubits, len(walk.records), tuple(walk.operations), tuple(walk.records))


class _Walk:
    """One pass over the operations: the circuit so far, the frame of every qubit, how to read every measured bit."""

    def __init__(self, feed_forward: bool) -> None:
        self.feed_forward = feed_forward
        self.qubits = 0
        self.operations: list[TemplateOperation] = []
        self.records: list[Record] = []
        self._index: dict[str, int] = {}
        self._frames: dict[str, Frame] = {}
        self._raw: dict[str, Poly] = {}

    def step(self, op: NoisyOperation) -> None:
        match op:
            case ir.Gate():
                self._gate(op)
            case ir.Measure():
                self._measure(op)
            case Channel():
                self._channel(op)
            case NoisyPair(qubits=(first, second), weights=weights):
                self.operations.append(qc.Pair((self._new(first), self._new(second)), weights))
            case ir.Prepare(qubit=qubit, state=state):
                index = self._new(qubit)
                self.operations.extend(qc.Gate(name, (index,)) for name in STATE_GATES[state])
            case ir.Reset(qubit=qubit):
                self.operations.append(qc.Reset(self._index[qubit]))
                self._frames.pop(qubit, None)
            case ir.Discard(qubit=qubit):
                self._frames.pop(qubit, None)

    def _new(self, qubit: str) -> int:
        self._index[qubit] = self.qubits
        self.qubits += 1
        return self.qubits - 1

    def _gate(self, op: ir.Gate) -> None:
        when = op.when
        if when is not None and when.is_constant:
            if not when:
                return
            when = None
        measured_angle = bool(op.angles) and any(self._measured(angle.sources) for angle in op.angles)
        if when is not None and op.gate in qc.PAULI_GATES:
            self._conditional_pauli(op, when)
        elif measured_angle:
            self._measured_rotation(op, when)
        elif when is None and op.gate in CLIFFORD:
            self._emit(op.gate, op.qubits)
            self._move(op, None)
        elif op.gate in ROTATION_AXIS:
            self._rotation(op, when)
        elif op.gate in CLIFFORD and when is not None:
            self._conditional_clifford(op, when)
        else:
            for qubit in op.qubits:
                self._pay(qubit, op)
            self._emit(op.gate, op.qubits, op.angles, self._condition(when, op))

    def _conditional_pauli(self, op: ir.Gate, when: Poly) -> None:
        qubit = op.qubits[0]
        owed = when
        if self.feed_forward:
            owed = Poly(term for term in when.terms if not self._measured(Poly((term,)).sources))
            if live := when ^ owed:
                self._emit(op.gate, op.qubits, (), self._condition(live, op))
        if owed:
            self._frames[qubit] = owe(self._frames.get(qubit, NO_FRAME), op.gate, owed)

    def _conditional_clifford(self, op: ir.Gate, when: Poly) -> None:
        if self._measured(when.sources):
            for qubit in op.qubits:
                self._pay(qubit, op)
        self._emit(op.gate, op.qubits, (), self._condition(when, op))
        self._move(op, when)

    def _move(self, op: ir.Gate, when: Poly | None) -> None:
        if self._frames.keys().isdisjoint(op.qubits):
            return
        before = [self._frames.get(qubit, NO_FRAME) for qubit in op.qubits]
        for qubit, old, new in zip(op.qubits, before, conjugate(op.gate, before), strict=True):
            if when is not None:
                new = Frame(old.x ^ (when & (old.x ^ new.x)), old.z ^ (when & (old.z ^ new.z)))
            self._frames[qubit] = new

    def _rotation(self, op: ir.Gate, when: Poly | None) -> None:
        """A rotation with an owed Pauli in front equals one by the opposite angle with the Pauli behind."""
        qubit = op.qubits[0]
        turned = anticommuting(self._frames.get(qubit, NO_FRAME), ROTATION_AXIS[op.gate])
        condition = self._condition(when, op)
        if not turned:
            self._emit(op.gate, op.qubits, op.angles, condition)
        elif self._measured(turned.sources):
            self._pay(qubit, op)
            self._emit(op.gate, op.qubits, op.angles, condition)
        else:
            name, angle = _as_rotation(op)
            self._emit(name, op.qubits, (negated(angle, turned),), condition)

    def _measured_rotation(self, op: ir.Gate, when: Poly | None) -> None:
        """An angle that depends on measured bits: one rotation per term, applied where the term's bit is true."""
        pieces = (
            zip(("rz", "ry", "rz"), (op.angles[i] for i in (2, 0, 1)), strict=True)
            if op.gate == "u"
            else [(op.gate, op.angles[0])]
        )
        qubit = op.qubits[0]
        for name, angle in pieces:
            self._pay(qubit, op)
            drawn = tuple(term for term in angle.terms if not self._measured(term.bit.sources))
            fixed = Affine(constant=angle.constant, terms=drawn)
            if fixed.constant or fixed.terms:
                self._emit(name, op.qubits, (fixed,), self._condition(when, op))
            for term in angle.terms:
                if self._measured(term.bit.sources):
                    bit = term.bit if when is None else term.bit & when
                    self._emit(name, op.qubits, (Affine(constant=term.coefficient),), self._condition(bit, op))

    def _channel(self, op: Channel) -> None:
        if op.channel == "amplitude_damping":
            qubit = op.qubits[0]
            frame = self._frames.get(qubit, NO_FRAME)
            if frame.x:
                self._repay(qubit, "x", frame.x, "amplitude damping")
                self._frames[qubit] = Frame(FALSE, frame.z)
        self.operations.append(qc.Noise(op.channel, tuple(self._index[qubit] for qubit in op.qubits), op.values))

    def _measure(self, op: ir.Measure) -> None:
        frame = self._frames.pop(op.qubit, NO_FRAME)
        index = self._index[op.qubit]
        for name in BASIS_GATES[op.basis]:
            self.operations.append(qc.Gate(name, (index,)))
            (frame,) = conjugate(name, (frame,))
        bit, flip = len(self.records), frame.x
        self.operations.append(qc.Measure(index, bit))
        self.records.append(Record(op.bit, bit, flip))
        outcome = Poly.atom(f"c{bit}")
        # Only feed-forward asks for more than whether a source is measured.
        turned = flip and self.feed_forward
        self._raw[op.bit] = outcome ^ flip.substitute(self._raw.get) if turned else outcome

    def _measured(self, sources: frozenset[str]) -> bool:
        return not self._raw.keys().isdisjoint(sources)

    def _condition(self, when: Poly | None, op: ir.Gate) -> Poly | None:
        """The condition in terms of the circuit's classical bits and drawn values."""
        if when is None:
            return None
        if self._measured(when.sources) and not self.feed_forward:
            raise LoweringError(
                f"gate {op.gate} on {', '.join(op.qubits)} at {op.node} ({op.line or 'no line'}) depends on measured "
                f"bits ({when}); as a frame only Paulis can"
            )
        return when.substitute(self._raw.get)

    def _pay(self, qubit: str, op: ir.Gate) -> None:
        """Apply what is owed to a qubit, because it cannot move past `op`."""
        frame = self._frames.pop(qubit, NO_FRAME)
        for pauli, when in (("x", frame.x), ("z", frame.z)):
            if when:
                self._repay(qubit, pauli, when, f"gate {op.gate} at {op.node} ({op.line or 'no line'})")

    def _repay(self, qubit: str, pauli: str, when: Poly, obstacle: str) -> None:
        if self._measured(when.sources) and not self.feed_forward:
            raise LoweringError(f"a Pauli owed to {qubit} depends on measured bits ({when}) and cannot pass {obstacle}")
        self._emit(pauli, (qubit,), (), when.substitute(self._raw.get))

    def _emit(
        self, name: str, qubits: tuple[str, ...], angles: tuple[Affine, ...] = (), when: Poly | None = None
    ) -> None:
        indices = tuple([self._index[qubit] for qubit in qubits])
        if when is None and not angles:
            self.operations.append(qc.Gate(name, indices))
            return
        if when is not None and when.is_constant:
            if not when:
                return
            when = None
        angles = tuple(angle.folded() for angle in angles)
        blank = any(angle.terms for angle in angles)
        if blank or (when is not None and not all(is_classical_bit(source) for source in when.sources)):
            self.operations.append(Blank(name, indices, angles, when))
        else:
            self.operations.append(qc.Gate(name, indices, tuple(angle.constant for angle in angles), when))


def _as_rotation(op: ir.Gate) -> tuple[str, Affine]:
    """The gate as a rotation, global phase dropped; a phase means nothing, conditional on classical values or not."""
    match op.gate:
        case "t":
            return "rz", Affine(constant=math.pi / 4)
        case "tdg":
            return "rz", Affine(constant=-math.pi / 4)
        case name:
            return name, op.angles[0]


def negated(angle: Affine, where: Poly) -> Affine:
    """The angle, with its sign turned where `where` is true."""
    turned = [Term(coefficient=-2 * angle.constant, bit=where)] if angle.constant else []
    for term in angle.terms:
        turned += [term, Term(coefficient=-2 * term.coefficient, bit=term.bit & where)]
    return Affine(constant=angle.constant, terms=tuple(turned)).folded()
