"""Values per shot: drawing what is drawn, and grouping shots that share values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qstack.compiler.attach import Chance, NoisyProgram
from qstack.errors import InputError

Column = NDArray[np.uint8]
"""One small integer per shot, shape (shots,)."""


class GivenValueError(InputError):
    """A value that is given per shot is missing, of the wrong length or out of range."""


def draw_columns(
    program: NoisyProgram, shots: int, rng: np.random.Generator, given: Mapping[str, NDArray[np.integer]]
) -> dict[str, Column]:
    """Draw every chance of the program and check what is given from outside; one column per source.

    Raises:
        GivenValueError: a given column is missing, has not `shots` rows, or holds a value out of range.
    """
    columns: dict[str, Column] = {}
    for source, size in program.given.items():
        columns[source] = _checked(source, size, shots, given)
    for chance in program.chances:
        columns.update(zip(chance.sources, draw(chance, shots, rng), strict=True))
    return columns


def draw(chance: Chance, shots: int, rng: np.random.Generator) -> list[Column]:
    """Jointly drawn columns of one chance."""
    if chance.table is None:
        return [rng.integers(size, size=shots, dtype=np.uint8) for size in chance.sizes]
    joint = rng.choice(math.prod(chance.sizes), size=shots, p=np.asarray(chance.table) / sum(chance.table))
    return [part.astype(np.uint8) for part in np.unravel_index(joint, chance.sizes)]


_FEW = 1 << 16
"""Up to this many possible rows, a table is quicker than sorting."""


def group(columns: Sequence[Column], sizes: Sequence[int], shots: int) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """Distinct rows of the columns, shape (groups, columns), and the group each shot is in, shape (shots,)."""
    if not columns:
        return np.zeros((1, 0), dtype=np.int64), np.zeros(shots, dtype=np.uint8)
    if math.prod(sizes) <= _FEW:
        return _group_by_table(columns, sizes)
    key = np.zeros(shots, dtype=np.int64)
    span = 1
    for column, size in zip(columns, sizes, strict=True):
        if span > 2**62 // size:
            found, key = np.unique(key, return_inverse=True)
            span = len(found)
        key = key * size + column
        span *= size
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    rows = np.array([[column[row] for column in columns] for row in first], dtype=np.int64).reshape(len(first), -1)
    return rows, inverse


def _group_by_table(columns: Sequence[Column], sizes: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """`group` for few possible rows; groups are numbered in as few bytes as they need, for later sorting."""
    key = columns[0]
    if len(columns) > 1:
        key = np.zeros(len(columns[0]), dtype=np.uint16)
        for column, size in zip(columns, sizes, strict=True):
            key = key * np.uint16(size) + column
    found = np.flatnonzero(np.bincount(key, minlength=1))
    rows = np.stack(np.unravel_index(found, tuple(sizes)), axis=1).astype(np.int64)
    if len(found) == found[-1] + 1 and key.dtype == np.uint8:
        return rows, key
    numbers = np.zeros(found[-1] + 1, dtype=np.min_scalar_type(len(found)))
    numbers[found] = np.arange(len(found))
    return rows, numbers[key]


def _checked(source: str, size: int, shots: int, given: Mapping[str, NDArray[np.integer]]) -> Column:
    if source not in given:
        raise GivenValueError(f"no value was given for {source}")
    values = np.asarray(given[source])
    if values.shape != (shots,):
        raise GivenValueError(f"{source} has shape {values.shape}; give one value per shot, shape ({shots},)")
    if values.size and (values.min() < 0 or values.max() >= size):
        raise GivenValueError(f"{source} has values from {values.min()} to {values.max()}; allowed are 0 to {size - 1}")
    return values.astype(np.uint8)
