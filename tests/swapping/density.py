"""An independent judge of what pairs go through: circuits on density matrices, written without the Bell algebra."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]
Ends = tuple[tuple[float, float, float], tuple[float, float, float]]
"""At each end: depolarisation by one-qubit gates and by two-qubit gates, and readout error."""

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


def applied(rho: Matrix, operator: Matrix, *qubits: int) -> Matrix:
    """The operator on those qubits, times rho (qubit 0 is the most significant)."""
    n, k = _size(rho), len(qubits)
    tensor = np.tensordot(operator.reshape((2,) * (2 * k)), rho.reshape((2,) * (2 * n)), (range(k, 2 * k), qubits))
    return np.moveaxis(tensor, range(k), qubits).reshape(2**n, 2**n)


def gate(rho: Matrix, operator: Matrix, *qubits: int) -> Matrix:
    return applied(applied(rho, operator, *qubits).conj().T, operator, *qubits).conj().T


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


def turned(pair: Matrix, ends: Ends) -> Matrix:
    """The pair after the rotations of DEJMPS at its two ends."""
    for side, angle in enumerate((math.pi / 2, -math.pi / 2)):
        pair = depolarised(gate(pair, rx(angle), side), ends[side][0], side)
    return pair


def made_werner(pair: Matrix, ends: Ends) -> Matrix:
    """The average over all 24 Cliffords, turned one way at one end and the conjugate way at the other."""
    out = np.mean([both @ pair @ both.conj().T for both in (np.kron(u, u.conj()) for u in cliffords())], axis=0)
    for side in (0, 1):
        out = depolarised(out, ends[side][0], side)
    return out


def cliffords() -> list[Matrix]:
    """The one-qubit Clifford group without phases, as products of H and S."""
    found = [I2]
    for element in found:
        for generator in (H, np.diag([1, 1j])):
            product = generator @ element
            if all(abs(np.trace(product.conj().T @ other)) < 1.99 for other in found):
                found.append(product)
    return found


def selected(pairs: list[Matrix], ends: Ends) -> tuple[Matrix, float]:
    """Two pairs: CNOTs 0 -> 1, keep pair 0 if the Z outcomes of pair 1 agree.

    Three: also CNOTs 2 -> 1, and the outcomes of pair 2, in X by a Hadamard, have to agree too. Qubit 2k + side.
    """
    rho = pairs[0]
    for pair in pairs[1:]:
        rho = np.kron(rho, pair)
    for control in range(0, len(pairs), 2):
        for side, (_, p2, _) in enumerate(ends):
            qubits = 2 * control + side, 2 + side
            rho = depolarised(gate(rho, CNOT, *qubits), p2, *qubits)
    for pair in range(2, len(pairs)):
        for side, (p1, _, _) in enumerate(ends):
            rho = depolarised(gate(rho, H, 2 * pair + side), p1, 2 * pair + side)
    measured = range(2, 2 * len(pairs))
    errors = [ends[qubit % 2][2] for qubit in measured]
    out = np.zeros((4, 4), dtype=np.complex128)
    for outcomes in itertools.product((0, 1), repeat=len(measured)):
        branch = rho
        for qubit, outcome in zip(measured, outcomes, strict=True):
            branch = projected(branch, qubit, outcome)
        out = out + _all_agree(outcomes, errors) * kept(branch, 0, 1)
    probability = float(np.trace(out).real)
    return out / probability, probability


def _all_agree(outcomes: tuple[int, ...], errors: list[float]) -> float:
    """Probability that what is read agrees in every pair, given the outcomes."""
    total = 0.0
    for wrong in itertools.product((0, 1), repeat=len(outcomes)):
        read = [outcome ^ flip for outcome, flip in zip(outcomes, wrong, strict=True)]
        if read[::2] == read[1::2]:
            total += math.prod(e if flip else 1 - e for flip, e in zip(wrong, errors, strict=True))
    return total


def twirled(rho: Matrix) -> Matrix:
    """The Bell-diagonal state that random bilateral Paulis leave."""
    out = np.zeros((4, 4), dtype=np.complex128)
    for pauli in (I2, X, Y, Z):
        both = np.kron(pauli, pauli.conj())
        out = out + both @ rho @ both.conj().T / 4
    return out


def _size(rho: Matrix) -> int:
    return rho.shape[0].bit_length() - 1
