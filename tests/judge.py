"""An independent judge of circuits: the exact joint distribution of all bits, from textbook matrices.

Works on full 2^n by 2^n density matrices, one per assignment of the bits measured so far. Shares nothing with
the backends but the circuit itself, and is meant to be plainly right, not fast: at most about eight qubits.
"""

from __future__ import annotations

import cmath
import math
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qstack.boolean import Poly
from qstack.circuit import Circuit, Gate, Measure, Noise, Pair, Reset

Matrix = NDArray[Any]
Distribution = dict[tuple[int, ...], float]

I2 = np.eye(2, dtype=complex)
X = np.array([[0, 1], [1, 0]], dtype=complex)
Y = np.array([[0, -1j], [1j, 0]], dtype=complex)
Z = np.array([[1, 0], [0, -1]], dtype=complex)
PAULIS = (I2, X, Y, Z)
ROOT = 1 / math.sqrt(2)

FIXED: dict[str, Matrix] = {
    "x": X,
    "y": Y,
    "z": Z,
    "h": ROOT * np.array([[1, 1], [1, -1]], dtype=complex),
    "s": np.array([[1, 0], [0, 1j]]),
    "sdg": np.array([[1, 0], [0, -1j]]),
    "t": np.array([[1, 0], [0, cmath.exp(0.25j * math.pi)]]),
    "tdg": np.array([[1, 0], [0, cmath.exp(-0.25j * math.pi)]]),
    "sx": 0.5 * np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]),
    "cx": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=complex),
    "cz": np.diag([1, 1, 1, -1]).astype(complex),
    "swap": np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=complex),
}


def unitary(name: str, angles: tuple[float, ...] = ()) -> Matrix:
    """Matrix of a gate as OpenQASM 3 and its standard library define it, first qubit most significant."""
    if name in FIXED:
        return FIXED[name]
    if name == "u":
        theta, phi, lam = angles
        return np.array(
            [
                [math.cos(theta / 2), -cmath.exp(1j * lam) * math.sin(theta / 2)],
                [
                    cmath.exp(1j * phi) * math.sin(theta / 2),
                    cmath.exp(1j * (phi + lam)) * math.cos(theta / 2),
                ],
            ]
        )
    axis = {"rx": X, "ry": Y, "rz": Z}[name]
    return math.cos(angles[0] / 2) * I2 - 1j * math.sin(angles[0] / 2) * axis


def embed(matrix: Matrix, qubits: tuple[int, ...], total: int) -> Matrix:
    """The matrix acting on these qubits of `total`, identity elsewhere; qubit 0 is most significant."""
    full = np.zeros((2**total, 2**total), dtype=complex)
    for column in range(2**total):
        levels = [column >> (total - 1 - q) & 1 for q in range(total)]
        local_in = reduce(lambda acc, q: 2 * acc + levels[q], qubits, 0)
        for local_out in range(len(matrix)):
            out = list(levels)
            for place, q in enumerate(qubits):
                out[q] = local_out >> (len(qubits) - 1 - place) & 1
            row = reduce(lambda acc, level: 2 * acc + level, out, 0)
            full[row, column] += matrix[local_out, local_in]
    return full


def _kraus(noise: Noise) -> list[Matrix]:
    match noise.channel, noise.values:
        case "pauli", (px, py, pz):
            return [math.sqrt(max(p, 0.0)) * m for p, m in zip((1 - px - py - pz, px, py, pz), PAULIS, strict=True)]
        case "depolarize2", (p,):
            products = [np.kron(a, b) for a in PAULIS for b in PAULIS]
            return [math.sqrt(1 - p) * products[0]] + [math.sqrt(p / 15) * m for m in products[1:]]
        case _, (gamma,):
            return [
                np.array([[1, 0], [0, math.sqrt(1 - gamma)]], dtype=complex),
                np.array([[0, math.sqrt(gamma)], [0, 0]], dtype=complex),
            ]
    raise AssertionError(noise)


def _holds(condition: Poly | None, bits: tuple[int, ...]) -> bool:
    if condition is None:
        return True
    return sum(all(bits[int(atom[1:])] for atom in term) for term in condition.terms) % 2 == 1


def bell_state(weights: tuple[float, float, float, float]) -> Matrix:
    """Bell-diagonal density matrix with weights of Phi+, Psi+, Phi-, Psi-."""
    vectors = [[1, 0, 0, 1], [0, 1, 1, 0], [1, 0, 0, -1], [0, 1, -1, 0]]
    return sum(
        (w * np.outer(v, v) / 2 for w, v in zip(weights, vectors, strict=True)),
        np.zeros((4, 4), dtype=complex),
    )


def _after_pair(rho: Matrix, op: Pair, total: int) -> Matrix:
    """Replace the state of two qubits in |00> by a Bell-diagonal one: a mixture of four preparations."""
    start = embed(np.diag([1, 0, 0, 0]).astype(complex), op.qubits, total)
    assert abs(np.trace(start @ rho) - np.trace(rho)) < 1e-9, "a pair was put on qubits in use"
    result = np.zeros_like(rho)
    values, vectors = np.linalg.eigh(bell_state(op.weights))
    for value, vector in zip(values, vectors.T, strict=True):
        prepare = embed(np.outer(vector, [1, 0, 0, 0]), op.qubits, total)
        result += value * prepare @ rho @ prepare.conj().T
    return result


def distribution(circuit: Circuit, parameters: tuple[float, ...] = ()) -> Distribution:
    """Probability of every assignment of the bits that can occur; bits never measured are 0."""
    total = circuit.qubits
    start = np.zeros((2**total, 2**total), dtype=complex)
    start[0, 0] = 1.0
    branches: dict[tuple[int, ...], Matrix] = {(0,) * circuit.bits: start}
    for op in circuit.bound(parameters).operations:
        following: dict[tuple[int, ...], Matrix] = {}
        for bits, rho in branches.items():
            for new_bits, new_rho in _step(op, bits, rho, total):
                following[new_bits] = following.get(new_bits, 0) + new_rho
        branches = {bits: rho for bits, rho in following.items() if np.trace(rho).real > 1e-14}
    return {bits: float(np.trace(rho).real) for bits, rho in branches.items()}


def _step(
    op: Gate | Pair | Noise | Measure | Reset, bits: tuple[int, ...], rho: Matrix, total: int
) -> list[tuple[tuple[int, ...], Matrix]]:
    match op:
        case Gate(name=name, qubits=qubits, angles=angles):
            if not _holds(op.when, bits):
                return [(bits, rho)]
            full = embed(unitary(name, tuple(float(a) for a in angles)), qubits, total)  # type: ignore[arg-type]
            return [(bits, full @ rho @ full.conj().T)]
        case Pair():
            return [(bits, _after_pair(rho, op, total))]
        case Noise(qubits=qubits):
            kraus = [embed(k, qubits, total) for k in _kraus(op)]
            return [(bits, sum((k @ rho @ k.conj().T for k in kraus), np.zeros_like(rho)))]
        case Measure(qubit=qubit, bit=bit):
            results = []
            for value in (0, 1):
                project = embed(np.diag([1 - value, value]).astype(complex), (qubit,), total)
                results.append(((*bits[:bit], value, *bits[bit + 1 :]), project @ rho @ project))
            return results
        case Reset(qubit=qubit):
            keep = embed(np.diag([1, 0]).astype(complex), (qubit,), total)
            lower = embed(np.array([[0, 1], [0, 0]], dtype=complex), (qubit,), total)
            return [(bits, keep @ rho @ keep + lower @ rho @ lower.conj().T)]
