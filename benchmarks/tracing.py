"""From a Python protocol to circuits, next to building those same circuits directly in Cirq.

Ours traces the protocol, checks every rule of the language, attaches the surroundings and lowers the result. The
reference knows all operations beforehand; it makes them, and puts them into `cirq.Circuit`s. A protocol that draws
a basis is several circuits, one per value; both sides make all of them.

`native` has the corrections as classically controlled gates, one for one on both sides: ours may not be slower.
`frame` has them tracked away, as stim gets it: the reference builds what is left, and has nothing to track. That is
shown, and held to within one and a half times.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import cirq
from sidebyside import Ratio, interleaved, slowdown

from qstack import Session
from qstack.backend import Capabilities, Lowering, load_backend
from qstack.circuit import Circuit, Gate, Measure
from qstack.compiler import compile_program
from qstack.language import Protocol, load_protocol

GATES: dict[str, cirq.Gate] = {
    "h": cirq.H,
    "x": cirq.X,
    "z": cirq.Z,
    "s": cirq.S,
    "sdg": cirq.S**-1,
    "cx": cirq.CNOT,
    "cz": cirq.CZ,
}
ROUNDS = 15

Counts = Mapping[str, int | None]
Step = tuple[cirq.Gate | None, tuple[int, ...], str, tuple[tuple[str, ...], ...]]


def traced(protocol: Protocol, counts: Counts, capabilities: Capabilities, way: Lowering) -> list[Circuit]:
    """The protocol's circuits, from scratch."""
    compiled = compile_program(protocol.trace(counts), capabilities, lowering=way)
    return [circuit for _, circuit in compiled.circuits()]


def in_cirq(circuits: list[Circuit]) -> Callable[[], list[cirq.Circuit]]:
    """A function that builds the circuits in Cirq, with everything known beforehand that can be."""
    plans = [(circuit.qubits, [step(op) for op in circuit.expanded().operations]) for circuit in circuits]

    def build() -> list[cirq.Circuit]:
        return [cirq.Circuit(operations(count, steps)) for count, steps in plans]

    return build


def step(op: object) -> Step:
    """What the reference needs to know of an operation."""
    match op:
        case Gate(name=name, qubits=qubits, when=None):
            return GATES[name], qubits, "", ()
        case Gate(name=name, qubits=qubits, when=condition) if condition is not None:
            return GATES[name], qubits, "", tuple(tuple(term) for term in condition.terms)
        case Measure(qubit=qubit, bit=bit):
            return None, (qubit,), f"c{bit}", ()
    raise AssertionError(f"the reference has no {op}")


def operations(count: int, steps: list[Step]) -> list[cirq.Operation]:
    """A parity of bits is one controlled Pauli per bit."""
    qubits = cirq.LineQubit.range(count)
    made: list[cirq.Operation] = []
    for gate, where, key, terms in steps:
        if gate is None:
            made.append(cirq.measure(qubits[where[0]], key=key))
        elif not terms:
            made.append(gate.on(*(qubits[k] for k in where)))
        else:
            made += [gate.on(*(qubits[k] for k in where)).with_classical_controls(*term) for term in terms]
    return made


def compare(name: str, protocol: Protocol, counts: Counts, way: Lowering, repeat: int) -> Ratio:
    """Time both; they must agree on what is in the circuits."""
    capabilities = load_backend("stim" if way == "frame" else "cirq").capabilities
    circuits = traced(protocol, counts, capabilities, way)
    build = in_cirq(circuits)
    count = sum(len(circuit.expanded().operations) for circuit in circuits)
    if sum(len(list(each.all_operations())) for each in build()) < count:
        raise AssertionError(f"{name}: the circuits differ")
    times = interleaved(lambda: traced(protocol, counts, capabilities, way), build, rounds=ROUNDS, repeat=repeat)
    label = f"{name}, {way}: {len(circuits)} x {count // len(circuits)} operations"
    ratio = slowdown(label, times, at_most=1.0 if way == "native" else 1.5)
    per_operation = [1e6 * seconds / count for seconds in (ratio.ours_s, ratio.reference_s)]
    print(ratio, f"   {per_operation[0]:.1f} and {per_operation[1]:.1f} us per operation", flush=True)
    return ratio


def main() -> int:
    """Check that the protocols do what they should, then measure."""
    teleportation, ghz, swapping = map(load_protocol, ("teleportation", "ghz", "entanglement_swapping"))
    parties = [f"n{k}" for k in range(50)]
    for protocol, roles in ((teleportation, None), (ghz, {"parties": parties}), (swapping, None)):
        result = Session(backend="stim").run_blocking(protocol, roles=roles, shots=500, seed=1)
        name, metric = next(iter(result.metrics.items()))
        print(f"{result.protocol}: {name} {metric}")
        assert metric.value == 1.0, "without noise all of them are perfect"
    ways: tuple[Lowering, ...] = ("frame", "native")
    ratios = [
        compare(name, protocol, counts, way, repeat)
        for name, protocol, counts, repeat in (
            ("teleportation", teleportation, {}, 10),
            ("GHZ, 50 nodes", ghz, {"parties": 50}, 1),
            ("chain of 8 swaps", swapping, {"repeaters": 8}, 2),
        )
        for way in ways
    ]
    return int(not all(ratio.met for ratio in ratios))


if __name__ == "__main__":
    sys.exit(main())
