"""Tracing writes down what the function says, operation by operation."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import pytest
from pydantic import Field

from qstack.boolean import Poly
from qstack.language import (
    ArgumentError,
    Bit,
    Conversation,
    Int,
    Node,
    Program,
    Protocol,
    ProtocolError,
    Qubit,
    RoleError,
    SettingError,
    TraceError,
    draw_jointly,
    entangle,
    protocol,
    require,
    select,
)
from qstack.language import program as ir
from qstack.protocols.teleportation import teleport


def test_teleportation_is_written_down_as_it_stands():
    @protocol
    def move(alice: Node, bob: Node) -> dict[str, Bit]:
        """Move a plus state.

        And more.
        """
        return {"m": teleport(alice.qubit("+"), bob).measure("X")}

    program = move.trace()
    shown = [op.model_dump(exclude={"line"}, exclude_defaults=True) for op in program.operations]
    assert shown == [
        {"node": "alice", "qubit": "q0", "state": "+"},
        {"pair": "p0", "nodes": ("alice", "bob"), "qubits": ("q1", "q2")},
        {"node": "alice", "gate": "cx", "qubits": ("q0", "q1")},
        {"node": "alice", "gate": "h", "qubits": ("q0",)},
        {"node": "alice", "qubit": "q0", "bit": "m0"},
        {"node": "alice", "qubit": "q1", "bit": "m1"},
        {"nodes": ("alice", "bob"), "source": "s0", "value": (Poly.atom("m1"),)},
        {"node": "bob", "gate": "x", "qubits": ("q2",), "when": Poly.atom("s0")},
        {"nodes": ("alice", "bob"), "source": "s1", "value": (Poly.atom("m0"),)},
        {"node": "bob", "gate": "z", "qubits": ("q2",), "when": Poly.atom("s1")},
        {"node": "bob", "qubit": "q2", "basis": "X", "bit": "m2"},
    ]
    assert (program.name, program.summary, program.roles) == ("move", "Move a plus state.", ("alice", "bob"))
    assert program.outputs == (ir.Output(name="m", node="bob", value=(Poly.atom("m2"),)),)
    assert Program.from_json(program.to_json()) == program


def test_cheaply_built_models_are_what_validation_would_have_built():
    @protocol
    def everything(a: Node, b: Node) -> dict[str, Bit]:
        q, r = entangle(a, b, fidelity=0.9)
        d = a.draw("d", values=3, p=[0.5, 0.25, 0.25])
        i = b.input("i")
        q.u(d * 0.1, 0.2, (d * 0.1 + 1.0).negate(when=d == 1)).h(when=d == 2)
        s, arrived = q.transmit(b, survival=0.5)
        s.cx(r, when=i).reset().discard()
        m = r.measure("Y")
        require(m | arrived)
        return {"m": m.send(a)}

    program = everything.trace()
    assert type(program).model_validate(program.model_dump()) == program
    for op in program.operations:
        assert type(op).model_validate(op.model_dump()) == op
        assert set(op.__dict__) == set(type(op).model_fields) == op.model_fields_set


def test_every_operation_knows_its_line():
    @protocol
    def lines(a: Node) -> dict[str, Bit]:
        q = a.qubit()
        q.h()
        return {"m": q.measure()}

    ops = lines.trace().operations
    files = {op.line.partition(":")[0] for op in ops}
    numbers = [int(op.line.partition(":")[2]) for op in ops]
    assert files == {"test_trace.py"}
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


def test_lines_of_the_ready_made_protocols_are_user_code():
    @protocol
    def outer(alice: Node, bob: Node) -> dict[str, Bit]:
        return {"m": teleport(alice.qubit(), bob).measure()}

    assert {op.line.partition(":")[0] for op in outer.trace().operations} == {"test_trace.py", "teleportation.py"}


def test_all_gates_are_there():
    names = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx"]

    @protocol
    def gates(a: Node) -> dict[str, Bit]:
        q, r = a.qubit(), a.qubit()
        for name in names:
            assert getattr(q, name)() is q
        q.rx(1).ry(2.5).rz(-1).u(1, 2, 3).cx(r).cnot(r).cz(r).swap(r)
        return {"m": q.measure()}

    ops = [op for op in gates.trace().operations if isinstance(op, ir.Gate)]
    assert [op.gate for op in ops] == [*names, "rx", "ry", "rz", "u", "cx", "cx", "cz", "swap"]
    assert [tuple(angle.constant for angle in op.angles) for op in ops if op.angles] == [(1,), (2.5,), (-1,), (1, 2, 3)]


def test_list_roles():
    @protocol
    def many(parties: list[Node], hub: Node) -> dict[str, list[Bit]]:
        return {"m": [party.qubit().measure() for party in parties]}

    assert many.list_roles == {"parties": True, "hub": False}
    assert many.trace().roles == ("parties[0]", "parties[1]", "parties[2]", "hub")
    program = many.trace({"parties": 2, "hub": None})
    assert [(out.name, out.node) for out in program.outputs] == [("m[0]", "parties[0]"), ("m[1]", "parties[1]")]
    for bad in ({"partys": 2}, {"parties": 0}, {"parties": True}, {"hub": 2}):
        with pytest.raises(RoleError, match="many"):
            many.trace(bad)


def test_settings_are_validated_and_recorded():
    @protocol
    def tuned(
        a: Node, *, rounds: Annotated[int, Field(ge=1)] = 2, angle: float, words: list[str] | None = None
    ) -> dict[str, list[Bit]]:
        assert isinstance(rounds, int)
        return {"m": [a.qubit().ry(angle).measure() for _ in range(rounds)]}

    program = tuned.trace(rounds="3", angle=0.5)
    assert program.settings == {"rounds": 3, "angle": 0.5, "words": None}
    assert len(program.outputs) == 3
    assert tuned.settings_schema()["properties"]["rounds"] == {
        "default": 2,
        "minimum": 1,
        "title": "Rounds",
        "type": "integer",
    }
    with pytest.raises(SettingError, match=r"no setting 'round'.*did you mean rounds"):
        tuned.trace(round=1, angle=1)
    with pytest.raises(SettingError, match=r"rounds is 0.*greater than or equal to 1"):
        tuned.trace(rounds=0, angle=1)
    with pytest.raises(SettingError, match="angle has no default"):
        tuned.trace()


def test_composition_inlines_and_checks():
    @protocol
    def flip(q: Qubit, when: Bit, *, times: int = 1) -> Qubit:
        for _ in range(times):
            q.x(when=when)
        return q

    @protocol
    def outer(a: Node, b: Node) -> dict[str, Bit]:
        d = a.draw("d")
        return {"m": flip(a.qubit(), d, times="2").measure()}

    assert [op.op for op in outer.trace().operations] == ["draw", "prepare", "gate", "gate", "measure"]
    assert not flip.is_runnable
    with pytest.raises(TraceError, match=r"building block: it takes q, when"):
        flip.trace()
    with pytest.raises(TraceError, match="called outside a program"):
        flip(None, None)

    @protocol
    def wrong(a: Node) -> dict[str, Bit]:
        return {"m": flip(a.qubit(), 1).measure()}

    @protocol
    def missing(a: Node) -> dict[str, Bit]:
        return {"m": flip(a.qubit()).measure()}

    with pytest.raises(ArgumentError, match="flip: when takes Bit; got 1"):
        wrong.trace()
    with pytest.raises(ArgumentError, match="missing a required argument"):
        missing.trace()


def test_signatures_that_are_no_protocol():
    with pytest.raises(ProtocolError, match=r"put a \* before it"):

        @protocol
        def unannotated(a) -> None: ...

    with pytest.raises(ProtocolError, match="not allowed"):

        @protocol
        def starred(*nodes: Node) -> None: ...

    with pytest.raises(ProtocolError, match="only settings have defaults"):

        @protocol
        def default(a: Node = None) -> None: ...  # type: ignore[assignment]

    with pytest.raises(ProtocolError, match="not defined"):

        @protocol
        def unknown(a: Nod) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(ProtocolError, match="for functions"):
        protocol(3)  # type: ignore[call-overload]


def test_a_protocol_has_one_score():
    @protocol
    def scored(a: Node) -> dict[str, Bit]:
        return {"m": a.qubit().measure()}

    @scored.score(bounds={"ones": {"fair": 0.5}})
    def ones(outputs, settings):
        return {}

    assert scored.scorer is ones
    assert scored.bounds == {"ones": {"fair": 0.5}}
    assert repr(scored) == "<Protocol scored(a)>"
    with pytest.raises(ProtocolError, match="scored has a score already"):
        scored.score(ones)


def test_async_makes_a_conversation():
    @protocol
    async def talk(a: Node) -> dict[str, int]:
        return {}

    @protocol
    def act(a: Node) -> dict[str, Bit]:
        return {}

    assert isinstance(talk, Conversation)
    assert isinstance(act, Protocol)
    assert act.played_by.__self__ is act


def test_draws_and_joint_draws():
    table = [[0.5, 0, 0], [0, 0.25, 0.25]]

    @protocol
    def referee(alice: Node, bob: Node) -> dict[str, Int]:
        biased = alice.draw("biased", p=0.25)
        x, y = draw_jointly((alice, "x", 2), (bob, "y", 3), p=table)
        assert isinstance(x, Bit) and isinstance(y, Int) and not isinstance(y, Bit)
        return {"x": x, "y": y, "biased": biased}

    first, second = referee.trace().operations
    assert first == ir.Draw(
        drawn=(ir.Drawn(node="alice", name="biased", source="d0", values=2),), table=(0.75, 0.25), line=first.line
    )
    assert second.table == (0.5, 0, 0, 0, 0.25, 0.25)
    assert [(each.node, each.source) for each in second.drawn] == [("alice", "d1"), ("bob", "d2")]


def test_transmitted_qubits_mark_their_outcomes():
    @protocol
    def photon(alice: Node, bob: Node) -> dict[str, Bit]:
        q, arrived = alice.qubit().transmit(bob, survival=0.5)
        m = q.measure()
        fresh = alice.qubit().measure()
        return {"m": m, "arrived": arrived, "seen": m.detected, "sure": fresh.detected}

    program = photon.trace()
    assert next((out.node, out.detected) for out in program.outputs) == ("bob", "t0")
    values = {out.name: out.value for out in program.outputs}
    assert values["arrived"] == values["seen"] == (Poly.atom("t0"),)
    assert values["sure"] == (Poly.parse("1"),)


def test_a_condition_that_never_or_always_holds():
    @protocol
    def constant(a: Node) -> dict[str, Bit]:
        d = a.draw("d")
        q = a.qubit()
        q.x(when=d & ~d)
        q.y(when=d | ~d)
        q.z(when=False).h(when=True)
        r = a.qubit()
        q.cx(r, when=d & ~d).cz(r, when=d | ~d)
        return {"m": q.measure()}

    gates = [(op.gate, op.when) for op in constant.trace().operations if isinstance(op, ir.Gate)]
    assert gates == [("y", None), ("h", None), ("cz", None)]


def test_broadcasts_have_a_source_per_recipient():
    @protocol
    def tell(alice: Node, bob: Node, carol: Node) -> dict[str, Bit]:
        d = alice.draw("d")
        told = d.send(bob, carol)
        for node in (bob, carol):
            node.qubit().x(when=told)
        again = told.at(carol).send(bob)
        return {"told": told, "carol": told.at(carol), "again": again, "both": d ^ told}

    program = tell.trace()
    assert [(op.nodes, op.source, str(op.value[0])) for op in program.messages] == [
        (("alice", "bob"), "s0", "d0"),
        (("alice", "carol"), "s1", "d0"),
        (("carol", "bob"), "s2", "s1"),
    ]
    assert [str(op.when) for op in program.operations if isinstance(op, ir.Gate)] == ["s0", "s1"]
    assert [(out.name, out.node, str(out.value[0])) for out in program.outputs] == [
        ("told", "bob", "s0"),
        ("carol", "carol", "s1"),
        ("again", "bob", "s2"),
        ("both", "alice", "0"),
    ]


def test_select_kinds():
    @protocol
    def chosen(a: Node) -> dict[str, Int]:
        d = a.draw("d", values=3)
        bit = select(d, [0, 1, a.draw("e")])
        number = d.select([4, 0, d])
        turned = d.select([0.0, 1.5, d * 0.5])
        assert isinstance(bit, Bit) and number.values == 5
        q = a.qubit().rz(turned)
        return {"bit": bit, "number": number, "m": q.measure()}

    assert len(chosen.trace().outputs) == 3


def test_importing_the_language_is_light():
    heavy = "('scipy', 'cirq', 'stim', 'matplotlib', 'rustworkx', 'pandas', 'typer', 'rich', 'aiomqtt')"
    code = f"import sys, qstack.language; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
