"""Clifford circuits on stim's compiled sampler: Pauli noise, Paulis fed forward on parities of earlier bits.

Gidney, Quantum 5, 497 (2021). What is not Clifford belongs to other backends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from qstack.backend import Capabilities, RawOutcomes
from qstack.backends.checks import bit_number
from qstack.backends.local import Checkpoint, LocalBackend
from qstack.circuit import CLIFFORD_GATES, Circuit, Gate, Measure, Noise, Operation, Reset

if TYPE_CHECKING:
    import stim

_NAMES = {"sdg": "S_DAG", "sx": "SQRT_X"}
_CHUNK_BYTES = 1 << 17
"""Outcomes of one chunk: they stay in the cache, which is faster than one large sample."""
_CHUNK_WORK = 1 << 23
"""Most shots times instructions of one chunk: some 20 ms."""


_starting = threading.Lock()


@cache
def _started() -> None:
    import stim

    stim.Circuit("M 0").compile_sampler().sample(1)


def start() -> None:
    """Draw one shot, in one thread only, before any other is drawn.

    The first shot makes stim import numpy behind a lock of C++, without letting go of the interpreter's; two threads
    that draw their first shots together wait for each other for ever.
    """
    with _starting:
        _started()


class StimBackend(LocalBackend):
    """Samples Clifford circuits with stim."""

    name = "stim"
    capabilities = Capabilities(
        gates=CLIFFORD_GATES,
        noise=frozenset({"pauli", "depolarize2"}),
        feed_forward="pauli",
        mid_circuit_measurement=True,
        reset=True,
        lowerings=("frame", "native", "deferred"),
    )

    def prepare(self, circuit: Circuit) -> _StimSampler:
        """Translate the circuit."""
        return _StimSampler(circuit)


def to_stim(circuit: Circuit) -> tuple[stim.Circuit, list[int]]:
    """The circuit in stim's words, and which bit each of its measurements writes, in order of measurement."""
    import stim

    order: dict[int, int] = {}
    lines = [line for op in circuit.expanded().operations for line in _lines(op, order)]
    return stim.Circuit("\n".join(lines)), list(order)


def _lines(op: Operation, order: dict[int, int]) -> Iterator[str]:
    match op:
        case Gate(when=None):
            yield f"{_NAMES.get(op.name, op.name.upper())} {' '.join(map(str, op.qubits))}"
        case Gate(name=name, qubits=(qubit,), when=condition) if condition is not None:
            for term in condition.terms:
                if not term:
                    yield f"{name.upper()} {qubit}"
                for atom in term:
                    yield f"C{name.upper()} rec[{order[bit_number(atom)] - len(order)}] {qubit}"
        case Noise(channel="pauli", qubits=(qubit,), values=values):
            yield f"PAULI_CHANNEL_1({','.join(repr(float(p)) for p in values)}) {qubit}"
        case Noise(values=(p,), qubits=(first, second)):
            yield f"DEPOLARIZE2({float(p)!r}) {first} {second}"
        case Measure(qubit=qubit, bit=bit):
            order[bit] = len(order)
            yield f"M {qubit}"
        case Reset(qubit=qubit):
            yield f"R {qubit}"


class _StimSampler:
    taken_by = "stim"

    def __init__(self, circuit: Circuit) -> None:
        start()
        self._circuit, order = to_stim(circuit)
        self._bits = circuit.bits
        self._columns: slice | list[int] = slice(None) if order == list(range(circuit.bits)) else order
        fitting = min(_CHUNK_BYTES // (len(order) + 1), _CHUNK_WORK // (len(circuit.operations) + 1))
        self._chunk = max(1024, fitting // 1024 * 1024)

    def sample(
        self, parameters: tuple[float, ...], shots: int, seed: np.random.SeedSequence, checkpoint: Checkpoint
    ) -> RawOutcomes:
        sampler = self._circuit.compile_sampler(seed=int(seed.generate_state(1, np.uint64)[0] >> np.uint64(1)))
        outcomes = np.zeros((shots, self._bits), dtype=np.uint8)
        for start in range(0, shots, self._chunk):
            checkpoint()
            part = sampler.sample(min(self._chunk, shots - start)).view(np.uint8)
            outcomes[start : start + len(part), self._columns] = part
        return outcomes
