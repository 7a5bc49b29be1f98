"""Arithmetic of angles that are affine in bits and received angles, before they become `Affine` models.

A form is `(constant, terms)`; a term is `(coefficient, bit, symbol)` as in `qstack.language.program.Term`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from numbers import Real
from typing import TypeGuard

from qstack.boolean import TRUE, Poly
from qstack.language.errors import AngleError
from qstack.language.program import Affine, Term
from qstack.language.trace import build

Terms = tuple[tuple[float, Poly, str | None], ...]
Form = tuple[float, Terms]

ZERO: Form = (0.0, ())


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a plain real number (a bool is not)."""
    kind = type(value)
    return kind is float or kind is int or (isinstance(value, Real) and kind is not bool)


def form_of(value: object, line: Callable[[], str]) -> Form:
    """The form of a plain number.

    Raises:
        AngleError: it is no finite number.
    """
    if not is_number(value):
        raise AngleError(
            f"{line()}: {value!r} is no angle; give radians, an Angle, or scale a bit or integer to radians: "
            "bit * math.pi"
        )
    if not math.isfinite(value):
        raise AngleError(f"{line()}: an angle must be finite; got {value!r}")
    return float(value), ()


def symbol(source: str) -> Form:
    """An angle that was received as a whole."""
    return 0.0, ((1.0, TRUE, source),)


def plus(a: Form, b: Form) -> Form:
    """The sum; terms on the same bit and symbol are merged."""
    if not a[1] or not b[1]:
        return a[0] + b[0], a[1] or b[1]
    merged: dict[tuple[Poly, str | None], float] = {}
    for coefficient, bit, name in (*a[1], *b[1]):
        merged[bit, name] = merged.get((bit, name), 0.0) + coefficient
    return a[0] + b[0], tuple((factor, bit, name) for (bit, name), factor in merged.items() if factor)


def scaled(a: Form, factor: float) -> Form:
    """The angle times a number."""
    return a[0] * factor, tuple((coefficient * factor, bit, name) for coefficient, bit, name in a[1] if factor)


def masked(a: Form, bit: Poly) -> Form:
    """The angle where `bit` holds, 0 elsewhere."""
    if bit.is_constant:
        return a if bit else ZERO
    constant: Terms = ((a[0], bit, None),) if a[0] else ()
    terms = tuple((coefficient, both, name) for coefficient, old, name in a[1] if (both := old & bit))
    return 0.0, (*constant, *terms)


def negated(a: Form, bit: Poly) -> Form:
    """The angle with its sign turned where `bit` holds: theta - 2 bit theta."""
    return plus(a, scaled(masked(a, bit), -2.0))


def affine(form: Form) -> Affine:
    """The model of a form."""
    if not form[1]:
        return _constant(form[0])
    terms = tuple(build(Term, {"coefficient": c, "bit": bit, "symbol": name}) for c, bit, name in form[1])
    return build(Affine, {"constant": form[0], "terms": terms})


@lru_cache(maxsize=1024)
def _constant(radians: float) -> Affine:
    """Most angles are constants, and few of them differ."""
    return build(Affine, {"constant": radians, "terms": ()})
