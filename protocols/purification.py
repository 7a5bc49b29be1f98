"""Entanglement purification: two poor pairs become one better pair, or nothing.

Both sides bring two pairs, rotate their halves (by pi/2 and -pi/2 about X), compare one pair against the other with a
local CNOT and measure the second. They tell each other what they saw: equal outcomes mean the first pair is probably
good, unequal ones mean it is to be thrown away. The gain comes from throwing away, so it must really happen
(`require`): keeping everything makes the pairs worse, not better.

Reference: D. Deutsch et al., Phys. Rev. Lett. 77, 2818 (1996), known as DEJMPS.
Resources: 2 pairs and 2 bits per attempt (and 1 of 3 values for the check).
Score: `fidelity` of the accepted pairs to Phi+. Two Werner pairs of fidelity 0.9 give 0.926 in 88 of 100 attempts.
"""

from __future__ import annotations

from typing import Any

from qstack.language import Bit, Int, Node, Qubit, entangle, protocol, require
from qstack.protocols.entanglement_swapping import measure_in
from qstack.stats import Estimate, correlation


@protocol
def purify(kept: Qubit, spent: Qubit, kept_far: Qubit, spent_far: Qubit) -> Bit:
    """Test one pair with another; both sides learn whether to keep it (Deutsch et al. 1996)."""
    here, there = kept.node, kept_far.node
    for ours, theirs in ((kept, kept_far), (spent, spent_far)):
        ours.sx()
        theirs.sx().x()
    kept.cnot(spent)
    kept_far.cnot(spent_far)
    m, n = spent.measure(), spent_far.measure()
    return ~(m.send(there) ^ n.send(here))


@protocol
def purification(alice: Node, bob: Node) -> dict[str, Bit | Int]:
    """Make one better pair of two, and check it."""
    basis = alice.draw("basis", values=3)
    a1, b1 = entangle(alice, bob)
    a2, b2 = entangle(alice, bob)
    require(purify(a1, a2, b1, b2))
    told = basis.send(bob)
    return {"basis": basis, "a": measure_in(a1, basis), "b": measure_in(b1, told)}


@purification.score(bounds={"fidelity": {"without entanglement": 1 / 2}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    zz, xx, yy = (correlation(outputs["a"], outputs["b"], outputs["basis"] == basis) for basis in range(3))
    fidelity = Estimate.combine([(0.25, zz), (0.25, xx), (-0.25, yy)], constant=0.25).within(-0.5, 1.0)
    return {"fidelity": fidelity, "XX": xx, "YY": yy, "ZZ": zz}
