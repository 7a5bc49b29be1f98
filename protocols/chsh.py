"""The CHSH test: a game that no shared plan wins as often as a shared pair does.

Alice and Bob are each asked one of two questions and answer with a bit, without talking. They should answer alike,
except when both are asked question 1. Whatever they agreed on beforehand, the score S is at most 2. With a pair,
each measures along a direction that depends on the question, and S reaches 2 sqrt(2): the world keeps no list of
answers.

Reference: J. F. Clauser, M. A. Horne, A. Shimony and R. A. Holt, Phys. Rev. Lett. 23, 880 (1969).
Resources: 1 pair, no bits.
Score: `S` = E(0,0) + E(0,1) + E(1,0) - E(1,1); 2 sqrt(2) (4F - 1) / 3 over a Werner pair of fidelity F.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from qstack.language import Bit, Node, entangle, protocol
from qstack.stats import Estimate, correlation


@protocol
def chsh(alice: Node, bob: Node) -> dict[str, Bit]:
    """Play the CHSH game over one pair and estimate S."""
    x, y = alice.draw("x"), bob.draw("y")
    a, b = entangle(alice, bob)
    a.ry(-x.select([0.0, pi / 2]))
    b.ry(-y.select([pi / 4, -pi / 4]))
    return {"x": x, "y": y, "a": a.measure(), "b": b.measure()}


@chsh.score(bounds={"S": {"shared plan": 2.0, "quantum": 2 * sqrt(2)}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    signs = {(0, 0): 1.0, (0, 1): 1.0, (1, 0): 1.0, (1, 1): -1.0}
    a, b, x, y = (outputs[name] for name in "abxy")
    terms = {(i, j): correlation(a, b, (x == i) & (y == j)) for i, j in signs}
    score = Estimate.combine((sign, terms[questions]) for questions, sign in signs.items()).within(-4.0, 4.0)
    return {"S": score, **{f"E{i}{j}": term for (i, j), term in terms.items()}}
