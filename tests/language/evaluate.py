"""Reads programs the slow and plain way: one shot at a time, messages followed one by one."""

from __future__ import annotations

from typing import Any

from qstack.boolean import Poly
from qstack.language.program import Affine, Draw, Gate, Input, Measure, Output, Program, Require, Send, Transmit


def bit(poly: Poly, known: dict[str, Any]) -> int:
    """Value of a polynomial from the values of its sources."""
    total = 0
    for term in poly.terms:
        product = 1
        for atom in term:
            source, _, value = atom.partition("=")
            product &= int(known[source] == (int(value) if value else 1))
        total ^= product
    return total


def integer(value: tuple[Poly, ...], known: dict[str, Any]) -> int:
    """Value of an integer given by indicators; at most one may hold."""
    held = [k for k, poly in enumerate(value, start=1) if bit(poly, known)]
    assert len(held) <= 1, f"{value} has several values at once"
    return held[0] if held else 0


def angle(affine: Affine, known: dict[str, Any]) -> float:
    return affine.constant + sum(
        term.coefficient * bit(term.bit, known) * (known[term.symbol] if term.symbol else 1.0) for term in affine.terms
    )


def follow(program: Program, chance: dict[str, int]) -> dict[str, Any]:
    """Values of all sources and outputs, given those that are drawn, put in or measured.

    Also checks that nobody uses a value before it has it. Gates that fire are listed under `"gates"`.
    """
    known: dict[str, Any] = {}
    where: dict[str, str] = {}
    fired: list[tuple[str, tuple[str, ...], tuple[float, ...]]] = []
    accepted = 1

    def learn(node: str, source: str, value: Any) -> None:
        assert source not in known
        known[source], where[source] = value, node

    def allowed(node: str, sources: frozenset[str]) -> None:
        assert all(where[source] == node for source in sources), (node, sources)

    for op in program.operations:
        match op:
            case Measure():
                learn(op.node, op.bit, chance[op.bit])
            case Draw():
                for each in op.drawn:
                    learn(each.node, each.source, chance[each.source])
            case Input():
                learn(op.node, op.source, chance[op.source])
            case Transmit():
                learn(op.nodes[1], op.arrived, chance.get(op.arrived, 1))
            case Send(value=Affine()):
                allowed(op.nodes[0], op.value.sources)
                learn(op.nodes[1], op.source, angle(op.value, known))
            case Send():
                allowed(op.nodes[0], frozenset().union(*(poly.sources for poly in op.value)))
                learn(op.nodes[1], op.source, integer(op.value, known))
            case Require():
                allowed(op.node, op.bit.sources)
                accepted &= bit(op.bit, known)
            case Gate():
                sources = frozenset().union(*(each.sources for each in op.angles))
                allowed(op.node, sources | (op.when.sources if op.when else frozenset()))
                if op.when is None or bit(op.when, known):
                    fired.append((op.gate, op.qubits, tuple(angle(each, known) for each in op.angles)))
            case _:
                pass
    return {**{out.name: output(out, known) for out in program.outputs}, "gates": fired, "accepted": accepted}


def output(out: Output, known: dict[str, Any]) -> int:
    return integer(out.value, known)
