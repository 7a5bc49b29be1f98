"""What the link layer refuses, and the checks that refuse it."""

from __future__ import annotations

import math

from qstack.errors import InputError


class LinkError(InputError):
    """A parameter of a link is out of range, or the link can never succeed."""


def need_probability(name: str, value: float, *, positive: bool = False) -> None:
    """Refuse what is no probability.

    Raises:
        LinkError: `value` is outside [0, 1], nan, or 0 where it has to be positive.
    """
    if not 0 <= value <= 1 or (positive and value == 0):
        raise LinkError(f"{name} is {value}; give a probability {'above 0, at most 1' if positive else 'from 0 to 1'}")


def need_amount(name: str, value: float, unit: str, *, positive: bool = False) -> None:
    """Refuse what is no finite amount of 0 or more.

    Raises:
        LinkError: `value` is negative, infinite, nan, or 0 where it has to be positive.
    """
    if not (0 <= value < math.inf) or (positive and value == 0):
        raise LinkError(f"{name} is {value}; give {'more than 0' if positive else '0 or more'} {unit}".rstrip())


def need_count(name: str, value: int) -> None:
    """Refuse less than one.

    Raises:
        LinkError: `value` is below 1.
    """
    if value < 1:
        raise LinkError(f"{name} is {value}; give 1 or more")
