"""Closed form for pairs measured at any angles, and for lone qubits: no state is ever simulated.

A pair that only local gates and local noise touch is a real 4x4 matrix of Pauli correlations, and the joint
distribution of its two outcomes is read off four of its entries (Horodecki and Horodecki, PRA 54, 1838,
1996). Circuits in which more than two qubits interact belong to other backends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from qstack.backend import Capabilities, RawOutcomes
from qstack.backends.local import Checkpoint, LocalBackend
from qstack.circuit import ONE_QUBIT_GATES, Circuit, Gate, Measure, Noise, Pair, Parameter

Matrix = NDArray[np.float64]
"""A 4x4 real matrix over the Pauli basis I, X, Y, Z."""

_CHUNK = 1 << 18

_FIXED: dict[str, tuple[float, float, float]] = {
    "x": (math.pi, 0.0, math.pi),
    "y": (math.pi, math.pi / 2, math.pi / 2),
    "z": (0.0, 0.0, math.pi),
    "h": (math.pi / 2, 0.0, math.pi),
    "s": (0.0, 0.0, math.pi / 2),
    "sdg": (0.0, 0.0, -math.pi / 2),
    "t": (0.0, 0.0, math.pi / 4),
    "tdg": (0.0, 0.0, -math.pi / 4),
    "sx": (math.pi / 2, -math.pi / 2, math.pi / 2),
}
"""Gates without angles as (theta, phi, lambda) of `u`, up to a global phase."""


class BellBackend(LocalBackend):
    """Samples pairs and lone qubits from their exact joint distributions."""

    name = "bell"
    capabilities = Capabilities(
        gates=ONE_QUBIT_GATES,
        noise=frozenset({"pauli", "amplitude_damping"}),
        parameters=True,
        lowerings=("frame", "deferred", "native"),
    )

    def prepare(self, circuit: Circuit) -> _BellSampler:
        """Collect what happens to every qubit; constant stretches are multiplied together."""
        return _BellSampler(circuit)


@dataclass
class _Qubit:
    """What happens to one qubit, earliest first: matrices, and gates whose angles are free."""

    steps: list[Matrix | Gate] = field(default_factory=list)
    bit: int | None = None

    def add(self, step: Matrix | Gate) -> None:
        last = self.steps[-1] if self.steps else None
        if isinstance(step, np.ndarray) and isinstance(last, np.ndarray):
            self.steps[-1] = step @ last
        else:
            self.steps.append(step)

    def rows(self, parameters: tuple[float, ...]) -> Matrix:
        """The observables I and Z carried back to the start, array of shape (2, 4)."""
        rows = np.eye(4)[[0, 3]]
        for step in reversed(self.steps):
            rows = rows @ (step if isinstance(step, np.ndarray) else _gate(step, parameters))
        return rows


class _BellSampler:
    taken_by = "bell"

    def __init__(self, circuit: Circuit) -> None:
        self._bits = circuit.bits
        qubits = [_Qubit() for _ in range(circuit.qubits)]
        pairs: list[Pair] = []
        for op in circuit.operations:
            match op:
                case Pair():
                    pairs.append(op)
                case Gate(qubits=(qubit,), angles=angles):
                    free = any(isinstance(angle, Parameter) for angle in angles)
                    qubits[qubit].add(op if free else _gate(op, ()))
                case Noise(qubits=(qubit,)):
                    qubits[qubit].add(_channel(op))
                case Measure(qubit=qubit, bit=bit):
                    qubits[qubit].bit = bit
        paired = {qubit for pair in pairs for qubit in pair.qubits}
        self._pairs = [
            (qubits[a], qubits[b], np.diag(_correlations(pair.weights)))
            for pair in pairs
            for a, b in [pair.qubits]
            if qubits[a].bit is not None or qubits[b].bit is not None
        ]
        self._lone = [q for index, q in enumerate(qubits) if index not in paired and q.bit is not None]

    def sample(
        self, parameters: tuple[float, ...], shots: int, seed: np.random.SeedSequence, checkpoint: Checkpoint
    ) -> RawOutcomes:
        rng = np.random.default_rng(seed)
        outcomes = np.zeros((shots, self._bits), dtype=np.uint8)
        joint = []
        for a, b, state in self._pairs:
            checkpoint()
            joint.append((a.bit, b.bit, _two_outcomes(a.rows(parameters) @ state @ b.rows(parameters).T)))
        single = [(q.bit, (1 - q.rows(parameters)[1] @ [1, 0, 0, 1]) / 2) for q in self._lone]
        for start in range(0, shots, _CHUNK):
            part = outcomes[start : start + _CHUNK]
            for first, second, table in joint:
                checkpoint()
                _draw(part, first, second, table, rng)
            for bit, one in single:
                checkpoint()
                part[:, bit] = rng.random(len(part)) < one
        return outcomes


def _two_outcomes(correlations: Matrix) -> Matrix:
    """Probabilities of 00, 01, 10, 11 from [[1, <Zb>], [<Za>, <ZaZb>]]."""
    signs = np.array([[1, 1], [1, -1]])
    return np.asarray(signs @ correlations @ signs / 4).clip(0.0).ravel()


def _draw(part: RawOutcomes, first: int | None, second: int | None, table: Matrix, rng: np.random.Generator) -> None:
    """Fill the two columns; an outcome nobody recorded has no column."""
    edges = np.cumsum(table) / table.sum()
    u = rng.random(len(part))
    one = u >= edges[1]
    if first is not None:
        part[:, first] = one
    if second is not None:
        part[:, second] = ((u >= edges[0]) ^ one) | (u >= edges[2])


def _correlations(weights: Sequence[float]) -> list[float]:
    """<II>, <XX>, <YY>, <ZZ> of the Bell-diagonal state."""
    phi_plus, psi_plus, phi_minus, psi_minus = weights
    return [
        1.0,
        phi_plus + psi_plus - phi_minus - psi_minus,
        psi_plus + phi_minus - phi_plus - psi_minus,
        phi_plus + phi_minus - psi_plus - psi_minus,
    ]


def _gate(gate: Gate, parameters: tuple[float, ...]) -> Matrix:
    angles = tuple(a.value(parameters) if isinstance(a, Parameter) else a for a in gate.angles)
    match gate.name:
        case "rx":
            return _u(angles[0], -math.pi / 2, math.pi / 2)
        case "ry":
            return _u(angles[0], 0.0, 0.0)
        case "rz":
            return _u(0.0, 0.0, angles[0])
        case "u":
            return _u(*angles)
        case name:
            return _fixed(name)


@cache
def _fixed(name: str) -> Matrix:
    return _u(*_FIXED[name])


def _u(theta: float, phi: float, lam: float) -> Matrix:
    """Rotation of the Bloch sphere Rz(phi) Ry(theta) Rz(lambda)."""
    ct, st, cp, sp, cl, sl = (f(angle) for angle in (theta, phi, lam) for f in (math.cos, math.sin))
    return np.array(
        [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, cp * ct * cl - sp * sl, -cp * ct * sl - sp * cl, cp * st],
            [0.0, sp * ct * cl + cp * sl, -sp * ct * sl + cp * cl, sp * st],
            [0.0, -st * cl, st * sl, ct],
        ]
    )


def _channel(noise: Noise) -> Matrix:
    if noise.channel == "pauli":
        px, py, pz = noise.values
        return np.diag([1.0, 1 - 2 * (py + pz), 1 - 2 * (px + pz), 1 - 2 * (px + py)])
    (gamma,) = noise.values
    decay = np.diag([1.0, math.sqrt(1 - gamma), math.sqrt(1 - gamma), 1 - gamma])
    decay[3, 0] = gamma
    return decay
