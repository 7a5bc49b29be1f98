"""A GHZ state: any number of parties whose qubits are all 0 or all 1, and neither until someone looks.

The first party prepares the state at home and teleports one qubit to each other party. In half of the shots everyone
measures Z: all outcomes must be equal. In the other half everyone measures X: any single outcome is a coin flip, but
the number of ones is always even, which no shared coin could arrange together with the first property.

Reference: D. M. Greenberger, M. A. Horne and A. Zeilinger (1989); fidelity bound: O. Guehne and G. Toth,
Phys. Rep. 474, 1 (2009), section 6.
Resources: for n parties n - 1 pairs and 2(n - 1) bits (and n - 1 bits for the check).
Score: `populations` (all alike in Z), `parity` (X correlation), and `fidelity_bound`, the least the fidelity can be
given those two: populations + (parity - 1) / 2; above 1/2 all parties are entangled together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qstack.errors import InputError
from qstack.language import Bit, Node, protocol
from qstack.protocols.teleportation import teleport
from qstack.stats import Estimate, correlation, proportion


@protocol
def ghz(parties: list[Node]) -> dict[str, Bit | list[Bit]]:
    """Share a GHZ state among all parties and check it in the Z or the X basis."""
    if len(parties) < 2:
        raise InputError("ghz: one party has nobody to be entangled with; give two or more")
    first, *others = parties
    in_x = first.draw("in_x")
    root = first.qubit("+")
    qubits = [root]
    for party in others:
        leaf = first.qubit()
        root.cnot(leaf)
        qubits.append(teleport(leaf, party))
    told = [in_x, *(in_x.send(party) for party in others)]
    return {"in_x": in_x, "m": [qubit.h(when=bit).measure() for qubit, bit in zip(qubits, told, strict=True)]}


@ghz.score(bounds={"fidelity_bound": {"without entanglement of all": 1 / 2}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    outcomes = np.stack([values for name, values in outputs.items() if name.startswith("m[")])
    in_x = outputs["in_x"] == 1
    alike = (outcomes == outcomes[0]).all(axis=0)[~in_x]
    parity = correlation(outcomes.sum(axis=0) % 2, np.zeros(outcomes.shape[1]), in_x)
    populations = proportion(int(alike.sum()), len(alike))
    bound = Estimate.combine([(1.0, populations), (0.5, parity)], constant=-0.5).within(-1.0, 1.0)
    return {"fidelity_bound": bound, "populations": populations, "parity": parity}
