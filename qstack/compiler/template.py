"""A lowered program before its draws are known: a circuit with blanks, and how to read its outcomes.

A blank is a condition or an angle that depends on values drawn per shot. Shots that share all values of the blanks
share a circuit; backends that bind parameters share it even across angles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from qstack import circuit as qc
from qstack.boolean import TRUE, Poly
from qstack.language.program import Affine


@dataclass(frozen=True, slots=True)
class Blank:
    """A gate whose condition or angles depend on drawn values.

    `when` and the angles' conditions speak of classical bits of the circuit (`c0`, `c1`, ...) and of drawn sources;
    angles speak of drawn sources only.
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Affine, ...] = ()
    when: Poly | None = None


TemplateOperation = qc.Operation | Blank


@dataclass(frozen=True, slots=True)
class Record:
    """How a measured source is read: classical bit `bit` of the circuit, turned over where `flip` is true."""

    source: str
    bit: int
    flip: Poly


@dataclass(frozen=True)
class Template:
    """A lowered program: operations with blanks, and the records of its measurements in order."""

    qubits: int
    bits: int
    operations: tuple[TemplateOperation, ...]
    records: tuple[Record, ...]
    condition_sources: tuple[str, ...] = field(init=False)
    angle_sources: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Collect the drawn sources the blanks depend on, in order of first use."""
        conditions: dict[str, None] = {}
        angles: dict[str, None] = {}
        for op in self.operations:
            if isinstance(op, Blank):
                drawn = sorted(op.when.sources) if op.when is not None else []
                conditions.update(dict.fromkeys(source for source in drawn if not is_classical_bit(source)))
                angles.update(dict.fromkeys(source for angle in op.angles for source in sorted(angle.sources)))
        object.__setattr__(self, "condition_sources", tuple(conditions))
        object.__setattr__(self, "angle_sources", tuple(angles))

    @property
    def has_blanks(self) -> bool:
        """Whether anything depends on values drawn per shot."""
        return bool(self.condition_sources or self.angle_sources)

    def fill(self, values: dict[str, int], *, bind_angles: bool) -> qc.Circuit:
        """The circuit for these values of the drawn sources; angles stay parameters unless `bind_angles`."""
        if not self.has_blanks:
            return qc.Circuit(self.qubits, self.bits, tuple(op for op in self.operations if not isinstance(op, Blank)))
        operations: list[qc.Operation] = []
        free = 0
        for op in self.operations:
            if not isinstance(op, Blank):
                operations.append(op)
                continue
            when = op.when.substitute(lambda atom: known_value(atom, values)) if op.when is not None else None
            if when is not None and not when:
                free += 0 if bind_angles else sum(1 for angle in op.angles if angle.terms)
                continue
            angles: list[float | qc.Parameter] = []
            for angle in op.angles:
                if bind_angles or not angle.terms:
                    angles.append(angle_value(angle, values))
                else:
                    angles.append(qc.Parameter(0.0, ((1.0, free),)))
                    free += 1
            operations.append(qc.Gate(op.name, op.qubits, tuple(angles), None if when == TRUE else when))
        return qc.Circuit(self.qubits, self.bits, tuple(operations), free)

    def fullest(self) -> qc.Circuit:
        """A circuit with every blank filled by a gate, under the hardest condition it can have."""
        operations: list[qc.Operation] = []
        for op in self.operations:
            if isinstance(op, Blank):
                bits = [frozenset(filter(is_classical_bit, term)) for term in op.when.terms] if op.when else []
                when = Poly(bits)
                angles = tuple(angle.constant for angle in op.angles)
                operations.append(qc.Gate(op.name, op.qubits, angles, None if when.is_constant else when))
            else:
                operations.append(op)
        return qc.Circuit(self.qubits, self.bits, tuple(operations))

    def parameters(self, values: dict[str, int]) -> tuple[float, ...]:
        """Values of the free angles, radians, for these drawn values."""
        return tuple(
            angle_value(angle, values)
            for op in self.operations
            if isinstance(op, Blank)
            for angle in op.angles
            if angle.terms
        )


def is_classical_bit(source: str) -> bool:
    """Whether a source name is a classical bit of the circuit (`c` and digits; no traced source is named so)."""
    return source[0] == "c" and source[1:].isdigit()


def known_value(atom: str, values: dict[str, int]) -> Poly | None:
    """The constant an atom has under these values, None if its source is not among them."""
    source, _, value = atom.partition("=")
    if source not in values:
        return None
    return TRUE if values[source] == (int(value) if value else 1) else Poly()


def angle_value(angle: Affine, values: dict[str, int]) -> float:
    """The angle in radians, brought into (-2 pi, 2 pi), given every source it depends on."""
    if not angle.terms:
        return angle.constant
    total = angle.constant
    for term in angle.terms:
        if term.bit.substitute(lambda atom: known_value(atom, values)) == TRUE:
            total += term.coefficient
    return math.fmod(total, 4 * math.pi)
