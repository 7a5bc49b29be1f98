"""Text, diagram and halves show what the program says."""

from __future__ import annotations

import math

from qstack.language import Node, draw_jointly, entangle, half, protocol, require, to_mermaid, to_text
from qstack.protocols.chsh import chsh
from qstack.protocols.teleportation import teleportation


def stripped(text: str) -> list[str]:
    return [" ".join(line.partition("  #")[0].split()) for line in text.splitlines()]


@protocol
def sampler(alice: Node, bob: Node):
    """One of each."""
    q, r = entangle(alice, bob, fidelity=0.9)
    x, y = draw_jointly((alice, "x", 2), (bob, "y", 3), p=[[0.5, 0, 0], [0, 0.125, 0.375]])
    i = alice.input("i", values=3)
    q.rz(x.select([math.pi / 2, -math.pi / 4])).u(1, -math.pi, 3 * math.pi / 4, when=i == 0)
    s, arrived = q.reset().transmit(bob, survival=0.5)
    sent, angle = i.send(bob), (x * 0.3).send(bob)
    s.rx(angle + 1.0).swap(r, when=sent == 2)
    r.discard()
    m = s.measure("Y")
    require(arrived)
    return {"m": m, "y": y, "sum": (y == 1).select([0, 2])}


def test_text_of_one_of_each():
    assert stripped(to_text(sampler.trace())) == [
        "sampler(alice, bob)",
        "alice -- bob q0, q1 = pair p0, fidelity at least 0.9",
        "alice, bob draw d0 = x[2], d1 = y[3] with p = 0.5, 0, 0, 0, 0.125, 0.375",
        "alice i0 = input i[3]",
        "alice rz(pi/2*[1 ^ d0] - pi/4*[d0]) q0",
        "alice u(1, -pi, 3pi/4) q0 when 1 ^ i0=1 ^ i0=2",
        "alice reset q0",
        "alice -> bob transmit q0, t0 = arrived, survival 0.5",
        "alice -> bob s0 = i0",
        "alice -> bob s1 = 0.3*[d0]",
        "bob rx(1 + 1*s1) q0",
        "bob swap q0, q1 when s0=2",
        "bob discard q1",
        "bob m0 = measure Y q0 if t0",
        "bob require t0",
        "bob output m = m0",
        "bob output y = d1",
        "bob output sum = 2 where d1=1",
    ]


def test_every_line_ends_with_where_it_was_written():
    lines = to_text(sampler.trace()).splitlines()[1:-3]
    assert all("# test_views.py:" in line for line in lines)


def test_a_half_shows_what_a_node_does_and_hears():
    assert stripped(to_text(half(sampler.trace(), "bob"))) == [
        "sampler, half of bob",
        "alice -- bob q0, q1 = pair p0, fidelity at least 0.9",
        "bob draw d1 = y[3] with p = 0.5, 0.125, 0.375",
        "alice -> bob transmit q0, t0 = arrived, survival 0.5",
        "alice -> bob receive s0[3]",
        "alice -> bob receive s1 angle",
        "bob rx(1 + 1*s1) q0",
        "bob swap q0, q1 when s0=2",
        "bob discard q1",
        "bob m0 = measure Y q0 if t0",
        "bob require t0",
        "bob output m = m0",
        "bob output y = d1",
        "bob output sum = 2 where d1=1",
    ]
    assert [op.op for op in half(chsh.trace(), "alice").operations] == ["draw", "entangle", "gate", "measure"]


def test_the_diagram_of_teleportation():
    diagram = to_mermaid(teleportation.trace())
    lines = [line.strip() for line in diagram.splitlines()]
    assert lines[:3] == ["sequenceDiagram", "participant n0 as alice", "participant n1 as bob"]
    arrows = [line for line in lines if line.startswith(("n0-", "n1-"))]
    assert arrows[0] == "n0-->n1: q1, q2 = pair p0"
    assert arrows[1:] == ["n0->>n1: s0 = d0", "n0->>n1: s1 = m1", "n0->>n1: s2 = m0"] or len(arrows) == 4
    assert lines[-1].startswith("Note over n1: output wrong")


def test_the_diagram_escapes_what_mermaid_reads():
    diagram = to_mermaid(sampler.trace())
    assert "n0-)n1: transmit q0" in diagram
    body = "\n".join(line.partition(": ")[2] for line in diagram.splitlines()).replace("<br/>", "")
    assert "<" not in body and ">" not in body
    assert body.count(";") == body.count("#")
