"""Control flow of traced programs: requirements and bounded repetition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, TypeVar

from qstack.boolean import FALSE, Poly
from qstack.language.errors import ConditionError, LocalityError, RepeatError, TraceError
from qstack.language.program import Require
from qstack.language.trace import Scope, Trace, build, here, need_trace
from qstack.language.values import Bit, Indicators, Int, located

T = TypeVar("T")

MAX_TERMS = 4096
"""How many products the condition "no round succeeded yet" may grow to."""


def require(bit: Bit) -> None:
    """Keep only the shots in which `bit` is true.

    Inside a repeated body this holds for the rounds that are still running.

    Raises:
        ConditionError: it is no bit.
    """
    if not isinstance(bit, Bit):
        raise ConditionError(f"{here()}: require takes a bit; got {bit!r} (compare an integer: d == 2)")
    trace = bit._trace
    if trace.closed:
        raise TraceError(f"{here()}: require({bit}) is outside the trace that the bit belongs to")
    for scope in trace.scope.chain:
        if scope.done is not None:
            bit = bit | scope.done
    node = bit.node
    trace.operations.append(build(Require, {"line": here(), "op": "require", "node": node, "bit": bit._forms[node][0]}))


def repeat(body: Callable[[], T], *, until: Callable[[T], Bit], at_most: int) -> tuple[T, Bit]:
    """Try up to `at_most` times, and take the first round that succeeds.

    The program is unrolled: every round is written down, and rounds after the first success change nothing outside
    themselves: gates on qubits made outside the body act only while no round has succeeded.

    Args:
        body: one round; returns bits or integers, alone or in a dict, list, tuple or named tuple.
        until: says from a round's result whether it succeeded.
        at_most: how many rounds.

    Returns:
        The result of the first round that succeeded (zeros if none did), and whether any did.

    Raises:
        RepeatError: the body returns something else or consumes a qubit from outside, or there are too many rounds.
        LocalityError: no node knows a result and whether its round succeeded.
    """
    trace = need_trace("repeat")
    if isinstance(at_most, bool) or not isinstance(at_most, int) or at_most < 1:
        raise RepeatError(f"{here()}: repeat has at_most={at_most!r}; give a whole number of rounds from 1 up")
    outer, done = trace.scope, None
    results: list[T] = []
    firsts: list[Bit] = []
    try:
        for _ in range(at_most):
            trace.scope = Scope(outer, done)
            results.append(body())
            success = until(results[-1])
            if not isinstance(success, Bit):
                raise ConditionError(f"{here()}: `until` of a repeat returns a bit; got {success!r}")
            firsts.append(success if done is None else success & ~done)
            done = success if done is None else done | success
            if max(len(form[0].terms) for form in done._forms.values()) > MAX_TERMS:
                raise RepeatError(
                    f"{here()}: after {len(results)} of {at_most} rounds the condition has more than {MAX_TERMS} "
                    "products; lower at_most, or run rounds in a conversation"
                )
    finally:
        trace.scope = outer
    assert done is not None
    return _merged(trace, results, firsts), done


def _merged(trace: Trace, results: list[Any], firsts: list[Bit]) -> Any:
    """Leaf by leaf, the value of the first round that succeeded."""
    head = results[0]
    if isinstance(head, Int):
        if not all(isinstance(each, Int) and each.values == head.values for each in results):
            raise RepeatError(f"{here()}: the rounds of a repeat return different kinds of values: {results!r}")
        return _first(trace, results, firsts)
    if head is None:
        return None
    if isinstance(head, Mapping) and all(isinstance(each, Mapping) and list(each) == list(head) for each in results):
        return {name: _merged(trace, [each[name] for each in results], firsts) for name in head}
    if isinstance(head, list | tuple) and all(type(each) is type(head) and len(each) == len(head) for each in results):
        parts = [_merged(trace, list(column), firsts) for column in zip(*results, strict=True)]
        return type(head)(*parts) if hasattr(head, "_fields") else type(head)(parts)
    raise RepeatError(
        f"{here()}: the body of a repeat returns bits or integers, alone or in a dict, list or tuple, alike in every "
        f"round; got {head!r}. Qubits stay inside: measure them, or make them outside"
    )


def _first(trace: Trace, rounds: list[Int], firsts: list[Bit]) -> Int:
    names = [name for name in rounds[0]._forms if all(name in each._forms for each in (*rounds, *firsts))]
    if not names:
        raise LocalityError(
            f"{here()}: no node knows the result {rounds[0]} of every round (known at {', '.join(rounds[0].known_at)}) "
            f"and which round succeeded first (known at {', '.join(firsts[-1].known_at)}); send one where the other is"
        )

    def pick(name: str) -> Indicators:
        size = rounds[0].values - 1
        pieces = [
            [form & first._forms[name][0] for form in each._forms[name]]
            for each, first in zip(rounds, firsts, strict=True)
        ]
        return tuple(reduce(Poly.__xor__, (piece[value] for piece in pieces), FALSE) for value in range(size))

    return located(trace, {name: pick(name) for name in names}, rounds[0].values)
