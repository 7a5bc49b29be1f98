"""An independent judge of what pairs go through: circuits on density matrices, written without the Bell algebra."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]

I2 = np.eye(2, dtype=np.complex128)
X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
Z = np.array([[1, 0], [0, -1]], dtype=np.complex128)
Y = 1j * X @ Z
H = np.array([[1, 1], [1, -1]], dtype=np.complex128) / math.sqrt(2)
CNOT = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=np.complex128)


def rx(angle: float) -> Matrix:
    return np.cos(angle / 2) * I2 - 1j * np.sin(angle / 2) * X


def bell_vector(z: int, x: int) -> NDArray[np.complex128]:
    """X^x Z^z on the second qubit of Phi+."""
    phi = np.array([1, 0, 0, 1], dtype=np.complex128) / math.sqrt(2)
    on_second = np.linalg.matrix_power(X, x) @ np.linalg.matrix_power(Z, z)
    return np.kron(I2, on_second) @ phi


BELL = [bell_vector(z, x) for z in (0, 1) for x in (0, 1)]


def mixture(weights: NDArray[np.float64]) -> Matrix:
    """The Bell-diagonal state of these weights."""
    return sum(w * np.outer(v, v.conj()) for w, v in zip(weights, BELL, strict=True))


def weights_of(rho: Matrix) -> NDArray[np.float64]:
    """Weights of the Bell states in a state of two qubits."""
    return np.array([float((v.conj() @ rho @ v).real) for v in BELL])


def embed(operator: Matrix, qubits: tuple[int, ...], n: int) -> Matrix:
    """The operator on those of n qubits, as a full matrix (qubit 0 is the most significant)."""
    k = len(qubits)
    full = np.zeros((2**n, 2**n), dtype=np.complex128)
    rest = [q for q in range(n) if q not in qubits]
    for column in itertools.product((0, 1), repeat=n):
        inner = int("".join(str(column[q]) for q in qubits), 2)
        for row_inner in range(2**k):
            row = list(column)
            for q, bit in zip(qubits, f"{row_inner:0{k}b}", strict=True):
                row[q] = int(bit)
            assert all(row[q] == column[q] for q in rest)
            full[_index(row), _index(column)] += operator[row_inner, inner]
    return full


def _index(bits: tuple[int, ...] | list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def gate(rho: Matrix, operator: Matrix, *qubits: int) -> Matrix:
    full = embed(operator, qubits, _size(rho))
    return full @ rho @ full.conj().T


def channel(rho: Matrix, kraus: list[Matrix], *qubits: int) -> Matrix:
    return sum(gate(rho, each, *qubits) for each in kraus)


def depolarised(rho: Matrix, p: float, *qubits: int) -> Matrix:
    """(1-p) rho + p (those qubits replaced by the maximally mixed state), as an average over all Paulis."""
    mixed = np.zeros_like(rho)
    for paulis in itertools.product((I2, X, Y, Z), repeat=len(qubits)):
        turned = rho
        for pauli, qubit in zip(paulis, qubits, strict=True):
            turned = gate(turned, pauli, qubit)
        mixed = mixed + turned / 4 ** len(qubits)
    return (1 - p) * rho + p * mixed


def relaxed(rho: Matrix, t: float, t1: float, t2: float, qubit: int) -> Matrix:
    """Amplitude damping with T1, then pure dephasing so that coherence decays with T2."""
    gamma = 1 - math.exp(-t / t1)
    damping = [
        np.array([[1, 0], [0, math.sqrt(1 - gamma)]], dtype=np.complex128),
        np.array([[0, math.sqrt(gamma)], [0, 0]], dtype=np.complex128),
    ]
    pure = math.exp(-t / t2 + t / (2 * t1))
    dephasing = [math.sqrt((1 + pure) / 2) * I2, math.sqrt((1 - pure) / 2) * Z]
    return channel(channel(rho, damping, qubit), dephasing, qubit)


def projected(rho: Matrix, qubit: int, outcome: int) -> Matrix:
    """The unnormalised state after that qubit was found in that outcome; the qubit stays."""
    projector = np.diag([1 - outcome, outcome]).astype(np.complex128)
    return gate(rho, projector, qubit)


def kept(rho: Matrix, *qubits: int) -> Matrix:
    """The state of those qubits, in that order; the rest is traced out."""
    n = _size(rho)
    rest = [q for q in range(n) if q not in qubits]
    tensor = rho.reshape((2,) * (2 * n))
    order = [*qubits, *rest]
    tensor = tensor.transpose([*order, *(n + q for q in order)])
    k, r = 2 ** len(qubits), 2 ** len(rest)
    return np.einsum("arbr->ab", tensor.reshape(k, r, k, r))


def swapped(first: Matrix, second: Matrix, p1: float = 0.0, p2: float = 0.0, readout: float = 0.0) -> Matrix:
    """Pairs (a, b) and (c, d); b and c are measured in the Bell basis with errors, d is corrected: state of a, d."""
    rho = depolarised(gate(np.kron(first, second), CNOT, 1, 2), p2, 1, 2)
    rho = depolarised(gate(rho, H, 1), p1, 1)
    out = np.zeros((4, 4), dtype=np.complex128)
    for phase, parity, phase_wrong, parity_wrong in itertools.product((0, 1), repeat=4):
        chance = (readout if phase_wrong else 1 - readout) * (readout if parity_wrong else 1 - readout)
        found = kept(projected(projected(rho, 1, phase), 2, parity), 0, 3)
        if parity ^ parity_wrong:
            found = gate(found, X, 1)
        if phase ^ phase_wrong:
            found = gate(found, Z, 1)
        out = out + chance * found
    return out


def purified(
    first: Matrix, second: Matrix, p1: float = 0.0, p2: float = 0.0, readout: float = 0.0, turn: bool = True
) -> tuple[Matrix, float]:
    """Pairs (a, b) and (c, d): rotations, a -> c and b -> d, measure c and d, keep a, b if they agree."""
    rho = np.kron(first, second)
    if turn:
        for qubit in range(4):
            rho = gate(rho, rx(math.pi / 2 if qubit % 2 == 0 else -math.pi / 2), qubit)
            rho = depolarised(rho, p1, qubit)
    for control, target in ((0, 2), (1, 3)):
        rho = depolarised(gate(rho, CNOT, control, target), p2, control, target)
    out = np.zeros((4, 4), dtype=np.complex128)
    for c, d in itertools.product((0, 1), repeat=2):
        odd = 2 * readout * (1 - readout)
        chance = 1 - odd if c == d else odd
        out = out + chance * kept(projected(projected(rho, 2, c), 3, d), 0, 1)
    probability = float(np.trace(out).real)
    return out / probability, probability


def twirled(rho: Matrix) -> Matrix:
    """The Bell-diagonal state that random bilateral Paulis leave."""
    out = np.zeros((4, 4), dtype=np.complex128)
    for pauli in (I2, X, Y, Z):
        both = np.kron(pauli, pauli.conj())
        out = out + both @ rho @ both.conj().T / 4
    return out


def _size(rho: Matrix) -> int:
    return rho.shape[0].bit_length() - 1
