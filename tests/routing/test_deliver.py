"""Deliveries for several requests at once: who takes turns, who waits for whom, and what waiting costs."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from qstack.routing import Network, NoRouteError, PairRequest, deliver
from qstack.routing.deliver import PairRequestError, plan_routes

EXAMPLES = Path(__file__).parents[2] / "examples"

# Links that herald at known times: A-B after 1 s, B-C 2 s, C-D 4 s, D-E 8 s; coherence lasts 100 s.
ROW = """
control: instant
platforms: {keeps: {base: perfect, t2_s: 100.0}}
defaults: {platform: keeps, links: {kind: heralded, success_probability: 1.0}}
nodes: [{name: A}, {name: B}, {name: C}, {name: D}, {name: E}]
links:
  - {between: [A, B], attempt_time_s: 1.0}
  - {between: [B, C], attempt_time_s: 2.0}
  - {between: [C, D], attempt_time_s: 4.0}
  - {between: [D, E], attempt_time_s: 8.0}
"""


def served(*requests: PairRequest, shots: int = 3) -> list:
    return deliver(Network.from_yaml(ROW), requests, shots, np.random.default_rng(1))


def coherent(wait_s: float) -> float:
    """Fidelity of a perfect pair after both its qubits were stored that long."""
    return (1 + math.exp(-2 * wait_s / 100.0)) / 2


def test_disjoint_requests_go_on_at_the_same_time_and_the_quick_wait_for_the_slow() -> None:
    quick, slow = served(PairRequest("A", "B"), PairRequest("D", "E"))
    assert quick.ready_s[0, 0] == pytest.approx(1.0)
    assert slow.ready_s[0, 0] == pytest.approx(8.0)
    assert quick.shot_time_s[0] == slow.shot_time_s[0] == pytest.approx(8.0)
    assert quick.states[0, 0, 0] == pytest.approx(coherent(7.0))
    assert slow.states[0, 0, 0] == pytest.approx(1.0)
    assert quick.age_s[0, 0] == pytest.approx(7.0)


def test_requests_that_share_a_link_take_turns() -> None:
    first, second = served(PairRequest("A", "B", pairs=2), PairRequest("A", "C"))
    assert first.ready_s[0] == pytest.approx([1.0, 2.0])
    assert second.ready_s[0, 0] == pytest.approx(2.0 + 2.0)
    assert first.states[0, :, 0] == pytest.approx([coherent(3.0), coherent(2.0)])
    # Its own first link, ready after 1 s, waits 1 s for the second before the swap.
    assert second.states[0, 0, 0] == pytest.approx(coherent(1.0))
    later, sooner = served(PairRequest("A", "C"), PairRequest("A", "B", pairs=2))
    assert later.ready_s[0, 0] == pytest.approx(2.0)
    assert sooner.ready_s[0] == pytest.approx([3.0, 4.0])


def test_only_those_that_share_wait_for_each_other() -> None:
    """The third shares links with both others, which have none in common and start together."""
    first, second, third = served(PairRequest("A", "B"), PairRequest("C", "D"), PairRequest("A", "D"))
    assert (first.ready_s[0, 0], second.ready_s[0, 0]) == pytest.approx((1.0, 4.0))
    assert third.ready_s[0, 0] == pytest.approx(4.0 + 4.0)
    assert first.shot_time_s[0] == pytest.approx(8.0)


def test_both_directions_of_a_link_are_the_same_link() -> None:
    first, second = served(PairRequest("A", "B"), PairRequest("B", "A"))
    assert (first.ready_s[0, 0], second.ready_s[0, 0]) == pytest.approx((1.0, 2.0))
    assert (first.path, second.path) == (("A", "B"), ("B", "A"))


def test_a_request_that_would_decay_while_it_waits_is_served_better_or_refused() -> None:
    network = Network.from_yaml(ROW)
    alone = [PairRequest("A", "B", min_fidelity=0.98)]
    assert deliver(network, alone, 3, np.random.default_rng(1))[0].fidelity == pytest.approx(1.0)
    waiting = [PairRequest("A", "B", min_fidelity=0.98), PairRequest("D", "E")]
    with pytest.raises(NoRouteError, match="wait for other pairs of the shot"):
        deliver(network, waiting, 3, np.random.default_rng(1))
    with pytest.raises(NoRouteError, match="wait for other pairs"):
        deliver(network, [PairRequest("D", "E", pairs=3, min_fidelity=0.9)], 3, np.random.default_rng(1))


def test_a_better_route_makes_up_for_waiting() -> None:
    """Alone, the noisy direct link of A and B would do; while B and C take long it decays, so the plan purifies."""
    network = Network.from_yaml(
        """
        control: instant
        platforms: {keeps: {base: perfect, t1_s: 100.0, t2_s: 100.0}}
        defaults: {platform: keeps, links: {kind: heralded, success_probability: 1.0}}
        nodes: [{name: A}, {name: B}, {name: C}]
        links: [{between: [A, B], attempt_time_s: 0.01, fidelity: 0.92}, {between: [B, C], attempt_time_s: 0.5}]
        """
    )
    requests = [PairRequest("A", "B", min_fidelity=0.915), PairRequest("B", "C")]
    assert "DEJMPS" not in plan_routes(network, requests[:1])[0].chosen.plan.text
    first, _ = deliver(network, requests, 2000, np.random.default_rng(3))
    assert "DEJMPS" in first.plan
    assert first.fidelity >= 0.915


def test_where_purification_does_not_help_waiting_is_named_as_the_cause() -> None:
    network = Network.from_yaml(
        """
        control: instant
        platforms: {rough: {base: perfect, t2_s: 10.0, gate2_depolarizing: 0.3}}
        defaults: {platform: rough, links: {kind: heralded, success_probability: 1.0}}
        nodes: [{name: A}, {name: B}, {name: C}]
        links: [{between: [A, B], attempt_time_s: 0.1, fidelity: 0.95}, {between: [B, C], attempt_time_s: 1.0}]
        """
    )
    requests = [PairRequest("A", "B", min_fidelity=0.94), PairRequest("B", "C")]
    assert plan_routes(network, requests[:1])[0].chosen.fidelity == pytest.approx(0.95)
    with pytest.raises(NoRouteError, match=r"A and B cannot be had at fidelity 0\.94, because they wait"):
        plan_routes(network, requests)


def test_no_requests_and_impossible_ones() -> None:
    assert served() == []
    for pairs in (0, -1):
        with pytest.raises(PairRequestError):
            PairRequest("A", "B", pairs=pairs)


def test_progress_rises_over_all_requests() -> None:
    told: list[float] = []
    requests = [PairRequest("A", "E", pairs=4), PairRequest("A", "B")]
    deliver(Network.from_yaml(ROW), requests, 30_000, np.random.default_rng(1), progress=told.append)
    assert told == sorted(told)
    assert told[0] == 0.0
    assert 0.5 <= told[-1] < 1.0


def test_the_same_seed_gives_the_same_deliveries() -> None:
    network = Network.load(EXAMPLES / "repeater.yaml")
    requests = [PairRequest("Alice", "Bob", 2), PairRequest("Alice", "Repeater")]
    first, second = (deliver(network, requests, 200, np.random.default_rng(4)) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.states, two.states)
        np.testing.assert_array_equal(one.bell_index, two.bell_index)


def test_two_dutch_cities_are_far_above_the_classical_bound_at_a_rate_one_can_use() -> None:
    network = Network.load(EXAMPLES / "netherlands.yaml")
    begun = time.perf_counter()
    (delivery,) = deliver(network, [PairRequest("Amsterdam", "Eindhoven")], 20_000, np.random.default_rng(7))
    assert time.perf_counter() - begun < 5.0
    assert len(delivery.path) >= 4
    assert (delivery.path[0], delivery.path[-1]) == ("Amsterdam", "Eindhoven")
    assert delivery.fidelity > 0.87
    assert 1.0 < delivery.rate_per_s < 1e4


@pytest.mark.parametrize("pairs", [0, -1, 1001, 10**12])
def test_a_request_is_bounded(pairs: int):
    with pytest.raises(PairRequestError, match="ask for 1 to 1000"):
        PairRequest("A", "B", pairs)
