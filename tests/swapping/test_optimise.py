"""The best plan for a path: against all plans tried by hand, under floors, deadlines and key rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qstack import bell
from qstack.link import Heralded
from qstack.swapping import Chain, Cutoff, Plan, Station, balanced, swap_asap, with_link_purification
from qstack.swapping.optimise import EFFORTS, Goal, GoalError, best_plan, judged


def row(hops: int, link: Heralded, station: Station = Station(), flight_s: float = 0.0) -> Chain:  # noqa: B008
    names = tuple(f"n{k}" for k in range(hops + 1))
    return Chain(names, (station,) * (hops + 1), (link,) * hops, (flight_s,) * hops)


def test_without_a_goal_plain_swapping_is_fastest() -> None:
    chosen, others = best_plan(row(4, Heralded(0.1, 1.0, 0.95)))
    assert chosen is not None
    assert chosen.plan == swap_asap(4)
    assert chosen.rate_per_s == pytest.approx(1 / 20.27338, rel=1e-5)  # mean of the largest of four geometrics
    assert chosen.fidelity == pytest.approx(0.819126, abs=1e-6)
    assert all(other.refused for other in others)


def test_a_floor_that_the_links_miss_is_met_by_purifying() -> None:
    chosen, others = best_plan(row(1, Heralded(0.5, 1.0, 0.8)), Goal(0.83))
    assert chosen is not None
    assert chosen.plan == with_link_purification(swap_asap(1), 1)
    # Two pairs of two attempts each per try, and a try in 0.768889 works.
    assert chosen.rate_per_s == pytest.approx(0.768889 / 4, rel=1e-5)
    assert chosen.fidelity == pytest.approx(0.838150, abs=1e-6)
    (plain,) = [other for other in others if other.plan == swap_asap(1)]
    assert plain.refused == "fidelity 0.8 is below the 0.83 asked for"


def test_swaps_that_fail_are_best_done_in_levels() -> None:
    chosen, _ = best_plan(row(8, Heralded(0.1, 1.0), Station(swap_success=0.5)))
    assert chosen is not None
    assert chosen.plan == balanced(8)


def test_short_memories_call_for_a_cutoff() -> None:
    """Pairs that waited are worth nothing: giving up early is the only way to a high fidelity."""
    link = Heralded(0.05, 1e-3)
    chosen, _ = best_plan(row(2, link, Station(t1_s=0.05, t2_s=0.05)), Goal(0.9))
    assert chosen is not None
    assert any(isinstance(vertex, Cutoff) for vertex in chosen.plan.walk())
    sampled = chosen.planned.sample(20_000, np.random.default_rng(1))
    assert sampled.fidelity > 0.9


def test_memories_that_give_up_put_a_cutoff_on_every_plan() -> None:
    chain = row(3, Heralded(0.3, 1.0, 0.9), Station(t1_s=40.0, t2_s=40.0, cutoff_s=4.0))
    for goal in (Goal(), Goal(0.99)):
        chosen, others = best_plan(chain, goal)
        for each in [*others, *([] if chosen is None else [chosen])]:
            assert isinstance(each.plan, Cutoff)
            assert each.plan.age_s <= 4.0
    alone, _ = best_plan(row(1, Heralded(0.3, 1.0, 0.9), Station(cutoff_s=4.0)))
    assert alone is not None
    assert alone.plan == swap_asap(1)


def test_a_deadline_counts_for_95_percent_of_the_pairs() -> None:
    link = Heralded(0.5, 1.0, 0.9)
    # The second of two geometrics of 1/2: P(T <= t) = (1 - 2^-t)^2 is above 0.95 from t = 6 on.
    for deadline_s, possible in ((5.5, False), (6.0, True)):
        chosen, _ = best_plan(row(2, link), Goal(deadline_s=deadline_s))
        assert (chosen is not None) is possible
    assert chosen is not None
    assert chosen.late_s == 6.0
    tight, refused = best_plan(row(2, link), Goal(deadline_s=5.5))
    assert tight is None
    assert refused[0].refused == "5 % of the pairs take longer than 6 s; the deadline is 5.5 s"


def test_key_is_what_counts_where_key_is_asked_for() -> None:
    chain = row(2, Heralded(0.5, 1.0, 0.93))
    chosen, others = best_plan(chain, Goal(key_rate_per_s=1e-3))
    assert chosen is not None
    assert chosen.key_rate_per_s == max(each.key_rate_per_s for each in (chosen, *others))
    pair = bell.swap(bell.werner(0.93), bell.werner(0.93))
    plain = 3 / 8 * float(bell.key_fraction(pair))  # 8/3 attempts for the slower of two geometrics of 1/2
    assert chosen.key_rate_per_s >= plain - 1e-9
    none, refused = best_plan(chain, Goal(key_rate_per_s=10.0))
    assert none is None
    assert any("key bits/s; asked for 10" in each.refused for each in refused)


def test_it_finds_what_trying_every_effort_finds() -> None:
    """Leaving out what cannot win loses nothing: all plans of the orders and efforts, judged without pruning."""
    chain = row(4, Heralded(0.2, 1.0, 0.96), Station(t1_s=500.0, t2_s=500.0, gate2_depolarizing=1e-3), 0.1)
    goal = Goal(0.9)
    chosen, _ = best_plan(chain, goal)
    assert chosen is not None
    everything: list[Plan] = []
    for purified in range(3):
        for after in range(3):
            flat = with_link_purification(swap_asap(4), purified)
            everything.append(_ends(flat, after))
    rivals = [judged(plan.on(chain)) for plan in everything]
    best = max((each.rate_per_s for each in rivals if not each.misses(goal)), default=0.0)
    assert chosen.rate_per_s >= 0.9 * best
    assert len(EFFORTS) == 3 * 2 * 3 * 4


def _ends(plan: Plan, rounds: int) -> Plan:
    from qstack.swapping import with_end_purification

    return with_end_purification(plan, rounds)


def test_the_choice_is_repeatable_and_can_be_stopped() -> None:
    chain = row(3, Heralded(0.2, 1.0, 0.95), Station(t1_s=100.0, t2_s=100.0))
    first, second = best_plan(chain, Goal(0.8)), best_plan(chain, Goal(0.8))
    assert first[0] is not None and second[0] is not None
    assert (first[0].plan, first[0].rate_per_s) == (second[0].plan, second[0].rate_per_s)

    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        best_plan(chain, Goal(0.8), check)


def test_senseless_goals_are_refused() -> None:
    for wrong in ({"min_fidelity": 1.2}, {"min_fidelity": math.nan}, {"deadline_s": 0.0}, {"key_rate_per_s": -1.0}):
        with pytest.raises(GoalError):
            Goal(**wrong)


def test_more_effort_is_never_faster() -> None:
    """What the search relies on."""
    _, tried = best_plan(row(3, Heralded(0.2, 1.0, 0.95), Station(t1_s=300.0, t2_s=300.0)), Goal(0.999))
    (plain,) = [each for each in tried if each.plan == swap_asap(3)]
    assert len(tried) > 10
    assert all(each.rate_per_s < 1.1 * plain.rate_per_s for each in tried)
