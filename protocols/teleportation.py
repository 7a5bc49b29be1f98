"""Quantum teleportation: move the state of a qubit over a shared pair and two classical bits.

Alice cannot read an unknown qubit and send what she read: measuring destroys it. She can entangle it with her half of a
pair, measure both, and tell Bob the two bits she got; they say which of four known corrections turns his half into the
state she had. Nothing travels faster than those two bits.

Reference: C. H. Bennett et al., Phys. Rev. Lett. 70, 1895 (1993).
Resources: 1 pair, 2 bits (and 1 of 6 values, so that Bob can check what he got).
Score: `fidelity`, over the six Pauli states; (2F + 1) / 3 over a Werner pair of fidelity F, at most 2/3 without one.
"""

from __future__ import annotations

from typing import Any

from qstack.language import Int, Node, Qubit, entangle, protocol
from qstack.stats import Estimate, proportion

STATES = ("0", "1", "+", "-", "+i", "-i")
_RECIPE = ([0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 0, 1], [0, 0, 0, 0, 1, 1])
"""For each state, whether it takes an x, an h, a z and an s to get there from |0>."""


@protocol
def teleport(psi: Qubit, bob: Node) -> Qubit:
    """Move `psi` to `bob` with one pair and two bits (Bennett et al. 1993)."""
    a, b = entangle(psi.node, bob)
    psi.cnot(a)
    psi.h()
    mz, mx = psi.measure(), a.measure()
    b.x(when=mx.send(bob))
    b.z(when=mz.send(bob))
    return b


@protocol
def turned(qubit: Qubit, state: Int) -> Qubit:
    """Turn |0> into the state of that number in `STATES`."""
    one, superposed, minus, imaginary = (state.select(row) for row in _RECIPE)
    return qubit.x(when=one).h(when=superposed).z(when=minus).s(when=imaginary)


@protocol
def turned_back(qubit: Qubit, state: Int) -> Qubit:
    """Undo `turned`."""
    one, superposed, minus, imaginary = (state.select(row) for row in _RECIPE)
    return qubit.sdg(when=imaginary).z(when=minus).h(when=superposed).x(when=one)


@protocol
def teleportation(alice: Node, bob: Node) -> dict[str, Int]:
    """Alice teleports one of six states to Bob, who learns which one it was and checks what he has."""
    state = alice.draw("state", values=6)
    received = teleport(turned(alice.qubit(), state), bob)
    back = turned_back(received, state.send(bob))
    return {"state": state, "wrong": back.measure()}


@teleportation.score(bounds={"fidelity": {"without entanglement": 2 / 3}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    wrong = outputs["wrong"]
    return {"fidelity": proportion(int((wrong == 0).sum()), len(wrong))}
