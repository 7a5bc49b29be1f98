"""Any circuit, exactly: Cirq's gates, channels and kernels, one state per measurement history.

Circuits run in an order that holds few qubits at once (`schedule`), on state vectors or density matrices,
whichever take less work, with shots split at every measurement (`histories`). This is far faster than Cirq's
shot-by-shot run of circuits with classical control, and takes conditions that Cirq's own classical controls
cannot say.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qstack.backend import Capabilities, RawOutcomes, obstacles
from qstack.backends.histories import Histories, State
from qstack.backends.local import Checkpoint, LocalBackend
from qstack.backends.schedule import MOST_QUBITS, Discard, Mode, Step, cheapest, schedule, width
from qstack.circuit import Circuit, Gate, Measure, Noise, Parameter, Reset

if TYPE_CHECKING:
    import cirq

_MOST_NUMBERS = 1 << 19
"""Some 10 ms of work."""


class CirqBackend(LocalBackend):
    """Samples any circuit that holds at most 24 qubits at once."""

    name = "cirq"
    capabilities = Capabilities(
        feed_forward="full",
        mid_circuit_measurement=True,
        reset=True,
        parameters=True,
        lowerings=("frame", "native", "deferred"),
    )

    def __init__(self, mode: Mode | None = None, most_numbers: int = _MOST_NUMBERS) -> None:
        """Make a backend.

        Args:
            mode: always state vectors or always density matrices; the cheaper of the two unless given.
            most_numbers: complex numbers in all states of one step before they are worked on in halves.
        """
        super().__init__()
        self._mode = mode
        self._most_numbers = most_numbers

    def prepare(self, circuit: Circuit) -> _CirqSampler:
        """Choose the order of operations."""
        return _CirqSampler(circuit, self._mode, self._most_numbers)

    def obstacles(self, circuit: Circuit) -> list[str]:
        """Why this simulator cannot take the circuit; empty when it can."""
        found = obstacles(circuit, self.capabilities)
        if circuit.qubits > MOST_QUBITS and (held := width(schedule(circuit))) > MOST_QUBITS:
            found.append(f"needs {held} qubits in one state at once, at most {MOST_QUBITS} fit into memory")
        return found


class _CirqSampler:
    taken_by = "cirq"

    def __init__(self, circuit: Circuit, mode: Mode | None, most_numbers: int) -> None:
        self._circuit = circuit
        self._steps = schedule(circuit)
        self._mode = mode
        self._most_numbers = most_numbers

    def sample(
        self, parameters: tuple[float, ...], shots: int, seed: np.random.SeedSequence, checkpoint: Checkpoint
    ) -> RawOutcomes:
        rng = np.random.default_rng(seed)
        mode = self._mode or cheapest(self._steps, shots)
        base = 4 if mode == "density" else 2
        outcomes = np.empty((shots, self._circuit.bits), dtype=np.uint8)
        filled = 0
        waiting = [(0, Histories.start(base, self._circuit.qubits, self._circuit.bits, shots))]
        while waiting:
            at, histories = waiting.pop()
            while at < len(self._steps):
                checkpoint()
                if histories.size > self._most_numbers and len(histories.counts) > 1:
                    histories, later = histories.halves()
                    waiting.append((at, later))
                    continue
                histories = _advance(histories, self._steps[at], parameters, rng)
                at += 1
            done = np.repeat(histories.bits, histories.counts, axis=0)
            outcomes[filled : filled + len(done)] = done
            filled += len(done)
        return outcomes[rng.permutation(shots)]


def _advance(histories: Histories, step: Step, parameters: tuple[float, ...], rng: np.random.Generator) -> Histories:
    match step:
        case Gate(qubits=qubits, when=condition):
            histories.hold(qubits)
            matrix = _matrix(step.name, _angles(step, parameters), histories.base)
            rows: NDArray[np.bool_] | None = None
            if condition is not None:
                columns = {atom: histories.bits[:, int(atom[1:])] for atom in condition.atoms}
                rows = condition.evaluate(columns, len(histories.counts)).astype(bool)
            histories.apply(matrix, qubits, rows)
        case Noise(channel=channel, qubits=qubits, values=values):
            histories.hold(qubits)
            return _noisy(histories, channel, values, qubits, rng)
        case Measure(qubit=qubit, bit=bit):
            histories.hold((qubit,))
            return histories.measure(qubit, bit, rng)
        case Reset(qubit=qubit) | Discard(qubit=qubit):
            return _cleared(histories, qubit, rng)
    return histories


def _cleared(histories: Histories, qubit: int, rng: np.random.Generator) -> Histories:
    if qubit in histories.held:
        if histories.base == 4:
            histories.trace_out(qubit)
        else:
            histories = histories.measure(qubit, None, rng)
    histories.level[:, qubit] = 0
    return histories


def _noisy(
    histories: Histories,
    channel: str,
    values: tuple[float, ...],
    qubits: tuple[int, ...],
    rng: np.random.Generator,
) -> Histories:
    import cirq

    if histories.base == 4:
        histories.apply(_channel_matrix(channel, values), qubits)
        return histories
    gate = _channel(channel, values)
    if channel == "amplitude_damping":
        return histories.jump([np.asarray(k, dtype=np.complex128) for k in cirq.kraus(gate)], qubits, rng)
    chances, unitaries = zip(*cirq.mixture(gate), strict=True)
    chances = np.clip(chances, 0.0, 1.0)
    return histories.mix([u.astype(np.complex128) for u in unitaries], chances / chances.sum(), qubits, rng)


def _angles(gate: Gate, parameters: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(angle.value(parameters) if isinstance(angle, Parameter) else angle for angle in gate.angles)


@lru_cache(maxsize=1024)
def _matrix(name: str, angles: tuple[float, ...], base: int) -> State:
    """Unitary of the gate, or what it does to density matrices with (ket, bra) per qubit."""
    import cirq

    unitary = cirq.unitary(_gate(name, angles)).astype(np.complex128)
    return unitary if base == 2 else _paired(np.asarray(np.kron(unitary, unitary.conj())))


@lru_cache(maxsize=1024)
def _channel_matrix(channel: str, values: tuple[float, ...]) -> State:
    import cirq

    return _paired(np.asarray(cirq.kraus_to_superoperator(cirq.kraus(_channel(channel, values)))))


def _paired(superoperator: State) -> State:
    """From axes (kets, bras) to axes (ket, bra) qubit by qubit."""
    qubits = (len(superoperator).bit_length() - 1) // 2
    order = [axis for qubit in range(qubits) for axis in (qubit, qubits + qubit)]
    axes = order + [2 * qubits + axis for axis in order]
    shaped = superoperator.reshape((2,) * (4 * qubits)).transpose(axes)
    return np.ascontiguousarray(shaped.reshape(superoperator.shape), dtype=np.complex128)


def _gate(name: str, angles: tuple[float, ...]) -> cirq.Gate:
    import cirq

    match name:
        case "rx":
            return cirq.rx(angles[0])
        case "ry":
            return cirq.ry(angles[0])
        case "rz":
            return cirq.rz(angles[0])
        case "u":
            return cirq.MatrixGate(
                cirq.unitary(cirq.rz(angles[1])) @ cirq.unitary(cirq.ry(angles[0])) @ cirq.unitary(cirq.rz(angles[2]))
            )
        case "sdg":
            return cirq.S**-1
        case "tdg":
            return cirq.T**-1
        case "sx":
            return cirq.X**0.5
    fixed: dict[str, cirq.Gate] = {
        "x": cirq.X,
        "y": cirq.Y,
        "z": cirq.Z,
        "h": cirq.H,
        "s": cirq.S,
        "t": cirq.T,
        "cx": cirq.CNOT,
        "cz": cirq.CZ,
        "swap": cirq.SWAP,
    }
    return fixed[name]


def _channel(channel: str, values: tuple[float, ...]) -> cirq.Gate:
    import cirq

    match channel:
        case "pauli":
            return cirq.asymmetric_depolarize(p_x=values[0], p_y=values[1], p_z=values[2])
        case "depolarize2":
            return cirq.depolarize(values[0], n_qubits=2)
        case _:
            return cirq.amplitude_damp(values[0])
