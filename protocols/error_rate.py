"""Error-rate estimate: how noisy are the bits two nodes share? Reveal some, and throw those away.

Alice and Bob measure many pairs in bases each chose at random. They tell each other the bases, keep the rounds where
both chose the same, and reveal a random sample of those bits. The share of unequal bits in the sample (the quantum bit
error rate) says how far the bits that were not revealed can be trusted; above 11 % no secret key can be made of them.

This is a conversation: it works on arrays across all shots, every role runs the same function, and a value is only
looked at where it was sent.

Reference: C. H. Bennett, G. Brassard and N. D. Mermin, Phys. Rev. Lett. 68, 557 (1992); key threshold: P. W. Shor and
J. Preskill, Phys. Rev. Lett. 85, 441 (2000).
Resources: 1 pair per shot; 1 basis bit per shot, 1 bit per revealed shot and the numbers of the shots compared, in 5
messages.
Score: `qber`, (2/3)(1 - F) over Werner pairs of fidelity F, and `kept`, the share of shots that were not used up.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from qstack.language import Bit, Located, Node, entangle, protocol, run, share
from qstack.stats import Estimate, proportion

Bits = NDArray[np.integer[Any]]


@protocol
def measured_pairs(alice: Node, bob: Node) -> dict[str, Bit]:
    """Measure one pair, each side in Z or X as it likes."""
    a, b = entangle(alice, bob)
    alice_basis, bob_basis = alice.draw("basis"), bob.draw("basis")
    return {
        "alice_basis": alice_basis,
        "bob_basis": bob_basis,
        "a": a.h(when=alice_basis).measure(),
        "b": b.h(when=bob_basis).measure(),
    }


@protocol
async def error_rate(
    alice: Node,
    bob: Node,
    *,
    shots: Annotated[int, Field(ge=1)] = 2000,
    reveal: Annotated[float, Field(gt=0, le=1)] = 0.5,
) -> dict[str, Located | int]:
    """Alice and Bob estimate the error rate of the bits they share by revealing a sample."""
    got = await run(measured_pairs, shots)
    bases = await got["alice_basis"].send(bob)
    matching = await share(bob.do(lambda ours, theirs: np.flatnonzero(ours == theirs), got["bob_basis"], bases))
    sample = await share(alice.do(lambda: np.sort(alice.rng.permutation(matching)[: round(reveal * len(matching))])))
    revealed = await alice.do(np.take, got["a"], sample).send(bob)
    errors = await share(bob.do(count_unequal, revealed, got["b"], sample))
    rest = np.setdiff1d(matching, sample)
    return {
        "errors": errors,
        "sampled": len(sample),
        "shots": shots,
        "key_a": alice.do(np.take, got["a"], rest),
        "key_b": bob.do(np.take, got["b"], rest),
    }


def count_unequal(revealed: Bits, own: Bits, sample: Bits) -> int:
    """How many revealed bits differ from one's own."""
    return int(np.count_nonzero(revealed != own[sample]))


@error_rate.score(bounds={"qber": {"key threshold": 0.11}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    return {
        "qber": proportion(outputs["errors"], outputs["sampled"]),
        "kept": proportion(len(outputs["key_a"]), outputs["shots"]),
    }
