"""Two cities violate a Bell inequality: S above 2 is impossible without entanglement.

Clauser, Horne, Shimony and Holt, Phys. Rev. Lett. 23, 880 (1969).
Run it with `python examples/violate_bell.py`.
"""

from __future__ import annotations

import math
from pathlib import Path

import qstack

NETWORK = Path(__file__).with_name("netherlands.yaml")


def main() -> None:
    result = qstack.run(
        "chsh",
        network=NETWORK,
        roles={"alice": "Amsterdam", "bob": "Eindhoven"},
        shots=20_000,
        seed=7,
    )
    delivery, s = result.delivery, result.metrics["S"]
    assert delivery is not None
    print(" - ".join(delivery.path))
    print(f"{delivery.rate_per_s:.1f} pairs per second of fidelity {delivery.fidelity:.3f}")
    print(f"S = {s}; at most 2 without entanglement, {2 * math.sqrt(2):.3f} with perfect pairs")

    assert len(delivery.path) > 2, "the cities have no direct fibre"
    assert 2 < s.low < s.high < 2 * math.sqrt(2)


if __name__ == "__main__":
    main()
