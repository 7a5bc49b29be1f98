"""What a protocol may return, and what does not outlive its trace."""

from __future__ import annotations

import pytest

from qstack.language import (
    Bit,
    DuplicateNameError,
    Node,
    OutputError,
    Qubit,
    TraceError,
    entangle,
    protocol,
    repeat,
    require,
)


@pytest.mark.parametrize(
    ("returned", "error", "needle"),
    [
        (lambda a: None, OutputError, "named results"),
        (lambda a: a.draw("d"), OutputError, "named results"),
        (lambda a: {"q": a.qubit()}, OutputError, "measure it first"),
        (lambda a: {"x": a.draw("d") * 1.0}, OutputError, "an angle"),
        (lambda a: {"x": 1}, OutputError, "bits, integers or lists"),
        (lambda a: {1: a.draw("d")}, OutputError, "names are texts"),
        (lambda a: {"x": [a.draw("d")], "x[0]": a.draw("e")}, DuplicateNameError, "x\\[0\\]"),
    ],
)
def test_outputs_that_are_none(returned, error, needle):
    @protocol
    def out(a: Node):
        return returned(a)

    with pytest.raises(error, match=needle):
        out.trace()


def test_what_outlives_its_trace():
    kept: list[object] = []

    @protocol
    def leak(a: Node) -> dict[str, Bit]:
        kept.extend([a, a.qubit(), a.draw("d")])
        return {}

    leak.trace()
    node, qubit, drawn = kept
    assert isinstance(node, Node) and isinstance(qubit, Qubit) and isinstance(drawn, Bit)
    for use in (node.qubit, qubit.h, lambda: require(drawn), lambda: entangle(node, node)):
        with pytest.raises(TraceError):
            use()
    with pytest.raises(TraceError, match="inside a function decorated"):
        repeat(lambda: drawn, until=lambda d: d, at_most=1)


def test_a_failed_trace_leaves_nothing_behind():
    @protocol
    def broken(a: Node):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken.trace()
    with pytest.raises(TraceError):
        repeat(lambda: None, until=lambda d: d, at_most=1)
