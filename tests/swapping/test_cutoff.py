"""Cutoffs, of the whole circuit and of single pairs: closed formulas, the slow judge, and the compiled kernel."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.link import Heralded
from qstack.stats import mean, within_sigma
from qstack.swapping import (
    Chain,
    Cutoff,
    LinkPair,
    Plan,
    PlanError,
    Purify,
    Station,
    Swap,
    balanced,
    events,
    swap_asap,
    with_link_purification,
)
from tests.swapping.test_sampling import agrees, row, uneven

SCOPES = ("circuit", "pair")


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "numba", None)
    events.kernel.cache_clear()
    yield
    events.kernel.cache_clear()


def two(p: float, slot_s: float) -> Chain:
    return row(2, Heralded(p, slot_s))


@pytest.mark.parametrize("slot_s", [1.0, 200e-6, 1 / 3])
@pytest.mark.parametrize(("p", "tau"), [(0.1, 5), (0.5, 1), (0.3, 3), (0.02, 40)])
def test_two_links_of_which_the_first_waits_some_slots_at_most(p: float, tau: int, slot_s: float) -> None:
    """E[T] = (1 + 2q(1 - q^tau)) / (p (p + 2q(1 - q^tau))) slots; what comes at the very cutoff counts."""
    late = 2 * (1 - p) * (1 - (1 - p) ** tau)
    slots = (1 + late) / (p * (p + late))
    assert (p, tau) != (0.1, 5) or slots == pytest.approx(20.75117, abs=5e-6)
    delivery = Cutoff(of=swap_asap(2), age_s=tau * slot_s).on(two(p, slot_s)).sample(40_000, np.random.default_rng(tau))
    assert within_sigma(mean(delivery.shot_time_s / slot_s), slots)


@pytest.mark.parametrize("tau", [1, 3, 10])
def test_two_links_whose_pairs_are_renewed_singly(tau: int) -> None:
    """With instant control one link always has a pair that is fresh at most tau slots ago, or both have none.

    Renewal: one pair is ready. If the other follows within tau slots, that ends it; if not, the first begins again
    while the other has been trying all along. By first steps over the slots, on the chain of ages.
    """
    p, q = 0.2, 0.8
    # Unknowns: the mean slots left with both links without a pair, and with one pair of age 0, 1, ..., tau.
    size = tau + 2
    matrix, right = np.eye(size), np.ones(size)
    matrix[0, 0] -= q * q
    matrix[0, 1] -= 2 * p * q
    for age in range(tau):
        matrix[1 + age, 2 + age] -= q
    # At age tau the pair expires at once: both try in the slot that follows.
    matrix[1 + tau] = 0
    matrix[1 + tau, 1 + tau], matrix[1 + tau, 0], right[1 + tau] = 1, -1, 0
    slots = np.linalg.solve(matrix, right)[0]
    delivery = (
        Cutoff(of=swap_asap(2), age_s=float(tau), scope="pair")
        .on(two(p, 1.0))
        .sample(40_000, np.random.default_rng(tau))
    )
    assert within_sigma(mean(delivery.shot_time_s), slots)


PLANS: dict[str, Plan] = {
    "short": Cutoff(of=swap_asap(3), age_s=1e-3),
    "long": Cutoff(of=swap_asap(3), age_s=4e-3),
    "of purified links": Cutoff(of=with_link_purification(swap_asap(2), 1), age_s=8e-3),
    "inside another": Cutoff(
        of=Swap(parts=(Cutoff(of=swap_asap(2), age_s=2e-3), LinkPair(hop=2))), age_s=6e-3
    ),
    "of a doubling, purified": Purify(of=Cutoff(of=balanced(3), age_s=5e-3), style="pumped"),
}  # fmt: skip


def scoped(plan: Plan, scope: str) -> Plan:
    """The plan with all its cutoffs of one scope."""
    return type(plan).model_validate_json(plan.to_json().replace('"circuit"', f'"{scope}"'))


@pytest.mark.parametrize("quick", [True, False], ids=["instant", "delayed"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", PLANS)
def test_cutoffs_follow_the_judge(name: str, scope: str, quick: bool) -> None:
    plan = scoped(PLANS[name], scope)
    chain = uneven(plan.last, quick)
    seed = sorted(PLANS).index(name) + 1
    agrees(plan.on(chain).sample(30_000, np.random.default_rng(seed)), chain, plan, seed)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_cutoff_that_never_comes_changes_nothing(scope: str) -> None:
    chain = uneven(4)
    plain, cut = (
        plan.on(chain).sample(20_000, np.random.default_rng(k))
        for k, plan in enumerate((swap_asap(4), Cutoff(of=swap_asap(4), age_s=1e6, scope=scope)))
    )
    for one, other in ((plain.shot_time_s, cut.shot_time_s), (plain.states[..., 0], cut.states[..., 0])):
        first, second = mean(one), mean(other)
        assert abs(first.value - second.value) < 4 * math.hypot(first.std_error, second.std_error)


@pytest.mark.parametrize("scope", SCOPES)
def test_no_pair_is_older_than_its_cutoff(scope: str) -> None:
    """Perfect links and a dephasing memory at the middle node only: the fidelity tells how long a pair waited."""
    memory_s, age_s = 10.0, 3.0
    stations = (Station(), Station(t2_s=memory_s), Station())
    chain = Chain(("a", "b", "c"), stations, (Heralded(0.1, 1.0),) * 2, (0.0, 0.0))
    delivery = Cutoff(of=swap_asap(2), age_s=age_s, scope=scope).on(chain).sample(4000, np.random.default_rng(1))
    waited_s = -memory_s * np.log(2 * delivery.states[..., 0] - 1)
    assert set(np.round(waited_s, 6).ravel()) == {0.0, 1.0, 2.0, 3.0}


def test_cutoffs_at_known_times_and_one_that_nothing_can_meet() -> None:
    """Two links that herald after 1 s and 3 s. Given up together after 0.4 s, they never meet.

    Given up singly, the quick one has pairs from 1.0 to 1.4 s, from 2.4, 3.8, 5.2 and 6.6 s, the slow one from 3.0
    to 3.4 and from 6.4 to 6.8 s: they meet at 6.6 s.
    """
    chain = Chain(("a", "b", "c"), (Station(),) * 3, (Heralded(1.0, 1.0), Heralded(1.0, 3.0)), (0.0, 0.0))

    def taken(age_s: float, scope: str) -> float:
        plan = Cutoff(of=swap_asap(2), age_s=age_s, scope=scope)
        return float(plan.on(chain).sample(1, np.random.default_rng(1)).shot_time_s[0])

    assert taken(2.0, "circuit") == taken(2.0, "pair") == pytest.approx(3.0)
    assert taken(0.4, "pair") == pytest.approx(6.6)
    with pytest.raises(PlanError, match=r"nodes 0 to 2: worked 0 times in 1,\d+,\d+ tries; give its cutoff"):
        taken(0.4, "circuit")


def test_pairs_that_never_meet_one_by_one_are_refused() -> None:
    plan = Cutoff(of=swap_asap(6), age_s=1e-9, scope="pair")
    with pytest.raises(PlanError, match="worked 0 times"):
        plan.on(row(6, Heralded(1e-5, 1e-6))).sample(1, np.random.default_rng(1))


@given(st.integers(2, 5), st.floats(0.5, 6), st.booleans(), st.integers(0, 99))
def test_compiled_or_not_the_kernel_does_the_same(parts: int, age: float, far: bool, seed: int) -> None:
    pytest.importorskip("numba")
    took_s = np.random.default_rng(seed).geometric(0.3, size=parts * 60).astype(np.float64)
    edges_s = np.linspace(0, parts * 0.25, parts + 1) * far

    def played(play) -> list[np.ndarray]:
        ends = np.arange(1, parts + 1) * 60
        kept = [ends - 60, np.array([0.0, parts - 1.0, 0.0]), np.zeros(parts, dtype=np.int64), np.zeros(parts)]
        filled = [np.zeros((20, parts), dtype=np.int64), np.zeros((20, parts))]
        following, run, place, ready_s = kept
        done = play(took_s, following, ends, edges_s, age, run, place, ready_s, *filled)
        return [np.array(done), *kept, *(each[:done] for each in filled)]

    for one, other in zip(played(events.expiries), played(events.kernel()), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_kernel_goes_on_where_pairs_ran_out() -> None:
    """Fed in one piece or in scraps, it finds the same swaps."""
    parts, total, age_s = 3, 400, 2.0
    took_s = np.random.default_rng(1).geometric(0.3, size=(parts, total)).astype(np.float64)
    edges_s = np.array([0.0, 1.0, 2.0, 4.0])

    def played(scraps: int) -> np.ndarray:
        following = np.arange(parts) * total
        place, ready_s, run = np.zeros(parts, dtype=np.int64), np.zeros(parts), np.array([0.0, parts - 1.0, 0.0])
        times: list[np.ndarray] = []
        for end in np.linspace(0, total, scraps + 1)[1:].astype(int):
            places, times_s = np.empty((1000, parts), dtype=np.int64), np.empty((1000, parts))
            done = events.expiries(
                took_s.ravel(), following, np.arange(parts) * total + end, edges_s, age_s, run, place, ready_s,
                places, times_s,
            )  # fmt: skip
            times.append(times_s[:done])
        return np.concatenate(times)

    whole = played(1)
    assert len(whole) > 10
    np.testing.assert_array_equal(played(57), whole)


def test_without_numba_the_kernel_is_plain_python_and_follows_the_judge(without_numba: None) -> None:
    assert events.kernel() is events.expiries
    plan, chain = PLANS["short"], uneven(3)
    agrees(scoped(plan, "pair").on(chain).sample(4000, np.random.default_rng(3)), chain, scoped(plan, "pair"), 3)
