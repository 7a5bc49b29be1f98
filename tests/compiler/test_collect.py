"""Reading in blocks, grouping by a table and factored evaluation give what the plain ways give."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.backends.stim import StimBackend
from qstack.boolean import Poly
from qstack.circuit import Measure
from qstack.compiler import Compiled, compile_program, compiled
from qstack.compiler.columns import group
from qstack.language import Bit, Int, Node, entangle, protocol, require


@protocol
def chosen(alice: Node, bob: Node) -> dict[str, Bit | Int]:
    """A program that splits over three circuits and discards shots."""
    basis = alice.draw("basis", values=3)
    a, b = entangle(alice, bob)
    c, d = entangle(alice, bob)
    a.h(when=basis == 1)
    b.x(when=c.measure().send(bob))
    require(d.measure())
    return {"basis": basis, "a": a.measure(), "b": b.measure()}


def numbered(program: Compiled, split: compiled.Split) -> list[np.ndarray]:
    """Raw outcomes in which every run's rows count up, so that a row out of place shows."""
    raw = []
    for run in split.runs:
        bits = sum(isinstance(op, Measure) for op in run.circuit.operations)
        raw.append((np.arange(run.shots)[:, None] >> np.arange(bits)).astype(np.uint8) & 1)
    return raw


@pytest.mark.parametrize("shots", [1, 7, 1000])
@pytest.mark.parametrize("block", [1, 64, 100_000])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, shots: int, block: int) -> None:
    program = compile_program(chosen.trace(), StimBackend.capabilities)
    columns = program.columns(shots, np.random.default_rng(shots), {})
    split = program.split(columns, shots)
    raw = numbered(program, split)
    together = np.zeros((shots, program.template.bits), dtype=np.uint8)
    for k, part in enumerate(raw):
        together[split.groups == k] = part
    expected = program.read(together, columns)
    monkeypatch.setattr(compiled, "_BLOCK", block)
    calls: list[None] = []
    found = program.collect(split, raw, columns, lambda: calls.append(None))
    assert calls
    assert np.array_equal(found.accepted, expected.accepted)
    for name, values in expected.outputs.items():
        assert np.array_equal(found.outputs[name], values)


@given(st.lists(st.integers(2, 9), min_size=1, max_size=7), st.integers(1, 40), st.integers(0, 2**32))
def test_groups_are_the_distinct_rows(sizes: list[int], shots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [rng.integers(size, size=shots).astype(np.uint8) for size in sizes]
    rows, groups = group(columns, sizes, shots)
    expected, inverse = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    assert np.array_equal(rows, expected)
    assert np.array_equal(groups, inverse.ravel())


@given(st.sets(st.frozensets(st.sampled_from("abcdef"), max_size=4), max_size=12), st.integers(0, 2**32))
def test_a_polynomial_is_evaluated_as_written(terms: set[frozenset[str]], seed: int) -> None:
    columns = {
        name: np.random.default_rng([seed, ord(name)]).integers(2, size=32).astype(np.uint8) for name in "abcdef"
    }
    one = np.ones(32, dtype=np.uint8)
    products = [reduce(np.bitwise_and, (columns[name] for name in term), one) for term in terms]
    expected = reduce(np.bitwise_xor, products, np.zeros(32, dtype=np.uint8))
    before = {name: column.copy() for name, column in columns.items()}
    assert np.array_equal(Poly(frozenset(terms)).evaluate(columns, 32), expected)
    assert all(np.array_equal(columns[name], before[name]) for name in columns)
