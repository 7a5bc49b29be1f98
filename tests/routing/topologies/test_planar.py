"""Generated graphs: counts, degrees, connectedness and their defining conditions, judged by brute force."""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.routing import Network
from qstack.routing.topologies import TopologyError

SEEDS = st.integers(0, 2**64)
SIDES = st.sampled_from(["", "&side_km=1", "&side_km=300.5"])


def reached(network: Network) -> set[str]:
    """The nodes that links lead to from the first, by rounds of relaxation."""
    found = {network.nodes[0].name}
    for _ in network.nodes:
        found |= {name for link in network.links if found & set(link.between) for name in link.between}
    return found


def degrees(network: Network) -> Counter[int]:
    ends = Counter(name for link in network.links for name in link.between)
    return Counter(ends[node.name] for node in network.nodes)


def pairs(network: Network) -> set[frozenset[str]]:
    return {frozenset(link.between) for link in network.links}


def apart(network: Network, first: str, second: str) -> float:
    a, b = network.node(first), network.node(second)
    return math.dist((a.x_km, a.y_km), (b.x_km, b.y_km))


@given(st.integers(2, 40), st.floats(0.01, 200))
def test_a_chain_is_a_path(count: int, length: float) -> None:
    network = Network.load(f"chain:{count}?length_km={length!r}")
    assert [link.between for link in network.links] == [(f"n{i}", f"n{i + 1}") for i in range(1, count)]
    assert {link.length_km for link in network.links} == {length}
    assert apart(network, "n1", f"n{count}") == pytest.approx((count - 1) * length)


@given(st.integers(3, 40), st.floats(0.01, 200))
def test_a_ring_is_one_cycle_of_equal_steps(count: int, length: float) -> None:
    network = Network.load(f"ring:{count}?length_km={length!r}")
    assert degrees(network) == {2: count}
    assert len(reached(network)) == len(network.links) == count
    assert all(apart(network, *link.between) == pytest.approx(length) for link in network.links)


@given(st.integers(1, 8), st.integers(2, 8))
def test_a_grid_links_cells_that_are_one_step_apart(rows: int, columns: int) -> None:
    network = Network.load(f"grid:{rows}x{columns}?length_km=3")
    cells = [(r, c) for r in range(1, rows + 1) for c in range(1, columns + 1)]
    near = {
        frozenset({f"r{a}c{b}", f"r{c}c{d}"})
        for (a, b), (c, d) in itertools.combinations(cells, 2)
        if abs(a - c) + abs(b - d) == 1
    }
    assert {node.name for node in network.nodes} == {f"r{r}c{c}" for r, c in cells}
    assert pairs(network) == near
    assert len(network.links) == len(near)


@given(st.integers(2, 25), SEEDS, SIDES)
def test_gabriel_links_have_an_empty_circle_and_all_such_pairs_are_linked(count: int, seed: int, side: str) -> None:
    network = Network.load(f"gabriel:{count}?seed={seed}{side}")
    names = [node.name for node in network.nodes]
    empty = set()
    for a, b in itertools.combinations(names, 2):
        square = apart(network, a, b) ** 2
        others = (name for name in names if name not in (a, b))
        # A third node is outside the circle when it sees the diameter under an acute angle.
        if all(apart(network, a, c) ** 2 + apart(network, c, b) ** 2 > square for c in others):
            empty.add(frozenset({a, b}))
    assert pairs(network) == empty
    assert reached(network) == set(names)
    assert count < 3 or len(network.links) <= 3 * count - 6


@given(st.integers(2, 25), SEEDS, st.sampled_from([5.0, 30.0, 1000.0]))
def test_a_waxman_graph_is_simple_and_in_one_piece(count: int, seed: int, decay: float) -> None:
    network = Network.load(f"waxman:{count}?seed={seed}&decay_km={decay}")
    assert len(network.nodes) == count
    assert reached(network) == {node.name for node in network.nodes}
    assert len(pairs(network)) == len(network.links)
    for link in network.links:
        assert link.length_km == pytest.approx(max(1.4 * apart(network, *link.between), 0.1), abs=5e-4)


@given(st.integers(2, 12), SEEDS)
def test_parts_are_joined_by_the_shortest_links(count: int, seed: int) -> None:
    """With a decay so short that nothing is drawn, what joins the nodes is their shortest spanning tree (Prim)."""
    network = Network.load(f"waxman:{count}?seed={seed}&decay_km=0.1&side_km=3000")
    names = [node.name for node in network.nodes]
    tree, inside = set(), {names[0]}
    while len(inside) < count:
        a, b = min(((a, b) for a in inside for b in set(names) - inside), key=lambda pair: apart(network, *pair))
        tree.add(frozenset({a, b}))
        inside.add(b)
    assert pairs(network) == tree
    assert f"{count - 1} links were added" in network.description


def test_waxman_links_become_rarer_with_distance_as_told() -> None:
    """Over many graphs, links within bins of distance are as frequent as beta exp(-d / decay_km) says."""
    seen, expected, variance = np.zeros(4), np.zeros(4), np.zeros(4)
    bins = np.array([0.0, 60.0, 120.0, 200.0, 500.0])
    for seed in range(60):
        network = Network.load(f"waxman:30?seed={seed}&degree=5&decay_km=80&side_km=300")
        beta = float(network.description.split("probability ")[1].split(" exp")[0])
        for a, b in itertools.combinations((node.name for node in network.nodes), 2):
            distance = apart(network, a, b)
            at = int(np.searchsorted(bins, distance)) - 1
            p = beta * math.exp(-distance / 80)
            expected[at] += p
            variance[at] += p * (1 - p)
        for link in network.links:
            seen[int(np.searchsorted(bins, apart(network, *link.between))) - 1] += 1
    # Joins add links; a bin may have a few more than drawn, and beta is told with three digits.
    assert np.all(np.abs(seen - expected) < 4 * np.sqrt(variance) + 0.02 * expected)


def test_a_wanted_degree_is_met_on_average() -> None:
    counts = [len(Network.load(f"waxman:200?seed={seed}&degree=6").links) for seed in range(5)]
    # 600 links are expected; variances of single pairs add up to less than that.
    assert abs(sum(counts) / 5 - 600) < 4 * math.sqrt(600 / 5) + 2


@pytest.mark.parametrize("what", ["waxman:40", "gabriel:40"])
def test_a_seed_decides_everything(what: str) -> None:
    assert Network.load(f"{what}?seed=3") == Network.load(f"{what}?seed=3")
    assert Network.load(f"{what}?seed=3") != Network.load(f"{what}?seed=4")


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("chain:1", "from 2 to 20,000"),
        ("ring:2", "from 3 to 20,000"),
        ("gabriel:20001", "from 2 to 20,000"),
        ("waxman:-3", "no number of nodes"),
        ("waxman:", "no number of nodes"),
        ("grid:1x1", "no size of a grid"),
        ("grid:999x999", "no size of a grid"),
        ("grid:3", "such as 10x10"),
        ("waxman:9?degree=8.5", "cannot be reached"),
        ("chain:20000?length_km=5000", "x_km"),
    ],
)
def test_sizes_that_make_no_graph_are_refused(reference: str, told: str) -> None:
    with pytest.raises(TopologyError, match=told):
        Network.load(reference)


@pytest.mark.slow
def test_ten_thousand_nodes_take_seconds() -> None:
    began = time.perf_counter()
    network = Network.load("waxman:10000?seed=1&degree=6")
    assert time.perf_counter() - began < 30
    assert abs(len(network.links) - 30_000) < 4 * math.sqrt(30_000) + 100
