"""From a Python protocol to a circuit, next to building that same circuit directly in Cirq.

Ours traces the protocol, checks every rule of the language, attaches the surroundings and lowers the result.
The reference makes the operations of the circuit that comes out, and puts them into a `cirq.Circuit`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import cirq
from sidebyside import Ratio, interleaved, slowdown

from qstack import Session
from qstack.backends.stim import StimBackend
from qstack.circuit import Circuit, Gate, Measure
from qstack.compiler import compile_program
from qstack.language import Protocol, load_protocol

GATES: dict[str, cirq.Gate] = {
    "h": cirq.H,
    "x": cirq.X,
    "z": cirq.Z,
    "s": cirq.S,
    "cx": cirq.CNOT,
    "cz": cirq.CZ,
}
ROUNDS = 21


def traced(protocol: Protocol, counts: dict[str, int | None], settings: dict[str, object]) -> Circuit:
    """The protocol's circuit, from scratch."""
    compiled = compile_program(protocol.trace(counts, **settings), StimBackend.capabilities)
    return (
        compiled.template.fill({}, bind_angles=True)
        if not compiled.template.has_blanks
        else compiled.fullest()
    )


def in_cirq(circuit: Circuit) -> Callable[[], cirq.Circuit]:
    """A function that builds the circuit in Cirq, with everything known beforehand that can be."""
    steps: list[tuple[cirq.Gate | None, tuple[int, ...], str]] = []
    for op in circuit.expanded().operations:
        match op:
            case Gate(name=name, qubits=qubits):
                steps.append((GATES[name], qubits, ""))
            case Measure(qubit=qubit, bit=bit):
                steps.append((None, (qubit,), f"c{bit}"))
            case other:
                raise AssertionError(f"the reference has no {other}")

    def build() -> cirq.Circuit:
        qubits = cirq.LineQubit.range(circuit.qubits)
        return cirq.Circuit(
            gate.on(*(qubits[k] for k in where))
            if gate is not None
            else cirq.measure(qubits[where[0]], key=key)
            for gate, where, key in steps
        )

    return build


def compare(
    name: str, protocol: Protocol, counts: dict[str, int | None], repeat: int, **settings: object
) -> Ratio:
    """Time both; they must agree on what is in the circuit."""
    circuit = traced(protocol, counts, settings)
    build = in_cirq(circuit)
    operations = len(circuit.expanded().operations)
    if sum(1 for _ in build().all_operations()) != operations:
        raise AssertionError(f"{name}: the two circuits differ")
    times = interleaved(lambda: traced(protocol, counts, settings), build, rounds=ROUNDS, repeat=repeat)
    ratio = slowdown(f"{name} ({operations} operations)", times, at_most=1.0)
    per_operation = [1e6 * seconds / operations for seconds in (ratio.ours_s, ratio.reference_s)]
    print(ratio, f"   {per_operation[0]:.1f} and {per_operation[1]:.1f} us per operation")
    return ratio


def main() -> int:
    """Check that the protocols do what they should, then measure."""
    teleportation, ghz, swapping = (
        load_protocol(name) for name in ("teleportation", "ghz", "entanglement_swapping")
    )
    parties = [f"n{k}" for k in range(50)]
    checks = {
        "teleportation": Session().run_blocking(teleportation, shots=500, seed=1),
        "ghz": Session().run_blocking(ghz, roles={"parties": parties}, shots=500, seed=1),
        "swapping": Session().run_blocking(swapping, shots=500, seed=1),
    }
    for name, result in checks.items():
        print(f"{name}: {', '.join(f'{key} {metric}' for key, metric in result.metrics.items())}")
    ratios = [
        compare("teleportation", teleportation, {}, 20),
        compare("GHZ, 50 nodes", ghz, {"parties": 50}, 1),
        compare("chain of 8 swaps", swapping, {"repeaters": 8}, 3),
    ]
    return int(not all(ratio.met for ratio in ratios))


if __name__ == "__main__":
    sys.exit(main())
