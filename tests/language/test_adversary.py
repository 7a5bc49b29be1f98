"""Dishonest roles rewrite their own half, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from qstack.boolean import TRUE, Poly
from qstack.errors import InputError
from qstack.language import (
    Abort,
    Desk,
    Equivocate,
    FlipReports,
    Node,
    Program,
    RandomReports,
    Silent,
    Strategy,
    StrategyError,
    WrongBasis,
    corrupt,
    entangle,
    protocol,
    require,
)
from qstack.language import program as ir
from tests.language.evaluate import follow


@protocol
def told(alice: Node, bob: Node, carol: Node) -> dict[str, Any]:
    """Alice measures, draws and tells both others."""
    a, b = entangle(alice, bob)
    m = a.measure("X")
    d = alice.draw("d", values=3)
    bit, number = m.send(bob, carol), d.send(bob, carol)
    angle = (d * 0.5).send(bob)
    b.rx(angle)
    require(bit.at(bob) | True)
    return {"m": m, "d": d, "bit": bit, "bit_c": bit.at(carol), "number": number, "number_c": number.at(carol)}


def outcomes(program: Program, **chance: int) -> dict[str, Any]:
    return follow(program, {"m0": 0, "d0": 0, "e0": 0, "e1": 0, **chance})


def test_flipped_reports():
    liar = corrupt(told.trace(), {"alice": FlipReports()})
    for m, d in itertools.product(range(2), range(3)):
        got = outcomes(liar, m0=m, d0=d)
        assert (got["m"], got["d"]) == (1 - m, (d + 1) % 3)
        assert (got["bit"], got["number"]) == (m, d)


def test_reports_flipped_now_and_then():
    program = told.trace()
    liar = corrupt(program, {"alice": FlipReports(0.25)})
    draws = [op for op in liar.operations if isinstance(op, ir.Draw) and op.drawn[0].source.startswith("e")]
    assert [op.table for op in draws] == [(0.75, 0.25)] * 2
    for e0, e1 in itertools.product(range(2), repeat=2):
        got = outcomes(liar, m0=1, d0=2, e0=e0, e1=e1)
        assert (got["m"], got["d"]) == (1 - e0, (2 + e1) % 3)
    unmoved = corrupt(program, {"alice": FlipReports(0)})
    assert unmoved == program


def test_random_reports():
    liar = corrupt(told.trace(), {"alice": RandomReports()})
    got = outcomes(liar, m0=1, d0=2, e0=0, e1=1)
    assert (got["m"], got["d"]) == (0, 1)
    assert [op.drawn[0].values for op in liar.operations[-2:] if isinstance(op, ir.Draw)] == [2, 3]


def test_lies_about_some_results_only():
    flipped = outcomes(corrupt(told.trace(), {"alice": FlipReports(names=("d",))}), m0=1, d0=0)
    assert (flipped["m"], flipped["d"]) == (1, 1)
    invented = outcomes(corrupt(told.trace(), {"alice": RandomReports(names=("m",))}), m0=1, d0=2, e0=0)
    assert (invented["m"], invented["d"]) == (0, 2)


def test_silence_reads_as_zero():
    got = outcomes(corrupt(told.trace(), {"alice": Silent()}), m0=1, d0=2)
    assert [got[name] for name in ("bit", "bit_c", "number", "number_c", "m", "d")] == [0, 0, 0, 0, 1, 2]
    assert got["gates"] == [("rx", ("q1",), (0.0,))]


def test_equivocation_tells_some_the_opposite():
    program = told.trace()
    got = outcomes(corrupt(program, {"alice": Equivocate()}), m0=1, d0=2)
    assert [got[name] for name in ("bit", "bit_c", "number", "number_c")] == [1, 0, 2, 0]
    got = outcomes(corrupt(program, {"alice": Equivocate(to=("bob",))}), m0=1, d0=2)
    assert [got[name] for name in ("bit", "bit_c", "number", "number_c")] == [0, 1, 0, 2]
    assert got["gates"][0][2][0] == pytest.approx(1 + 3.141592653589793)


def test_wrong_bases_and_refusals():
    program = told.trace()
    turned = corrupt(program, {"alice": WrongBasis()})
    assert [op.gate for op in turned.operations if isinstance(op, ir.Gate) and op.node == "alice"] == ["h"]
    sometimes = corrupt(program, {"alice": WrongBasis(0.5)})
    assert [str(op.when) for op in sometimes.operations if isinstance(op, ir.Gate) and op.node == "alice"] == ["e0"]
    assert outcomes(corrupt(program, {"carol": Abort()}))["accepted"] == 0
    for e0 in range(2):
        assert outcomes(corrupt(program, {"carol": Abort(0.5)}), e0=e0)["accepted"] == 1 - e0


def test_two_liars_draw_apart():
    both = corrupt(told.trace(), {"alice": FlipReports(0.5), "bob": FlipReports(0.5)})
    sources = [op.drawn[0].source for op in both.operations if isinstance(op, ir.Draw)]
    assert len(sources) == len(set(sources)) == 5


class _Elsewhere(Strategy):
    def operation(self, op: ir.Operation, desk: Desk) -> Sequence[ir.Operation]:
        return (op, ir.Gate(node="bob", gate="x", qubits=("q1",))) if isinstance(op, ir.Measure) else (op,)


class _Steals(Strategy):
    def operation(self, op: ir.Operation, desk: Desk) -> Sequence[ir.Operation]:
        return (op, ir.Gate(node="alice", gate="x", qubits=("q1",))) if isinstance(op, ir.Measure) else (op,)


class _ReadsMinds(Strategy):
    def report(self, output: ir.Output, desk: Desk) -> tuple[Poly, ...]:
        return (Poly.atom("s0"),) if output.name == "m" else output.value


class _Forgets(Strategy):
    def operation(self, op: ir.Operation, desk: Desk) -> Sequence[ir.Operation]:
        return () if isinstance(op, ir.Measure) else (op,)


class _WrongShape(Strategy):
    def message(self, send: ir.Send, desk: Desk) -> Any:
        return (TRUE, TRUE, TRUE)


@pytest.mark.parametrize(
    ("strategy", "needle"),
    [
        (_Elsewhere(), "gate at bob; it can only act at alice"),
        (_Steals(), "gate on q1, which alice does not have"),
        (_ReadsMinds(), "report of m uses s0, which alice does not know"),
        (_Forgets(), "leaves out measure .*, whose result m0 is used"),
        (_WrongShape(), "message to bob has another kind or number of values"),
    ],
)
def test_strategies_stay_in_their_half(strategy: Strategy, needle: str):
    with pytest.raises(StrategyError, match=needle):
        corrupt(told.trace(), {"alice": strategy})


def test_strategies_for_nobody_and_impossible_ones():
    with pytest.raises(StrategyError, match=r"no role 'eve'.*alice, bob, carol"):
        corrupt(told.trace(), {"eve": Silent()})
    for make in (FlipReports, WrongBasis, Abort):
        with pytest.raises(InputError, match="from 0 to 1"):
            make(1.5)


def test_an_honest_strategy_changes_nothing():
    program = told.trace()
    assert corrupt(program, {"alice": Strategy(), "bob": Strategy()}) == program


def test_a_strategy_of_ones_own():
    """A cheat that prepares a qubit of its own, reports what it measured on it, and drops requirements."""

    class Cheat(Strategy):
        def operation(self, op: ir.Operation, desk: Desk) -> Sequence[ir.Operation]:
            if isinstance(op, ir.Require):
                return ()
            if not isinstance(op, ir.Measure):
                return (op,)
            own = ir.Prepare(node=desk.role, qubit="own", state="+")
            return (own, op.model_copy(update={"qubit": "own"}), ir.Discard(node=desk.role, qubit=op.qubit))

    program = corrupt(told.trace(), {"alice": Cheat()})
    assert [op.op for op in program.operations[:4]] == ["entangle", "prepare", "measure", "discard"]
    assert any(isinstance(op, ir.Require) for op in program.operations)
    assert not any(isinstance(op, ir.Require) for op in corrupt(told.trace(), {"bob": Cheat()}).operations)
