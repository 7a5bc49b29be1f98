"""What is said of a route beside its figures: doubts about the hardware, and published results."""

from __future__ import annotations

import numpy as np
import pytest

from qstack import bell
from qstack.routing import Network
from qstack.routing.review import compared, doubts


def network(platform: str, link: str, published: str = "") -> Network:
    return Network.from_yaml(
        f"""
        nodes: [{{name: A, platform: {platform}}}, {{name: B, platform: {platform}}}]
        links: [{{between: [A, B], length_km: 1, {link}}}]
        published: [{published}]
        """
    )


@pytest.mark.parametrize(
    ("platform", "link", "said"),
    [
        ("trapped_ion_node", "detector: {efficiency: 1.0}", []),
        ("trapped_ion_node", "detector: {efficiency: 0.9}", ["includes detection already"] * 2),
        ("neutral_atom", "conversion: {efficiency: 0.5}", []),
        ("nv_centre", "kind: single_click, bright: 0.1, detector: {efficiency: 1.0}", ["was twirled to one"]),
    ],
)
def test_doubts(platform: str, link: str, said: list[str]) -> None:
    told = list(doubts(network(platform, link), ["A", "B"]))
    assert [any(each in line for line in told) for each in said] == [True] * len(said)
    assert len(told) == len(said)


def test_a_herald_that_outlives_the_memory_is_told() -> None:
    made = Network.from_yaml(
        """
        defaults: {platform: ibm_heron_r2}
        nodes: [{name: A, transducer: {efficiency: 0.5}}, {name: B, transducer: {efficiency: 0.5}}]
        links: [{between: [A, B], length_km: 100}]
        """
    )
    (first, *_) = doubts(made, ["A", "B"])
    assert "the herald takes" in first
    assert "T2 is 144 µs" in first


def test_published_results_stand_beside_simulated_ones() -> None:
    entries = [
        "{between: [B, A], quantity: fidelity, value: 0.9, low: 0.88, high: 0.92, source: a paper}",
        "{between: [A, B], quantity: S, value: 2.0, low: 1.9, high: 2.1, source: a paper}",
    ]
    made = network("trapped_ion_node", "detector: {efficiency: 1.0}", ", ".join(entries))
    fidelity, chsh = compared(made, "A", "B", 10.0, bell.werner(0.9))
    assert (fidelity.simulated, fidelity.inside) == (0.9, True)
    visibility = (4 * 0.9 - 1) / 3
    assert chsh.simulated == pytest.approx(2 * np.sqrt(2) * visibility)
    assert not chsh.inside
    assert compared(made, "A", "C", 10.0, bell.werner(0.9)) == []
