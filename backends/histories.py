"""States of many shots at once: one state per distinct history, and how many shots share it.

A history is what was measured so far (and, for state vectors, which errors were drawn). At every random step
the shots of a history are split binomially or multinomially, so sampling is exact and costs at most as much
as running each shot by itself, mostly far less. Knows matrices and shots, not circuits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

State = NDArray[np.complex128]
Rows = NDArray[np.intp]
_BLAS_FROM = 8
"""Matrix size from which a matrix product is faster than Cirq's einsum."""
_SLICES_FROM = 8192
"""Size of state vectors from which Cirq's work on slices is faster."""


@dataclass
class Histories:
    """States with one axis per held qubit, row by row, for `len(counts)` histories.

    Attributes:
        base: 2 for state vectors; 4 for density matrices, whose axis is (ket, bra) of one qubit together.
        state: shape (histories, base, base, ...), axes in the order of `held`.
        counts: shots of each history, shape (histories,).
        bits: classical bits of each history, shape (histories, bits).
        held: numbers of the qubits that have an axis.
        level: last known basis state of the qubits that have none, shape (histories, qubits).
    """

    base: int
    state: State
    counts: NDArray[np.int64]
    bits: NDArray[np.uint8]
    level: NDArray[np.uint8]
    held: list[int] = field(default_factory=list)

    @classmethod
    def start(cls, base: int, qubits: int, bits: int, shots: int) -> Histories:
        """One history of `shots` shots with every qubit in |0>."""
        return cls(
            base,
            np.ones(1, dtype=np.complex128),
            np.array([shots], dtype=np.int64),
            np.zeros((1, bits), dtype=np.uint8),
            np.zeros((1, qubits), dtype=np.uint8),
        )

    @property
    def size(self) -> int:
        """Numbers held in all states."""
        return self.state.size

    def halves(self) -> tuple[Histories, Histories]:
        """The first and the second half of the histories."""
        middle = len(self.counts) // 2
        return self._take(slice(None, middle)), self._take(slice(middle, None))

    def _take(self, rows: slice | Rows, state: State | None = None) -> Histories:
        kept = self.state[rows] if state is None else state
        return Histories(self.base, kept, self.counts[rows], self.bits[rows], self.level[rows], list(self.held))

    def hold(self, qubits: Sequence[int]) -> None:
        """Give these qubits an axis, where they have none, in their last known basis state."""
        for qubit in qubits:
            if qubit in self.held:
                continue
            rows = np.arange(len(self.counts))
            state = np.zeros((self.base, *self.state.shape), dtype=np.complex128)
            state[self.level[:, qubit] * (self.base - 1), rows] = self.state
            self.state = np.moveaxis(state, 0, -1)
            self.held.append(qubit)

    def apply(self, matrix: State, qubits: Sequence[int], rows: NDArray[np.bool_] | None = None) -> None:
        """Multiply the states (of these histories, if given) by a matrix on the axes of these qubits."""
        axes = [1 + self.held.index(qubit) for qubit in qubits]
        if rows is None:
            self.state = _multiplied(matrix, self.state, axes, self.base)
        elif rows.any():
            self.state = self.state.copy() if rows.all() else np.ascontiguousarray(self.state)
            self.state[rows] = _multiplied(matrix, self.state[rows], axes, self.base)

    def measure(self, qubit: int, bit: int | None, rng: np.random.Generator) -> Histories:
        """Split every history by the outcome, write it into `bit` (if any) and drop the qubit's axis."""
        axis = 1 + self.held.index(qubit)
        zero, one = (np.take(self.state, index, axis=axis) for index in (0, self.base - 1))
        left = [other for other in self.held if other != qubit]
        weights = np.stack([self._weight(zero), self._weight(one)])
        chance = (weights[1] / weights.sum(axis=0)).clip(0.0, 1.0)
        ones = rng.binomial(self.counts, chance)
        parts = []
        for value, state, counts, weight in (
            (0, zero, self.counts - ones, weights[0]),
            (1, one, ones, weights[1]),
        ):
            rows = np.flatnonzero(counts)
            part = self._take(rows, self._scaled(state[rows], weight[rows]))
            part.counts, part.held = counts[rows], list(left)
            part.level[:, qubit] = value
            if bit is not None:
                part.bits[:, bit] = value
            parts.append(part)
        return _joined(parts)

    def trace_out(self, qubit: int) -> None:
        """Drop the axis of a qubit nobody looks at (density matrices only)."""
        axis = 1 + self.held.index(qubit)
        self.state = np.take(self.state, 0, axis=axis) + np.take(self.state, 3, axis=axis)
        self.held.remove(qubit)

    def mix(
        self,
        unitaries: Sequence[State],
        chances: Sequence[float],
        qubits: Sequence[int],
        rng: np.random.Generator,
    ) -> Histories:
        """Draw one of the unitaries per shot and apply it (state vectors only)."""
        drawn = rng.multinomial(self.counts, chances)
        parts = []
        for number, unitary in enumerate(unitaries):
            rows = np.flatnonzero(drawn[:, number])
            if len(rows):
                part = self._take(rows)
                part.counts = drawn[rows, number]
                part.apply(unitary, qubits)
                parts.append(part)
        return _joined(parts)

    def jump(self, operators: Sequence[State], qubits: Sequence[int], rng: np.random.Generator) -> Histories:
        """Draw one of the Kraus operators per shot by its weight in the state (state vectors only)."""
        axes = [1 + self.held.index(qubit) for qubit in qubits]
        states = [_multiplied(operator, self.state, axes, self.base) for operator in operators]
        weights = np.stack([self._weight(state) for state in states], axis=1)
        drawn = rng.multinomial(self.counts, weights / weights.sum(axis=1, keepdims=True))
        parts = []
        for number, state in enumerate(states):
            rows = np.flatnonzero(drawn[:, number])
            part = self._take(rows, self._scaled(state[rows], weights[rows, number]))
            part.counts = drawn[rows, number]
            parts.append(part)
        return _joined(parts)

    def _weight(self, state: State) -> NDArray[np.float64]:
        """Probability of each unnormalised state."""
        if self.base == 2:
            flat = state.reshape(len(state), -1)
            return np.asarray(np.einsum("ij,ij->i", flat.conj(), flat).real)
        while state.ndim > 1:
            state = state[..., 0] + state[..., 3]
        return state.real.clip(0.0)

    def _scaled(self, state: State, weight: NDArray[np.float64]) -> State:
        norm = np.sqrt(weight) if self.base == 2 else weight
        return state / norm.reshape(-1, *(1,) * (state.ndim - 1))


