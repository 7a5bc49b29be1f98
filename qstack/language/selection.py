"""Choosing between values by a traced bit or integer."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from qstack.boolean import FALSE, Poly
from qstack.language.angles import ZERO, Form, form_of, is_number, masked, plus
from qstack.language.errors import ArgumentError, LocalityError, ValuesError
from qstack.language.program import MAX_VALUES
from qstack.language.trace import here
from qstack.language.values import Angle, Int, Value, indicator, located


def select(chooser: Int, options: Iterable[Any]) -> Any:
    """The option at the position that `chooser` has: a `Bit`, an `Int`, or an `Angle` if any option is one or a float.

    Args:
        chooser: a bit or an integer.
        options: one per value of the chooser: bits, integers, angles, or plain numbers.

    Raises:
        ValuesError: there are more or fewer options than values.
        ArgumentError: an option is of another kind.
    """
    if not isinstance(chooser, Int):
        raise ArgumentError(f"{here()}: select takes a traced bit or integer as its chooser; got {chooser!r}")
    chosen = [int(option) if isinstance(option, Integral) else option for option in options]
    if len(chosen) != chooser.values:
        raise ValuesError(f"{here()}: {chooser} has {chooser.values} values and select was given {len(chosen)} options")
    for option in chosen:
        if not isinstance(option, Int | Angle) and not is_number(option):
            raise ArgumentError(f"{here()}: select chooses between bits, integers, angles and numbers; got {option!r}")
    if any(isinstance(option, Angle) or not isinstance(option, Int | int) for option in chosen):
        return _select_angle(chooser, chosen)
    return _select_int(chooser, chosen)


def _common(chooser: Int, options: Iterable[Any]) -> list[str]:
    """Nodes that know the chooser and every option."""
    names = list(chooser._forms)
    for option in options:
        if isinstance(option, Value):
            chooser._join(option, lambda form, _: form)
            names = [name for name in names if name in option._forms]
    if not names:
        raise LocalityError(
            f"{here()}: no node knows {chooser} and all the options to select from; send them to one node"
        )
    return names


def _select_int(chooser: Int, options: list[Int | int]) -> Int:
    values = max(2, *(option.values if isinstance(option, Int) else option + 1 for option in options))
    if values > MAX_VALUES or any(not isinstance(option, Int) and option < 0 for option in options):
        raise ValuesError(f"{here()}: integers go from 0 to {MAX_VALUES - 1}; write floats such as -1.0 for angles")

    def form(name: str, value: int) -> Poly:
        picked = chooser._forms[name]
        total = FALSE
        for position, option in enumerate(options):
            if isinstance(option, Int):
                total ^= indicator(picked, position) & indicator(option._forms[name], value)
            elif option == value:
                total ^= indicator(picked, position)
        return total

    forms = {name: tuple(form(name, value) for value in range(1, values)) for name in _common(chooser, options)}
    return located(chooser._trace, forms, values)


def _select_angle(chooser: Int, options: list[Any]) -> Angle:
    def form(name: str) -> Form:
        total = ZERO
        for position, option in enumerate(options):
            piece = option._forms[name] if isinstance(option, Angle) else form_of(option, here)
            total = plus(total, masked(piece, indicator(chooser._forms[name], position)))
        return total

    if any(isinstance(option, Int) for option in options):
        raise ArgumentError(
            f"{here()}: select cannot mix integers and angles; scale the integer to radians: bit * math.pi"
        )
    return Angle(chooser._trace, {name: form(name) for name in _common(chooser, options)})
