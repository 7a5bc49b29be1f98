"""The exact joint distribution of a circuit's bits, from density matrices: what outcomes are compared with.

A density matrix is kept as a tensor of one ket and one bra index per qubit, one for every assignment of the
bits measured so far. Written for trust, not speed; independent of every backend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Pair, Parameter, Reset

Tensor = NDArray[np.complex128]
Bits = tuple[int, ...]

_ID, _X, _Y, _Z = (
    np.array(m, dtype=complex) for m in ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])
)
_PAULIS = (_ID, _X, _Y, _Z)
_PROJECTORS = ((_ID + _Z) / 2, (_ID - _Z) / 2)
_LOWER = (_X + 1j * _Y) / 2


def _phase(angle: float) -> Tensor:
    return np.diag([1.0, np.exp(1j * angle)])


def _rotation(pauli: Tensor, angle: float) -> Tensor:
    return np.asarray(np.cos(angle / 2) * _ID - 1j * np.sin(angle / 2) * pauli)


def unitary(name: str, angles: Sequence[float] = ()) -> Tensor:
    """Matrix of a gate up to a global phase, shape (2, 2) or (4, 4); the first qubit is the more significant.

    Follows the standard library of OpenQASM 3 (Cross et al., ACM TQC 3, 12, 2022).
    """
    match name:
        case "x" | "y" | "z":
            return {"x": _X, "y": _Y, "z": _Z}[name]
        case "h":
            return np.asarray((_X + _Z) / np.sqrt(2))
        case "s" | "sdg" | "t" | "tdg":
            return _phase({"s": 2, "sdg": -2, "t": 1, "tdg": -1}[name] * np.pi / 4)
        case "sx":
            return _rotation(_X, np.pi / 2)
        case "rx" | "ry" | "rz":
            return _rotation({"rx": _X, "ry": _Y, "rz": _Z}[name], angles[0])
        case "u":
            theta, phi, lam = angles
            return _phase(phi) @ _rotation(_Y, theta) @ _phase(lam)
        case "cx" | "cz":
            zero, one = _PROJECTORS
            return np.kron(zero, _ID) + np.kron(one, _X if name == "cx" else _Z)
        case "swap":
            return np.asarray(sum(np.kron(p, p) for p in _PAULIS) / 2)
    raise ValueError(f"no gate is named {name!r}")


def kraus(noise: Noise) -> list[Tensor]:
    """Kraus operators of a noise channel."""
    if noise.channel == "amplitude_damping":
        (gamma,) = noise.values
        return [_PROJECTORS[0] + np.sqrt(1 - gamma) * _PROJECTORS[1], np.sqrt(gamma) * _LOWER]
    if noise.channel == "pauli":
        chances = [max(0.0, 1 - sum(noise.values)), *noise.values]
        return [np.sqrt(chance) * pauli for chance, pauli in zip(chances, _PAULIS, strict=True)]
    (p,) = noise.values
    chances = [1 - p] + [p / 15] * 15
    products = [np.kron(left, right) for left in _PAULIS for right in _PAULIS]
    return [np.sqrt(chance) * product for chance, product in zip(chances, products, strict=True)]


def distribution(circuit: Circuit, parameters: tuple[float, ...] = ()) -> dict[Bits, float]:
    """Probability of every assignment of the bits that can occur; a bit never measured is 0."""
    start = np.zeros((2,) * (2 * circuit.qubits), dtype=complex)
    start[(0,) * (2 * circuit.qubits)] = 1.0
    branches: dict[Bits, Tensor] = {(0,) * circuit.bits: start}
    for op in circuit.operations:
        following: dict[Bits, Tensor] = {}
        for bits, rho in branches.items():
            for new_bits, new_rho in _step(op, parameters, bits, rho):
                following[new_bits] = following[new_bits] + new_rho if new_bits in following else new_rho
        branches = {bits: rho for bits, rho in following.items() if _trace(rho) > 1e-12}
    return {bits: _trace(rho) for bits, rho in branches.items()}


def _trace(rho: Tensor) -> float:
    side = 2 ** (rho.ndim // 2)
    return float(np.trace(rho.reshape(side, side)).real)


def _step(op: Operation, parameters: tuple[float, ...], bits: Bits, rho: Tensor) -> Iterator[tuple[Bits, Tensor]]:
    match op:
        case Gate(name=name, qubits=qubits):
            angles = [a.value(parameters) if isinstance(a, Parameter) else a for a in op.angles]
            yield bits, _sum(rho, [unitary(name, angles)], qubits) if _holds(op, bits) else rho
        case Noise(qubits=qubits):
            yield bits, _sum(rho, kraus(op), qubits)
        case Pair(qubits=(first, second), weights=weights):
            rho = _sum(rho, [unitary("h")], (first,))
            rho = _sum(rho, [unitary("cx")], (first, second))
            operators = [_ID, _X, _Z, _X @ _Z]
            yield (
                bits,
                _sum(rho, [np.sqrt(w) * m for w, m in zip(weights, operators, strict=True)], (second,)),
            )
        case Measure(qubit=qubit, bit=bit):
            for value, projector in enumerate(_PROJECTORS):
                yield (*bits[:bit], value, *bits[bit + 1 :]), _sum(rho, [projector], (qubit,))
        case Reset(qubit=qubit):
            yield bits, _sum(rho, [_PROJECTORS[0], _LOWER], (qubit,))


def _holds(gate: Gate, bits: Bits) -> bool:
    if gate.when is None:
        return True
    return bool(sum(all(bits[int(atom[1:])] for atom in term) for term in gate.when.terms) % 2)


def _sum(rho: Tensor, operators: Sequence[Tensor], qubits: Sequence[int]) -> Tensor:
    """Sum over K of K rho K^dagger, on these qubits."""
    total = rho.ndim // 2
    bras = [total + qubit for qubit in qubits]
    return sum((_on(_on(rho, k, qubits), k.conj(), bras) for k in operators), np.zeros_like(rho))


def _on(tensor: Tensor, matrix: Tensor, axes: Sequence[int]) -> Tensor:
    shaped = matrix.reshape((2,) * (2 * len(axes)))
    product = np.tensordot(shaped, tensor, (range(len(axes), 2 * len(axes)), axes))
    return np.moveaxis(product, range(len(axes)), axes)
