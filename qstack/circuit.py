"""The circuit: what a backend is given, and nothing more.

A circuit is a flat list of operations on numbered qubits and numbered classical bits. It knows no nodes, no network and
no protocol; those were compiled away. Leaf: imports no other room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from qstack.boolean import Poly

ONE_QUBIT_GATES = frozenset({"x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "u"})
TWO_QUBIT_GATES = frozenset({"cx", "cz", "swap"})
GATES = ONE_QUBIT_GATES | TWO_QUBIT_GATES
PAULI_GATES = frozenset({"x", "y", "z"})
CLIFFORD_GATES = frozenset({"x", "y", "z", "h", "s", "sdg", "sx", "cx", "cz", "swap"})
ANGLES = {"rx": 1, "ry": 1, "rz": 1, "u": 3}
"""Number of angles (radians) a gate takes; gates not listed take none. `u` is (theta, phi, lambda) as in OpenQASM 3."""

CHANNELS = {"pauli": 3, "depolarize2": 1, "amplitude_damping": 1}
"""Noise channels and how many numbers each takes: see `Noise`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An angle that is set per run: `constant + sum(coefficient * parameters[index])`, radians."""

    constant: float
    terms: tuple[tuple[float, int], ...]

    def value(self, parameters: tuple[float, ...]) -> float:
        """The angle in radians for these parameter values."""
        return self.constant + sum(factor * parameters[index] for factor, index in self.terms)


@dataclass(frozen=True, slots=True)
class Gate:
    """A unitary gate, applied when `when` (over atoms `"c0"`, `"c1"`, ... = classical bits) is true."""

    name: str
    qubits: tuple[int, ...]
    angles: tuple[float | Parameter, ...] = ()
    when: Poly | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Puts two fresh qubits into the Bell-diagonal state with these weights (Phi+, Psi+, Phi-, Psi-)."""

    qubits: tuple[int, int]
    weights: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Noise:
    """A noise channel on the qubits.

    `pauli`: probabilities (px, py, pz). `depolarize2`: probability p that one of the 15 two-qubit Paulis other than
    identity, all alike, is applied. `amplitude_damping`: probability gamma of decay from 1 to 0.
    """

    channel: str
    qubits: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures a qubit in the Z basis into classical bit number `bit`; each bit is written once."""

    qubit: int
    bit: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Puts a qubit into |0>."""

    qubit: int


Operation = Gate | Pair | Noise | Measure | Reset


@dataclass(frozen=True)
class Circuit:
    """Operations on `qubits` qubits (all start in |0>) and `bits` classical bits, with `parameters` free angles."""

    qubits: int
    bits: int
    operations: tuple[Operation, ...]
    parameters: int = 0

    def bound(self, parameters: tuple[float, ...]) -> Circuit:
        """The same circuit with its free angles set to these values (radians)."""
        if not self.parameters:
            return self
        return replace(self, operations=tuple(self._bind(parameters)), parameters=0)

    def _bind(self, parameters: tuple[float, ...]) -> Iterator[Operation]:
        for op in self.operations:
            if isinstance(op, Gate) and any(isinstance(angle, Parameter) for angle in op.angles):
                angles = tuple(a.value(parameters) if isinstance(a, Parameter) else a for a in op.angles)
                yield replace(op, angles=angles)
            else:
                yield op

    def expanded(self) -> Circuit:
        """The same circuit with every `Pair` written as h, cx and Pauli noise on the second qubit."""
        return replace(self, operations=tuple(piece for op in self.operations for piece in _expand(op)))

    @property
    def measured_in_the_middle(self) -> bool:
        """Whether a measured qubit is used again, or a condition reads a measured bit."""
        done: set[int] = set()
        for op in self.operations:
            if isinstance(op, Measure):
                if op.qubit in done:
                    return True
                done.add(op.qubit)
            elif (isinstance(op, Gate) and op.when is not None) or done.intersection(touched(op)):
                return True
        return False


def touched(op: Operation) -> tuple[int, ...]:
    """The qubits an operation acts on."""
    return (op.qubit,) if isinstance(op, Measure | Reset) else op.qubits


def _expand(op: Operation) -> Iterator[Operation]:
    if not isinstance(op, Pair):
        yield op
        return
    first, second = op.qubits
    yield Gate("h", (first,))
    yield Gate("cx", (first, second))
    _, psi_plus, phi_minus, psi_minus = op.weights
    if psi_plus or phi_minus or psi_minus:
        yield Noise("pauli", (second,), (psi_plus, psi_minus, phi_minus))
