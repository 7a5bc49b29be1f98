"""Properties of whatever can be written: programs travel, halves cover, liars change their own half only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.language import (
    Abort,
    Equivocate,
    FlipReports,
    Half,
    Program,
    RandomReports,
    Silent,
    WrongBasis,
    corrupt,
    half,
    to_mermaid,
    to_text,
)
from qstack.language import program as ir
from qstack.language.program import nodes_of, qubits_of
from qstack.language.sources import located_sources, sources_read
from tests.language.evaluate import follow
from tests.language.writers import programs

STRATEGIES = [
    FlipReports(),
    FlipReports(0.5),
    RandomReports(),
    WrongBasis(),
    WrongBasis(0.25),
    Equivocate(),
    Equivocate(to=("bob",)),
    Silent(),
    Abort(),
    Abort(0.5),
]


@given(programs())
def test_programs_survive_json(program: Program):
    again = Program.from_json(program.to_json())
    assert again == program
    assert again.to_json() == program.to_json()


@given(programs())
def test_every_use_is_local(program: Program):
    """Each node uses only qubits it has and values that came to it, judged from the operations alone."""
    place: dict[str, str] = {}
    known: dict[str, str] = {}
    for op in program.operations:
        node = nodes_of(op)[0]
        for source in sources_read(op):
            assert known[source] == node
        match op:
            case ir.Prepare():
                place[op.qubit] = op.node
            case ir.Entangle():
                place.update(zip(op.qubits, op.nodes, strict=True))
            case _:
                assert all(place[qubit] == node for qubit in qubits_of(op))
        match op:
            case ir.Measure() | ir.Discard():
                del place[op.qubit]
            case ir.Transmit():
                place[op.qubit] = op.nodes[1]
            case _:
                pass
        known.update((source, node) for node, source in located_sources(op))
    for output in program.outputs:
        assert all(known[source] == output.node for poly in output.value for source in poly.sources)


@given(programs(), st.integers(0, 2**32 - 1))
def test_what_was_sent_is_what_is_received(program: Program, seed: int):
    """Inlining messages changes no value, whatever is drawn and measured."""
    sizes = {d.source: d.values for op in program.operations if isinstance(op, ir.Draw) for d in op.drawn}
    sizes |= {op.source: op.values for op in program.operations if isinstance(op, ir.Input)}
    rng = np.random.default_rng(seed)
    sources = [source for op in program.operations for _, source in located_sources(op)]
    chance = {source: int(rng.integers(sizes.get(source, 2))) for source in sources}
    apart = follow(program, chance)
    together = ir.inline_messages(program)
    known = {source: chance[source] for source in chance}
    for output in together.outputs:
        values = [int(poly.evaluate({k: np.array([v]) for k, v in known.items()}, 1)[0]) for poly in output.value]
        assert sum(k * v for k, v in enumerate(values, start=1)) == apart[output.name]


@given(programs())
def test_halves_together_cover_the_program(program: Program):
    halves = {role: half(program, role) for role in program.roles}
    covered: set[int] = set()
    for role, part in halves.items():
        assert Half.model_validate_json(part.model_dump_json()) == part
        involved = [op for op in program.operations if role in nodes_of(op)]
        covered |= {id(op) for op in involved}
        assert [op.line for op in part.operations] == [op.line for op in involved]
        for seen, op in zip(part.operations, involved, strict=True):
            if isinstance(op, ir.Send) and op.nodes[1] == role:
                assert seen.op == "receive" and (seen.nodes, seen.source) == (op.nodes, op.source)
            elif isinstance(op, ir.Draw):
                assert list(seen.drawn) == [drawn for drawn in op.drawn if drawn.node == role]
            else:
                assert seen is op
    assert covered == {id(op) for op in program.operations}
    assert sorted(out.name for part in halves.values() for out in part.outputs) == sorted(
        o.name for o in program.outputs
    )


@given(programs(), st.sampled_from(STRATEGIES), st.sampled_from(["alice", "bob", "carol"]))
def test_a_liar_changes_its_own_half_only(program: Program, strategy: Any, liar: str):
    changed = corrupt(program, {liar: strategy})
    for role in program.roles:
        if role != liar:
            assert half(changed, role) == half(program, role)
    assert Program.from_json(changed.to_json()) == changed


@given(programs())
def test_views_show_every_operation(program: Program):
    text = to_text(program)
    assert len(text.splitlines()) == 1 + len(program.operations) + len(program.outputs)
    diagram = to_mermaid(program)
    assert diagram.count("->>") == len(program.messages)
    assert sum("-->" in line for line in diagram.splitlines()) == len(program.pairs)
    for role in program.roles:
        assert f" as {role}" in diagram


def test_an_unknown_role_has_no_half():
    from qstack.language import RoleError
    from qstack.protocols.chsh import chsh

    with pytest.raises(RoleError, match="no role 'eve'; roles: alice, bob"):
        half(chsh.trace(), "eve")
