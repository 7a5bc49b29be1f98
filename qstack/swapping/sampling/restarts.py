"""Tries that are repeated until they work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qstack.swapping.plan import Plan, PlanError
from qstack.swapping.sampling.pairs import Floats, Pairs, one_after_the_other

HOPELESS = 1_000_000
"""A task that works less than once in so many tries is refused."""


class Tries(NamedTuple):
    """Independent tries.

    Attributes:
        time_s: how long each took until all could begin again, or the pair was ready, shape (n,).
        worked: whether it did, shape (n,).
        made: the pairs of the tries at the given places, which worked; their times are those of `time_s`.
    """

    time_s: Floats
    worked: NDArray[np.bool_]
    made: Callable[[NDArray[np.intp]], Pairs]


def refuse_hopeless(task: Plan, found: int, tried: int) -> None:
    """Refuse a task that worked less than once in a million tries.

    Raises:
        PlanError: it did.
    """
    if tried > HOPELESS * (found + 1):
        raise PlanError(
            f"{task}, nodes {task.first} to {task.last}: worked {found} times in {tried:,} tries; "
            "give its cutoff more time, or let its parts or its measurements succeed more often"
        )


def until_success(attempt: Callable[[int], Tries], n: int, largest: int, chance: float, task: Plan) -> Pairs:
    """Repeat tries until n have worked; the time of each takes in that of the failures before it.

    The tries form one stream that is cut after each success, so few large blocks serve all n at once.

    Args:
        attempt: makes so many tries.
        n: pairs wanted.
        largest: most tries at a time; bounds memory, and the time to notice a cancellation.
        chance: a guess of the chance of success, for the size of the first block.
        task: named in the error.

    Raises:
        PlanError: it works hardly ever.
    """
    blocks: list[Pairs] = []
    found = tried = 0
    spent = 0.0
    while found < n:
        refuse_hopeless(task, found, tried)
        tries = attempt(min(largest, int(1.1 * (n - found) / chance) + 16))
        last = np.flatnonzero(tries.worked)[: n - found]
        tried += tries.worked.size
        if last.size == 0:
            spent += float(tries.time_s.sum())
        else:
            first = np.concatenate([[0], last[:-1] + 1])
            time_s = np.add.reduceat(tries.time_s[: last[-1] + 1], first)
            time_s[0] += spent
            spent = float(tries.time_s[last[-1] + 1 :].sum())
            made = tries.made(last)
            blocks.append(Pairs(time_s[None], made.noise, made.fading))
            found += last.size
        chance = (found + 1) / (tried + 2)
    return one_after_the_other(blocks)
