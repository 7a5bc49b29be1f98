"""Superdense coding: two classical bits in one qubit, if a pair was shared before.

Alice and Bob share a pair. Acting on her half alone, Alice can turn it into any of the four Bell states, which Bob can
tell apart once he holds both halves. She sends him that half: one qubit over the wire, two bits of message. Here the
wire is a teleportation, so it works wherever there is entanglement; `direct` sends the qubit as a photon instead.

Reference: C. H. Bennett and S. J. Wiesner, Phys. Rev. Lett. 69, 2881 (1992).
Resources: 2 pairs and 2 bits for the teleportation, or 1 pair and 1 photon; carries 2 bits.
Score: `success`, the share of messages read correctly where something arrived; at most 1/2 without entanglement.
"""

from __future__ import annotations

from typing import Any

from qstack.language import Bit, Node, entangle, protocol
from qstack.protocols.teleportation import teleport
from qstack.stats import Estimate, proportion


@protocol
def superdense_coding(alice: Node, bob: Node, *, direct: bool = False) -> dict[str, Bit]:
    """Alice sends two random bits to Bob in one qubit."""
    high, low = alice.draw("high"), alice.draw("low")
    a, b = entangle(alice, bob)
    a.x(when=low)
    a.z(when=high)
    outputs: dict[str, Bit] = {}
    if direct:
        a, outputs["arrived"] = a.transmit(bob)
    else:
        a = teleport(a, bob)
    a.cnot(b)
    a.h()
    return {"high": high, "low": low, "read_high": a.measure(), "read_low": b.measure(), **outputs}


@superdense_coding.score(bounds={"success": {"without entanglement": 1 / 2}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    read = (outputs["high"] == outputs["read_high"]) & (outputs["low"] == outputs["read_low"])
    if "arrived" in outputs:
        read = read[outputs["arrived"] == 1]
    return {"success": proportion(int(read.sum()), len(read))}
