"""Teleport the six Pauli states over a pair of known quality, and compare with the formula.

Over a Werner pair of fidelity F the average fidelity of the teleported state is (2F + 1) / 3: Horodecki,
Horodecki and Horodecki, Phys. Rev. A 60, 1888 (1999). Run it with `python examples/teleport_over_noise.py`.
"""

from __future__ import annotations

import qstack
from qstack.language import Bit, Node, Qubit, entangle, protocol
from qstack.stats import Estimate, proportion
from qstack.testing import assert_within_sigma, lab

STATES = {"0": ("Z", 0), "1": ("Z", 1), "+": ("X", 0), "-": ("X", 1), "+i": ("Y", 0), "-i": ("Y", 1)}
"""Each state, the basis in which it is certain, and the outcome there."""


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
def send_state(alice: Node, bob: Node, *, state: str) -> dict[str, Bit]:
    """Teleport one of the six states and measure it in its own basis."""
    basis, _ = STATES[state]
    return {"outcome": teleport(alice.qubit(state), bob).measure(basis)}


def main() -> None:
    for fidelity in (1.0, 0.9, 0.75, 0.5):
        network, kept = lab(fidelity=fidelity), []
        for seed, (state, (_, expected)) in enumerate(STATES.items()):
            roles = {"alice": "alice", "bob": "bob"}
            result = qstack.run(
                send_state, network=network, roles=roles, shots=5000, seed=seed, settings={"state": state}
            )
            kept.append(proportion(int((result["outcome"] == expected).sum()), result.shots))
        average = Estimate.combine((1 / 6, each) for each in kept)
        print(f"pair {fidelity:.2f}   teleported {average}   expected {(2 * fidelity + 1) / 3:.4f}")
        assert_within_sigma(average, (2 * fidelity + 1) / 3)


if __name__ == "__main__":
    main()
