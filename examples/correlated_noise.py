"""Two pairs that waited for the same event have errors in common, and their averages do not show it.

Alice makes two pairs with Bob at once, and a third with Carol that takes long. The first two wait for the
third in memories that forget: where Carol's was quick both are good, where it was slow both have decayed. So
they are good *together* more often than the product of the two averages says, and whoever plans a protocol
that needs both with averages plans it wrongly.

Run it with `python examples/correlated_noise.py`.
"""

from __future__ import annotations

import math

import qstack
from qstack.language import Bit, Node, entangle, protocol
from qstack.routing import Network
from qstack.stats import proportion
from qstack.testing import assert_within_sigma

SHOTS = 40_000
SUCCESS, ATTEMPT_S, T2_S = 0.1, 1e-3, 20e-3
NETWORK = Network.from_yaml(
    f"""
    name: one quick link, one slow link
    platforms:
      forgetful: {{base: perfect, t2_s: {T2_S}}}
    defaults:
      platform: forgetful
      links: {{kind: heralded}}
    nodes: [{{name: Alice}}, {{name: Bob}}, {{name: Carol}}]
    links:
      - {{between: [Alice, Bob], success_probability: 1.0, attempt_time_s: 1.0e-9}}
      - {{between: [Alice, Carol], success_probability: {SUCCESS}, attempt_time_s: {ATTEMPT_S}}}
    """,
    source="correlated_noise.py",
)


@protocol
def two_and_one(alice: Node, bob: Node, carol: Node) -> dict[str, Bit]:
    """Measure three pairs in the X basis; a pair whose two bits differ has suffered a phase flip."""
    (a1, b1), (a2, b2), (a3, c3) = entangle(alice, bob), entangle(alice, bob), entangle(alice, carol)
    bits = {"a1": a1, "b1": b1, "a2": a2, "b2": b2, "a3": a3, "c3": c3}
    return {name: qubit.measure("X") for name, qubit in bits.items()}


def coherence(pairs: int) -> float:
    """Mean of exp(-2 pairs t / T2) over the time t until Carol's pair is there: geometric in attempts."""
    per_attempt = math.exp(-2 * pairs * ATTEMPT_S / T2_S)
    return SUCCESS * per_attempt / (1 - (1 - SUCCESS) * per_attempt)


def main() -> None:
    roles = {"alice": "Alice", "bob": "Bob", "carol": "Carol"}
    result = qstack.run(two_and_one, network=NETWORK, roles=roles, shots=SHOTS, seed=3)
    good = [result[f"a{k}"] == result[f"b{k}"] for k in (1, 2)]
    first, second = (proportion(int(each.sum()), SHOTS) for each in good)
    both = proportion(int((good[0] & good[1]).sum()), SHOTS)
    product = first.value * second.value

    print(f"first pair good   {first}   expected {(1 + coherence(1)) / 2:.4f}")
    print(f"second pair good  {second}   expected {(1 + coherence(1)) / 2:.4f}")
    print(f"both good         {both}   expected {(1 + 2 * coherence(1) + coherence(2)) / 4:.4f}")
    print(f"product of means  {product:.4f}")

    for each in (first, second):
        assert_within_sigma(each, (1 + coherence(1)) / 2)
    assert_within_sigma(both, (1 + 2 * coherence(1) + coherence(2)) / 4)
    assert both.low - product > 4 * both.std_error


if __name__ == "__main__":
    main()
