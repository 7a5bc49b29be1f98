"""Traced values compute what plain Python computes on plain numbers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.language import Bit, Int, Node, protocol, select
from tests.language.evaluate import follow

LEAVES = {"d0": 2, "d1": 3, "d2": 2}


def bits(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["^", "&", "|"]), inner, inner), st.tuples(st.just("~"), inner)
        ),
        max_leaves=6,
    )


EXPRESSIONS = bits(st.sampled_from(["d0", "d2", "d1==0", "d1==1", "d1==2", "d1!=1", "d1==d0", "1"]))


def compute(expression: Any, leaf: Any) -> Any:
    """Fold an expression; works on traced bits and on plain 0 and 1."""
    if isinstance(expression, str):
        return leaf(expression)
    operator, *parts = expression
    values = [compute(part, leaf) for part in parts]
    if operator == "~":
        return 1 - values[0] if isinstance(values[0], int) else ~values[0]
    return {"^": lambda a, b: a ^ b, "&": lambda a, b: a & b, "|": lambda a, b: a | b}[operator](*values)


@given(EXPRESSIONS)
def test_logic_follows_the_truth_table(expression: Any):
    @protocol
    def logic(a: Node) -> dict[str, Any]:
        d0, d1, d2 = (a.draw(name, values=size) for name, size in LEAVES.items())
        traced = {
            "d0": d0,
            "d2": d2,
            "d1==0": d1 == 0,
            "d1==1": d1 == 1,
            "d1==2": d1 == 2,
            "d1!=1": d1 != 1,
            "d1==d0": d1 == d0,
            "1": d0 | ~d0,
        }
        return {"out": compute(expression, traced.get)}

    program = logic.trace()
    for row in itertools.product(*(range(size) for size in LEAVES.values())):
        chance = dict(zip(LEAVES, row, strict=True))
        plain = {"1": 1, **chance} | {f"d1=={v}": int(chance["d1"] == v) for v in range(3)}
        plain |= {"d1!=1": int(chance["d1"] != 1), "d1==d0": int(chance["d1"] == chance["d0"])}
        assert follow(program, chance)["out"] == compute(expression, plain.__getitem__)


@given(st.lists(st.integers(0, 6), min_size=3, max_size=3), st.lists(st.integers(0, 4), min_size=2, max_size=2))
def test_select_picks_the_option(numbers: list[int], inner: list[int]):
    @protocol
    def pick(a: Node) -> dict[str, Any]:
        d0, d1, _ = (a.draw(name, values=size) for name, size in LEAVES.items())
        nested = select(d0, inner)
        return {"plain": select(d1, numbers), "nested": d1.select([nested, numbers[1], d1])}

    program = pick.trace()
    for d0, d1 in itertools.product(range(2), range(3)):
        got = follow(program, {"d0": d0, "d1": d1, "d2": 0})
        assert got["plain"] == numbers[d1]
        assert got["nested"] == [inner[d0], numbers[1], d1][d1]


def test_bools_and_numpy_integers_are_options():
    import numpy as np

    @protocol
    def pick(a: Node) -> dict[str, Any]:
        d = a.draw("d")
        return {"b": d.select([True, False]), "n": d.select(list(np.array([3, 5])))}

    assert [follow(pick.trace(), {"d0": d}) for d in range(2)] == [
        {"b": 1, "n": 3, "gates": [], "accepted": 1},
        {"b": 0, "n": 5, "gates": [], "accepted": 1},
    ]


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9))
def test_angles_follow_plain_arithmetic(p: float, q: float, r: float):
    @protocol
    def turn(a: Node, b: Node) -> dict[str, Any]:
        d0, d1, d2 = (a.draw(name, values=size) for name, size in LEAVES.items())
        base = d1 * p + d0.select([q, r])
        made = (2 * base - 1.0) / 4 + (r - d2 * q)
        turned = made.negate(when=d0 ^ d2)
        far = turned.send(b)
        qubit = a.qubit()
        qubit.rx(made).rx(turned).rx(d0.select([made, 0.5]))
        other = b.qubit()
        other.rx(far.negate(when=d0.send(b)) + 1.0).rx(-far)
        return {"m": qubit.measure(), "n": other.measure()}

    program = turn.trace()
    for d0, d1, d2 in itertools.product(range(2), range(3), range(2)):
        gates = follow(program, {"d0": d0, "d1": d1, "d2": d2, "m0": 0, "m1": 0})["gates"]
        made = (2 * (d1 * p + (r if d0 else q)) - 1.0) / 4 + (r - d2 * q)
        turned = -made if d0 != d2 else made
        wanted = [made, turned, 0.5 if d0 else made, (-turned if d0 else turned) + 1.0, -turned]
        assert [angles[0] for _, _, angles in gates] == pytest.approx(wanted, abs=1e-9)


def test_bits_compare_with_bools_and_zero_and_one():
    @protocol
    def compared(a: Node) -> dict[str, Any]:
        d = a.draw("d")
        return {"one": d == 1, "true": d == True, "false": d == False, "not": d != 1, "or": d | 1, "and": 1 & d}  # noqa: E712

    for value in range(2):
        got = follow(compared.trace(), {"d0": value})
        assert [got[name] for name in ("one", "true", "false", "not", "or", "and")] == [
            value,
            value,
            1 - value,
            1 - value,
            1,
            value,
        ]


def test_a_received_angle_hides_its_bits():
    @protocol
    def blind(a: Node, b: Node) -> dict[str, Any]:
        theta = a.draw("theta", values=8) * (math.pi / 4)
        return {"m": b.qubit("+").rz(theta.send(b)).measure("X")}

    gate = blind.trace().operations[3]
    assert gate.angles[0].sources == {"s0"}


def test_where_values_are_known():
    @protocol
    def known(a: Node, b: Node) -> dict[str, Any]:
        d = a.draw("d", values=3)
        assert (d.node, d.known_at) == ("a", ("a",))
        sent = d.send(b)
        assert (sent.node, sent.known_at) == ("b", ("b", "a"))
        assert isinstance(sent, Int) and sent.values == 3
        assert (sent == d).known_at == ("a",)
        assert (sent == 1).known_at == ("b", "a")
        assert (d == 7).known_at == ("a",)
        assert isinstance(sent.select([0, 1, 1]), Bit)
        assert repr(d == 2) == "<Bit d0=2 at a>" and str(d) == "d0"
        return {"never": d == 7}

    assert follow(known.trace(), {"d0": 1})["never"] == 0
