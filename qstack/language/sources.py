"""Which classical sources an operation makes, where, and which it reads."""

from __future__ import annotations

from qstack.language.program import Affine, Draw, Gate, Input, Measure, Operation, Require, Send, Transmit


def located_sources(op: Operation) -> tuple[tuple[str, str], ...]:
    """The sources that come into being with an operation, each with the node that knows it."""
    match op:
        case Measure():
            return ((op.node, op.bit),)
        case Draw():
            return tuple((drawn.node, drawn.source) for drawn in op.drawn)
        case Input():
            return ((op.node, op.source),)
        case Send():
            return ((op.nodes[1], op.source),)
        case Transmit():
            return ((op.nodes[1], op.arrived),)
        case _:
            return ()


def sources_made(op: Operation) -> tuple[str, ...]:
    """The sources that come into being with an operation."""
    return tuple(source for _, source in located_sources(op))


def sources_read(op: Operation) -> frozenset[str]:
    """The sources an operation depends on."""
    match op:
        case Gate():
            angles = frozenset().union(*(angle.sources for angle in op.angles))
            return angles | op.when.sources if op.when is not None else angles
        case Require():
            return op.bit.sources
        case Send(value=Affine() as angle):
            return angle.sources
        case Send(value=tuple() as bits):
            return frozenset().union(*(bit.sources for bit in bits))
        case _:
            return frozenset()
