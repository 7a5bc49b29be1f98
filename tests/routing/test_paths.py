"""The choice of path and plan, against enumeration and against figures known by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.routing import Network, NetworkError, NoRouteError, best_route
from qstack.routing.paths import _slowness, simple_paths
from qstack.swapping import balanced, swap_asap
from qstack.swapping.optimise import Goal, GoalError

EXAMPLES = Path(__file__).parents[2] / "examples"

SQUARE = """
name: One quick way that is noisy and one slow way that is clean
defaults: {links: {kind: heralded, attempt_time_s: 0.001}}
nodes: [{name: A}, {name: B}, {name: C}, {name: D}]
links:
  - {between: [A, B], success_probability: 0.5, fidelity: 0.9}
  - {between: [B, D], success_probability: 0.5, fidelity: 0.9}
  - {between: [A, C], success_probability: 0.1, fidelity: 0.99}
  - {between: [C, D], success_probability: 0.1, fidelity: 0.99}
"""


def by_enumeration(edges: dict[frozenset[int], float], source: int, target: int) -> list[tuple[float, tuple[int, ...]]]:
    """Every loopless path with its cost, by walking all of them."""
    found = []

    def walk(path: tuple[int, ...], cost: float) -> None:
        if path[-1] == target:
            found.append((cost, path))
            return
        for ends, more in edges.items():
            if path[-1] in ends:
                (other,) = ends - {path[-1]}
                if other not in path:
                    walk((*path, other), cost + more)

    walk((source,), 0.0)
    return sorted(found)


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(1, 500), min_size=n * n, max_size=n * n))
    )
)
def test_paths_come_all_of_them_in_order_of_time(drawn: tuple[int, list[int]]) -> None:
    n, numbers = drawn
    edges = {
        frozenset((i, j)): float(numbers[i * n + j])
        for i, j in itertools.combinations(range(n), 2)
        if numbers[j * n + i] % 3 or j == i + 1
    }
    links = [
        {"between": [f"n{min(e)}", f"n{max(e)}"], "kind": "heralded", "success_probability": 1, "attempt_time_s": cost}
        for e, cost in edges.items()
    ]
    network = Network.model_validate({"nodes": [{"name": f"n{i}"} for i in range(n)], "links": links})
    found = [tuple(int(name[1:]) for name in path) for path in simple_paths(network, "n0", f"n{n - 1}", _slowness)]
    expected = by_enumeration(edges, 0, n - 1)
    costs = {path: cost for cost, path in expected}
    assert sorted(found) == sorted(path for _, path in expected)
    assert [costs[path] for path in found] == [cost for cost, _ in expected]


def test_the_fastest_path_wins_until_a_fidelity_is_asked_for() -> None:
    network = Network.from_yaml(SQUARE)
    fast = best_route(network, "A", "D")
    assert fast.path == ("A", "B", "D")
    assert fast.chosen.plan.text == "1 swap as soon as possible"
    assert fast.chosen.fidelity == pytest.approx(float(bell.swap(bell.werner(0.9), bell.werner(0.9))[0]))
    # Two geometrics of 1/2: the slower takes 8/3 attempts.
    assert fast.chosen.rate_per_s == pytest.approx(1000 / (8 / 3), rel=0.15)
    slower = {other.chain.path: other.refused for other in fast.alternatives}
    assert slower["A", "C", "D"].startswith("slower")
    less_slow = Network.from_yaml(SQUARE.replace("0.1", "0.4"))
    clean = best_route(less_slow, "A", "D", 0.97)
    assert clean.path == ("A", "C", "D")
    assert clean.chosen.fidelity == pytest.approx(float(bell.swap(bell.werner(0.99), bell.werner(0.99))[0]))
    reasons = {(other.chain.path, other.plan.text): other.refused for other in clean.alternatives}
    refused = reasons[("A", "B", "D"), "1 swap as soon as possible"]
    assert refused == "fidelity 0.813 is below the 0.97 asked for"


def test_purifying_the_fast_path_can_beat_the_clean_one() -> None:
    # One DEJMPS round on each link of fidelity 0.9 gives 0.926, and 0.86 after the swap.
    route = best_route(Network.from_yaml(SQUARE), "A", "D", 0.83)
    assert route.path == ("A", "B", "D")
    assert "DEJMPS" in route.chosen.plan.text
    assert route.chosen.fidelity >= 0.83
    direct = best_route(Network.from_yaml(SQUARE), "A", "D")
    assert route.chosen.rate_per_s < direct.chosen.rate_per_s


def test_the_chosen_candidate_is_the_fastest_that_reaches_the_fidelity() -> None:
    network = Network.load(EXAMPLES / "netherlands.yaml")
    for floor in (0.0, 0.9, 0.93):
        route = best_route(network, "Amsterdam", "Eindhoven", floor)
        goal = Goal(floor)
        assert not route.chosen.misses(goal)
        for other in route.alternatives:
            assert other.refused
            assert replace(other, refused="").misses(goal) or other.rate_per_s <= route.chosen.rate_per_s


def test_a_far_cleaner_path_is_found_behind_many_faster_ones() -> None:
    """Six parallel fast and noisy ways, one slow and clean: it has to be a candidate although it is the slowest."""
    nodes = ["A", "Z", *(f"m{k}" for k in range(7))]
    links = []
    for k in range(7):
        quick = (
            {"success_probability": 0.5, "fidelity": 0.8}
            if k < 6
            else {"success_probability": 0.001, "fidelity": 0.999}
        )
        links += [{"between": [end, f"m{k}"], "kind": "heralded", "attempt_time_s": 1e-3, **quick} for end in "AZ"]
    network = Network.model_validate({"nodes": [{"name": name} for name in nodes], "links": links})
    assert best_route(network, "A", "Z", 0.99).path == ("A", "m6", "Z")


def test_what_cannot_be_reached_is_refused_with_the_best_there_is() -> None:
    network = Network.from_yaml(
        """
        platforms: {rough: {base: perfect, gate2_depolarizing: 0.1}}
        defaults: {platform: rough, links: {kind: heralded, success_probability: 0.5, attempt_time_s: 0.001}}
        nodes: [{name: A}, {name: B}, {name: C}]
        links: [{between: [A, B], fidelity: 0.99}, {between: [B, C], fidelity: 0.6}]
        """
    )
    with pytest.raises(NoRouteError, match=r"reaches fidelity 0\.99; the best is 0\..*the link B - C") as caught:
        best_route(network, "A", "C", 0.99)
    assert caught.value.exit_code == 2


def test_swaps_that_hardly_ever_succeed_together_succeed_in_levels() -> None:
    names = [f"n{k}" for k in range(8)]
    link = {"kind": "heralded", "success_probability": 0.5, "attempt_time_s": 0.001}
    network = Network.model_validate(
        {
            "nodes": [{"name": name, "swap_success": 0.08} for name in names],
            "links": [{"between": ends, **link} for ends in itertools.pairwise(names)],
        }
    )
    route = best_route(network, "n0", "n7")
    assert route.chosen.plan == balanced(7)
    (flat,) = [each for each in route.alternatives if each.plan == swap_asap(7)]
    assert "its swaps succeed so rarely" in flat.refused


def test_senseless_questions_are_refused() -> None:
    network = Network.from_yaml(SQUARE)
    with pytest.raises(NetworkError, match="no node 'E'"):
        best_route(network, "A", "E")
    with pytest.raises(NoRouteError, match="two different nodes"):
        best_route(network, "A", "A")
    for floor in (-0.1, 1.1, float("nan")):
        with pytest.raises(GoalError, match="no probability"):
            best_route(network, "A", "D", floor)
    with pytest.raises(GoalError, match="deadline"):
        best_route(network, "A", "D", deadline_s=0.0)


def test_a_deadline_and_a_key_rate_are_goals_too() -> None:
    network = Network.from_yaml(SQUARE)
    # The clean path takes longer than the deadline in more than one of twenty cases.
    hurried = best_route(network, "A", "D", deadline_s=0.02)
    assert hurried.path == ("A", "B", "D")
    assert any("the deadline is 0.02 s" in other.refused for other in hurried.alternatives)
    with pytest.raises(NoRouteError, match=r"95 % of its pairs within 0.0001 s; the best is 95 % within 0.006 s"):
        best_route(network, "A", "D", deadline_s=1e-4)
    keyed = best_route(network, "A", "D", key_rate_per_s=1.0)
    # Fidelity 0.81 gives no key, so only the slow path, or purified pairs of the fast one, do.
    assert keyed.chosen.key_rate_per_s == max(
        [keyed.chosen.key_rate_per_s, *(other.key_rate_per_s for other in keyed.alternatives)]
    )
    assert keyed.chosen.fidelity > 0.85
    with pytest.raises(NoRouteError, match=r"gives 1e\+06 key bits/s; the best is .* key bits/s"):
        best_route(network, "A", "D", key_rate_per_s=1e6)


def test_the_choice_is_the_same_every_time_and_can_be_stopped() -> None:
    network = Network.from_yaml(SQUARE)
    assert best_route(network, "A", "D", 0.9) == best_route(network, "A", "D", 0.9)

    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        best_route(network, "A", "D", check=check)
