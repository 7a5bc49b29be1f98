"""Closed forms of means, against exact arithmetic, against each other, and against samples."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.link import Heralded
from qstack.stats import mean, within_sigma
from qstack.swapping import (
    Chain,
    Cutoff,
    LinkPair,
    Multiplex,
    Plan,
    Purify,
    Station,
    Swap,
    balanced,
    mean_slowest,
    nested_purification,
    sequential,
    swap_asap,
    with_end_purification,
    with_link_purification,
)
from tests.swapping.test_sampling import Growing, row

A, B = LinkPair(hop=0), LinkPair(hop=1)


def by_inclusion_and_exclusion(chances: list[float]) -> float:
    """E[max] as the alternating sum over all subsets, exact enough to survive its cancellation."""
    with localcontext() as exact:
        exact.prec = 60
        failing = [1 - Decimal(p) for p in chances]
        return float(
            sum(
                (-1) ** (size + 1) / (1 - math.prod(subset, start=Decimal(1)))
                for size in range(1, len(chances) + 1)
                for subset in combinations(failing, size)
            )
        )


def of_equals(p: float, n: int) -> float:
    """The same for equal chances, where subsets of one size are alike; 500 digits for a thousand links."""
    with localcontext() as exact:
        exact.prec = 500
        q = 1 - Decimal(p)
        return float(sum((-1) ** (k + 1) * math.comb(n, k) / (1 - q**k) for k in range(1, n + 1)))


@pytest.mark.parametrize(
    ("p", "n"),
    [(0.1, 1), (0.1, 8), (0.01, 8), (1.0, 5), (0.9, 100), (1e-3, 1), (1e-3, 5), (0.003, 50), (1e-6, 2), (1e-6, 1000),
     (1e-9, 3)],
)  # fmt: skip
def test_the_slowest_of_equal_links(p: float, n: int) -> None:
    expected = of_equals(p, n) if p < 1 else 1.0
    assert mean_slowest([p] * n) == pytest.approx(expected, rel=1e-10)


def test_published_figures_of_parallel_links() -> None:
    for p, figures in (
        (0.1, (10, 14.73684, 20.27338, 26.29578)),
        (0.01, (100, 149.74874, 207.78992, 270.92451)),
    ):
        assert [mean_slowest([p] * n) for n in (1, 2, 4, 8)] == pytest.approx(figures, abs=5e-6)


@given(st.lists(st.floats(-7, 0).map(lambda exponent: 10**exponent), min_size=1, max_size=6))
def test_the_slowest_of_unequal_links(chances: list[float]) -> None:
    assert mean_slowest(chances) == pytest.approx(by_inclusion_and_exclusion(chances), rel=1e-10)


def agrees(plan: Plan, chain: Chain, seed: int, shots: int = 60_000) -> None:
    """Both means are there, and samples agree."""
    planned = plan.on(chain)
    expected, delivery = planned.expected(), planned.sample(shots, np.random.default_rng(seed))
    assert expected.reason == ""
    assert expected.time_s is not None
    assert expected.state is not None
    assert within_sigma(mean(delivery.shot_time_s), expected.time_s)
    for k in range(4):
        sampled = mean(delivery.states[:, 0, k])
        assert abs(sampled.value - expected.state[k]) < 4 * sampled.std_error + 1e-12


def line(hops: int, decays: bool, delayed: bool = True) -> Chain:
    """Nodes and hops that differ; with delay, gates, messages and failures cost time."""
    stations = tuple(
        Station(
            *((0.2 + 0.1 * k, 0.1 + 0.05 * k) if decays else (math.inf, math.inf)),
            0.01,
            0.02 + 0.01 * k,
            0.015,
            operation_time_s=3e-4 if delayed else 0.0,
            swap_success=0.7 if delayed else 1.0,
        )
        for k in range(hops + 1)
    )
    links = tuple(Heralded(0.2 + 0.1 * (k % 3), 1e-3, 0.96 - 0.01 * k) for k in range(hops))
    return Chain(
        tuple(f"n{k}" for k in range(hops + 1)), stations, links, tuple(7e-4 * (1 + k) * delayed for k in range(hops))
    )


TWO = swap_asap(2)


@pytest.mark.parametrize("delayed", [True, False])
@pytest.mark.parametrize("decays", [True, False])
@pytest.mark.parametrize(
    "plan",
    [A, Multiplex(of=A, tries=4), TWO, Swap(parts=(Multiplex(of=A, tries=3), B)),
     *(Cutoff(of=TWO, age_s=age) for age in (4e-4, 1e-3, 3.5e-3, 1e-2))],
)  # fmt: skip
def test_links_and_two_of_them_swapped_with_and_without_a_cutoff(plan: Plan, decays: bool, delayed: bool) -> None:
    agrees(plan, line(plan.last, decays, delayed), 1)


@pytest.mark.parametrize(
    "plan",
    [
        Purify(of=A, rounds=2),
        Purify(of=A, scheme="bbpssw", rounds=2, style="pumped"),
        Purify(of=Multiplex(of=A, tries=2), scheme="double_selection", rounds=2, style="pumped"),
        with_end_purification(TWO, 1),
        Purify(of=Cutoff(of=TWO, age_s=2e-3), scheme="double_selection"),
        Purify(of=with_end_purification(TWO, 1), style="pumped", rounds=2),
    ],
)
def test_purification_where_nothing_decays(plan: Plan) -> None:
    agrees(plan, line(plan.last, decays=False), 2, 20_000)


@pytest.mark.parametrize("hops", [3, 8])
def test_many_links_with_instant_control(hops: int) -> None:
    agrees(swap_asap(hops), line(hops, decays=False, delayed=False), 3)


@pytest.mark.parametrize(("hops", "fidelity"), [(2, 0.903333), (4, 0.819126), (8, 0.681872)])
def test_werner_chains(hops: int, fidelity: float) -> None:
    for plan in (swap_asap(hops), balanced(hops), sequential(hops)):
        state = plan.on(row(hops, Heralded(0.1, 1.0, 0.95))).expected().state
        assert state is not None
        np.testing.assert_allclose(state, bell.werner(fidelity), atol=1e-6)


def test_the_mean_time_of_the_reference_chain() -> None:
    for hops, rate in ((2, 168.10), (4, 121.61), (8, 93.48), (16, 75.29)):
        expected = swap_asap(hops).on(row(hops, Heralded(0.05, 200e-6, 0.99), Station(1.0, 1.0))).expected()
        assert expected.time_s is not None
        assert 1 / expected.time_s == pytest.approx(rate, abs=5e-3)
        assert (expected.state is None) == (hops > 2)
    two = swap_asap(2).on(row(2, Heralded(0.05, 200e-6, 0.99), Station(1.0, 1.0))).expected()
    assert two.state is not None
    assert two.state[0] == pytest.approx(0.9745, abs=5e-5)


def test_cutoffs_of_the_circuit() -> None:
    plan = Cutoff(of=TWO, age_s=5.0)
    assert plan.on(row(2, Heralded(0.1, 1.0))).expected().time_s == pytest.approx(20.75117, abs=5e-6)
    sure = plan.on(row(2, Heralded(1.0, 1.0))).expected()
    assert sure.time_s == pytest.approx(1.0)
    # Rare links and a short cutoff: both herald within 101 slots of each other about once in 1 / (101 p) tries.
    rare = Cutoff(of=TWO, age_s=50e-6).on(row(2, Heralded(1e-6, 1e-6))).expected().time_s
    q, tau = 1 - 1e-6, 50
    late = 2 * q * -math.expm1(tau * math.log1p(-1e-6))
    assert rare == pytest.approx((1 + late) / (1e-6 + late), rel=1e-9)


@pytest.mark.parametrize(
    ("plan", "decays", "reason"),
    [
        (swap_asap(3), True, "memories decay while pairs wait"),
        (swap_asap(4), False, "outcomes of the swaps take different times to the ends"),
        (balanced(4), False, "geometric waiting times"),
        (nested_purification(2, 1), False, "geometric waiting times"),
        (Purify(of=A), True, "memories decay while pairs wait for the next"),
        (Cutoff(of=TWO, age_s=1.0, scope="pair"), False, "a cutoff has a formula for"),
        (Cutoff(of=swap_asap(3), age_s=1.0), False, "a cutoff has a formula for"),
        (Multiplex(of=TWO, tries=2), False, "2 side by side"),
        (with_link_purification(TWO, 1), False, "geometric waiting times"),
    ],
)
def test_what_has_no_formula_says_why(plan: Plan, decays: bool, reason: str) -> None:
    expected = plan.on(line(plan.last, decays)).expected()
    assert expected.time_s is None or expected.state is None
    assert reason in expected.reason


def test_links_of_a_kind_without_a_formula() -> None:
    chain = Chain(("a", "b"), (Station(),) * 2, (Growing(),), (0.0,))
    assert "not geometric" in A.on(chain).expected().reason
    slots = Chain(("a", "b", "c"), (Station(),) * 3, (Heralded(0.1, 1.0), Heralded(0.1, 2.0)), (0.0, 0.0))
    expected = TWO.on(slots).expected()
    assert expected.time_s is None
    assert expected.state is not None
    assert "same time" in expected.reason
