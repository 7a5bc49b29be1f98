"""Polynomials over GF(2) compute what truth tables say, in one canonical form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.boolean import FALSE, TRUE, BooleanSyntaxError, Poly

SIZES = {"m0": 2, "m1": 2, "d0": 4}
ROWS = np.array(list(itertools.product(*(range(size) for size in SIZES.values()))))
COLUMNS = {name: ROWS[:, k] for k, name in enumerate(SIZES)}
ATOMS = {"m0": COLUMNS["m0"] == 1, "m1": COLUMNS["m1"] == 1} | {f"d0={v}": COLUMNS["d0"] == v for v in (1, 2, 3)}

EXPRESSIONS = st.recursive(
    st.sampled_from([*ATOMS, "0", "1"]),
    lambda inner: st.one_of(st.tuples(st.sampled_from("^&"), inner, inner), st.tuples(st.just("~"), inner)),
    max_leaves=10,
)


def poly(expression) -> Poly:
    if isinstance(expression, str):
        return Poly.parse(expression)
    if expression[0] == "~":
        return ~poly(expression[1])
    left, right = map(poly, expression[1:])
    return left ^ right if expression[0] == "^" else left & right


def table(expression) -> np.ndarray:
    if isinstance(expression, str):
        return ATOMS.get(expression, np.full(len(ROWS), expression == "1"))
    if expression[0] == "~":
        return ~table(expression[1])
    left, right = map(table, expression[1:])
    return left ^ right if expression[0] == "^" else left & right


@given(EXPRESSIONS)
def test_evaluation_is_the_truth_table(expression):
    assert (poly(expression).evaluate(COLUMNS, len(ROWS)) == table(expression)).all()


@given(EXPRESSIONS, EXPRESSIONS)
def test_equal_functions_are_equal_objects(first, second):
    same = bool((table(first) == table(second)).all())
    assert (poly(first) == poly(second)) is same
    assert same <= (hash(poly(first)) == hash(poly(second)))


@given(EXPRESSIONS)
def test_text_comes_back(expression):
    assert Poly.parse(str(poly(expression))) == poly(expression)


@given(EXPRESSIONS, EXPRESSIONS)
def test_substitution_puts_a_function_in_place(outer, inner):
    replaced = poly(outer).substitute({"m0": poly(inner)}.get)
    columns = {**COLUMNS, "m0": table(inner).astype(np.uint8)}
    assert (replaced.evaluate(COLUMNS, len(ROWS)) == poly(outer).evaluate(columns, len(ROWS))).all()


@given(EXPRESSIONS)
def test_constants_are_known(expression):
    value = poly(expression)
    assert value.is_constant == (len(set(table(expression))) == 1)
    assert bool(value) == bool(table(expression).any())
    assert value.sources == {atom.partition("=")[0] for atom in value.atoms} <= set(SIZES)


def test_two_values_at_once_never_hold():
    assert Poly.parse("d0=1&d0=2") == FALSE
    assert Poly.parse("d0=1&d0=1&m0") == Poly.atom("d0=1") & Poly.atom("m0")
    assert Poly.parse("1 ^ 1") == FALSE
    assert Poly.parse(" m0 ^ 1 ") == Poly.atom("m0") ^ TRUE


@pytest.mark.parametrize("text", ["", "m0 ^", "2", "m0|m1", "d0=0", "d0=", "-m0", "m0 m1"])
def test_what_is_no_polynomial(text):
    with pytest.raises(BooleanSyntaxError, match="no Boolean polynomial"):
        Poly.parse(text)
