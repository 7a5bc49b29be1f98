"""Random circuits that a backend's capabilities allow, for hypothesis."""

from __future__ import annotations

from functools import reduce

from hypothesis import strategies as st

from qstack.backend import Capabilities, obstacles
from qstack.boolean import FALSE, TRUE, Poly
from qstack.circuit import (
    ANGLES,
    CHANNELS,
    TWO_QUBIT_GATES,
    Circuit,
    Gate,
    Measure,
    Noise,
    Operation,
    Pair,
    Parameter,
    Reset,
)

_ANGLE = st.floats(-7.0, 7.0, allow_nan=False)
_MOST_BITS = 5


class _Builder:
    """Draws operations one by one and keeps track of what is fresh, measured and written."""

    def __init__(self, draw: st.DrawFn, capabilities: Capabilities, qubits: int) -> None:
        self.draw = draw
        self.can = capabilities
        self.qubits = qubits
        self.fresh = set(range(qubits))
        self.measured: set[int] = set()
        self.bits = 0
        self.parameters: list[float] = []
        self.operations: list[Operation] = []

    def usable(self) -> list[int]:
        if self.can.mid_circuit_measurement:
            return list(range(self.qubits))
        return [qubit for qubit in range(self.qubits) if qubit not in self.measured]

    def add(self, kind: str) -> None:
        usable = self.usable()
        match kind:
            case "gate":
                self.gate(usable)
            case "pair":
                fresh = sorted(self.fresh.intersection(usable))
                if len(fresh) >= 2 and "pauli" in self.can.noise:
                    first, second = self.draw(st.permutations(fresh))[:2]
                    self.put(Pair((first, second), self.draw(_weights())), first, second)
            case "noise":
                self.noise(usable)
            case "measure" if usable and self.bits < _MOST_BITS:
                qubit = self.draw(st.sampled_from(usable))
                self.put(Measure(qubit, self.bits), qubit)
                self.bits += 1
                self.measured.add(qubit)
            case "reset" if usable and self.can.reset:
                qubit = self.draw(st.sampled_from(usable))
                self.put(Reset(qubit))
                self.fresh.add(qubit)

    def put(self, op: Operation, *touched: int) -> None:
        self.operations.append(op)
        self.fresh.difference_update(touched)

    def gate(self, usable: list[int]) -> None:
        name = self.draw(st.sampled_from(sorted(self.can.gates)))
        size = 2 if name in TWO_QUBIT_GATES else 1
        if len(usable) < size:
            return
        qubits = tuple(self.draw(st.permutations(usable))[:size])
        angles = tuple(self.angle() for _ in range(ANGLES.get(name, 0)))
        self.put(Gate(name, qubits, angles, self.condition(name)), *qubits)

    def angle(self) -> float | Parameter:
        constant = self.draw(_ANGLE)
        if not self.can.parameters or self.draw(st.booleans()):
            return constant
        self.parameters.append(self.draw(_ANGLE))
        return Parameter(constant, ((self.draw(st.sampled_from([1.0, -0.5])), len(self.parameters) - 1),))

    def condition(self, name: str) -> Poly | None:
        full = self.can.feed_forward == "full"
        allowed = full or (self.can.feed_forward == "pauli" and name in {"x", "y", "z"})
        if not self.bits or not allowed or self.draw(st.booleans()):
            return None
        atoms = st.integers(0, self.bits - 1).map(lambda bit: Poly.atom(f"c{bit}"))
        products = st.lists(atoms, max_size=3 if full else 1).map(lambda some: reduce(Poly.__and__, some, TRUE))
        return reduce(Poly.__xor__, self.draw(st.lists(products, max_size=3)), FALSE)

    def noise(self, usable: list[int]) -> None:
        channels = sorted(self.can.noise)
        if not channels:
            return
        channel = self.draw(st.sampled_from(channels))
        size = 2 if channel == "depolarize2" else 1
        if len(usable) < size:
            return
        qubits = tuple(self.draw(st.permutations(usable))[:size])
        values = self.draw(_weights())[:3] if CHANNELS[channel] == 3 else (self.draw(st.floats(0.0, 1.0)),)
        self.put(Noise(channel, qubits, values), *qubits)


def _weights() -> st.SearchStrategy[tuple[float, float, float, float]]:
    """Four probabilities with sum 1, some of them often 0."""
    raw = st.lists(st.integers(0, 20), min_size=4, max_size=4).filter(any)
    return raw.map(lambda w: (w[0] / sum(w), w[1] / sum(w), w[2] / sum(w), w[3] / sum(w)))


@st.composite
def circuits(draw: st.DrawFn, capabilities: Capabilities) -> tuple[Circuit, tuple[float, ...]]:
    """A circuit of at most four qubits and five bits that the capabilities allow, and its free angles."""
    most = 4 if capabilities.qubits is None else min(4, capabilities.qubits)
    builder = _Builder(draw, capabilities, draw(st.integers(1, most)))
    kinds = ("gate", "gate", "gate", "pair", "noise", "measure", "reset")
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=16)):
        builder.add(kind)
    while builder.bits == 0 or (builder.bits < builder.qubits and draw(st.booleans())):
        builder.add("measure")
    made = Circuit(builder.qubits, builder.bits, tuple(builder.operations), len(builder.parameters))
    assert not obstacles(made, capabilities), "the strategy drew a circuit that the capabilities do not allow"
    return made, tuple(builder.parameters)