def _joined(parts: Sequence[Histories]) -> Histories:
    parts = [part for part in parts if len(part.counts)]
    if len(parts) == 1:
        return parts[0]
    fields: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ("state", "counts", "bits", "level")
    }
    return Histories(base=parts[0].base, held=list(parts[0].held), **fields)


def _multiplied(matrix: State, state: State, axes: Sequence[int], base: int) -> State:
    import cirq

    if base == 2 and state.size >= _SLICES_FROM:
        return cirq.apply_matrix_to_slices(state, matrix, [_slice(k, axes, state.ndim) for k in range(len(matrix))])
    if len(matrix) < _BLAS_FROM:
        return cirq.targeted_left_multiply(matrix.reshape((base,) * (2 * len(axes))), state, axes)
    back = range(-len(axes), 0)
    moved = np.moveaxis(state, axes, back)
    product = moved.reshape(-1, len(matrix)) @ matrix.T
    return np.moveaxis(product.reshape(moved.shape), back, axes)


def _slice(level: int, axes: Sequence[int], dimensions: int) -> tuple[slice | int, ...]:
    """Where the qubits of these axes are in the basis state `level`, the first of them most significant."""
    index: list[slice | int] = [slice(None)] * dimensions
    for place, axis in enumerate(reversed(axes)):
        index[axis] = level >> place & 1
    return tuple(index)
