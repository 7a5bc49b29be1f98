"""Deliveries: what they say about themselves, and what waiting does to them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from qstack import bell
from qstack.link import Arm, DoubleClick, Fibre, Heralded, SingleClick
from qstack.swapping import Chain, Delivery, Station, swap_asap


def delivery(memories: tuple[tuple[float, float], tuple[float, float]] = ((math.inf, math.inf),) * 2) -> Delivery:
    states = bell.werner([[0.9, 1.0], [0.7, 0.8]])
    return Delivery(
        path=("a", "b"),
        plan="one link",
        states=states,
        bell_index=np.zeros((2, 2), dtype=np.uint8),
        ready_s=np.array([[1.0, 2.0], [3.0, 6.0]]),
        shot_time_s=np.array([2.0, 6.0]),
        memories=memories,
        link_states=(states,),
    )


def test_figures() -> None:
    given = delivery()
    assert (given.shots, given.pairs) == (2, 2)
    assert given.fidelity == pytest.approx(0.85)
    assert given.rate_per_s == pytest.approx(0.5)
    np.testing.assert_array_equal(given.age_s, [[1.0, 0.0], [3.0, 0.0]])
    assert given.latency_s["mean"] == pytest.approx(4.0)
    assert given.latency_s["p50"] == pytest.approx(4.0)
    assert given.latency_s["p99"] > given.latency_s["p95"] > given.latency_s["p50"]


def test_the_summary_is_json() -> None:
    told = json.loads(json.dumps(delivery().summary()))
    assert told["path"] == ["a", "b"]
    assert set(told) == {"path", "plan", "twirled", "pairs", "fidelity", "rate_per_s", "latency_s"}
    assert set(told["latency_s"]) == {"mean", "p50", "p95", "p99"}


def test_a_link_whose_state_was_twirled_is_told() -> None:
    arm = Arm(Fibre(1.0), 0.1)
    for link, twirled in ((SingleClick((arm, arm), bright=(0.1, 0.1)), True), (DoubleClick((arm, arm)), False)):
        chain = Chain(("a", "b", "c"), (Station(),) * 3, (Heralded(0.5, 1.0), link), (0.0, 0.0))
        assert swap_asap(2).on(chain).sample(10, np.random.default_rng(1)).twirled is twirled


def test_pairs_decay_until_a_later_start() -> None:
    given = delivery(((math.inf, 5.0), (4.0, 4.0)))
    later = given.started_at(np.array([4.0, 6.5]), ready_after_s=np.array([1.0, 0.0]))
    np.testing.assert_array_equal(later.ready_s, [[2.0, 3.0], [3.0, 6.0]])
    np.testing.assert_array_equal(later.shot_time_s, [4.0, 6.5])
    # The first shot's pairs are complete at 3 s and wait 1 s; the second shot's wait half a second.
    for shot, wait in ((0, 1.0), (1, 0.5)):
        for pair in (0, 1):
            state = bell.decohere(given.states[shot, pair], wait, math.inf, 5.0)
            state = bell.decohere(state, wait, 4.0, 4.0)
            np.testing.assert_allclose(later.states[shot, pair], state)
            assert later.link_states is not None
            np.testing.assert_allclose(later.link_states[0][shot, pair], state)


def test_a_start_at_the_same_time_changes_nothing() -> None:
    given = delivery(((1.0, 1.0), (1.0, 1.0)))
    np.testing.assert_allclose(given.started_at(given.shot_time_s).states, given.states, atol=1e-15)
