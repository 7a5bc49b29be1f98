"""`repeat` behaves like a loop that stops at the first success."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.language import Bit, Int, Node, protocol, repeat, require
from tests.language.evaluate import follow


class Round(NamedTuple):
    good: Bit
    value: Int


@given(st.integers(1, 4))
def test_the_first_success_counts(at_most: int):
    @protocol
    def loop(a: Node, b: Node) -> dict[str, Any]:
        target = a.qubit()

        def body() -> Round:
            good, value = a.draw("good"), a.draw("value", values=3)
            target.x(when=value == 1)
            target.z()
            return Round(good, value)

        (good, value), succeeded = repeat(body, until=lambda r: r.good, at_most=at_most)
        assert isinstance(value, Int) and value.values == 3
        return {"good": good, "value": value, "succeeded": succeeded, "m": target.measure()}

    program = loop.trace()
    for row in itertools.product(range(6), repeat=at_most):
        chance = {"m0": 0}
        wanted, ran = (0, 0), []
        for k, number in enumerate(row):
            chance[f"d{2 * k}"], chance[f"d{2 * k + 1}"] = number % 2, number // 2
        for number in row:
            ran += [["x", "z"], ["z"]][number // 2 != 1]
            if number % 2:
                wanted = (1, number // 2)
                break
        got = follow(program, chance)
        assert (got["good"], got["value"]) == wanted
        assert got["succeeded"] == wanted[0]
        assert [gate for gate, _, _ in got["gates"]] == ran


def test_shapes_of_results():
    @protocol
    def shaped(a: Node) -> dict[str, Any]:
        found, ok = repeat(lambda: {"x": [a.draw("x"), (a.draw("y"),)]}, until=lambda r: r["x"][0], at_most=2)
        assert isinstance(found["x"][1], tuple)
        single, _ = repeat(lambda: a.draw("z"), until=lambda z: z, at_most=1)
        nothing, _ = repeat(lambda: None, until=lambda _: a.draw("w"), at_most=1)
        assert nothing is None
        return {"x": found["x"], "ok": ok, "single": single}

    got = follow(shaped.trace(), {"d0": 0, "d1": 1, "d2": 1, "d3": 0, "d4": 1, "d5": 0})
    assert (got["x[0]"], got["x[1][0]"], got["ok"], got["single"]) == (1, 0, 1, 1)


def test_requirements_bind_running_rounds_only():
    @protocol
    def strict(a: Node) -> dict[str, Any]:
        def body() -> Bit:
            require(a.draw("needed"))
            return a.draw("good")

        return {"ok": repeat(body, until=lambda good: good, at_most=2)[1]}

    program = strict.trace()
    for needed, good, later, last in itertools.product(range(2), repeat=4):
        got = follow(program, {"d0": needed, "d1": good, "d2": later, "d3": last})
        assert got["accepted"] == (needed and (good or later))


def test_success_that_was_sent_reaches_the_other_node():
    @protocol
    def far(a: Node, b: Node) -> dict[str, Any]:
        q = b.qubit()

        def body() -> Bit:
            told = a.draw("good").send(b)
            q.x()
            return told

        good, _ = repeat(body, until=lambda told: told, at_most=3)
        return {"good": good, "q": q.measure()}

    program = far.trace()
    for row in itertools.product(range(2), repeat=3):
        got = follow(program, {"d0": row[0], "d1": row[1], "d2": row[2], "m0": 0})
        assert len(got["gates"]) == (row.index(1) + 1 if 1 in row else 3)


def test_nested_repeats():
    @protocol
    def nested(a: Node) -> dict[str, Any]:
        q = a.qubit()

        def inner() -> Bit:
            q.x()
            return a.draw("inner")

        def outer() -> Bit:
            q.z()
            repeat(inner, until=lambda good: good, at_most=2)
            return a.draw("outer")

        return {"ok": repeat(outer, until=lambda good: good, at_most=2)[1], "m": q.measure()}

    program = nested.trace()
    for row in itertools.product(range(2), repeat=6):
        chance = {f"d{k}": value for k, value in enumerate(row)} | {"m0": 0}
        wanted: list[str] = []
        for start in (0, 3):
            wanted += ["z", "x"] if row[start] else ["z", "x", "x"]
            if row[start + 2]:
                break
        assert [gate for gate, _, _ in follow(program, chance)["gates"]] == wanted


def test_an_error_in_the_body_leaves_the_trace_as_it_was():
    @protocol
    def careful(a: Node) -> dict[str, Any]:
        q = a.qubit()
        with pytest.raises(ZeroDivisionError):
            repeat(lambda: 1 / 0, until=lambda _: a.draw("d"), at_most=2)
        return {"m": q.measure()}

    assert len(careful.trace().outputs) == 1
