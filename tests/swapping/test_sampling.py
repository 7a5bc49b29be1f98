"""Plans sampled: every kind of vertex against a slow judge that goes event by event, and against closed formulas."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from qstack import bell
from qstack.link import Arm, DoubleClick, Fibre, Heralded
from qstack.link.model import Heralds
from qstack.stats import chi_square_p, mean, within_sigma
from qstack.swapping import (
    Chain,
    Cutoff,
    Delivery,
    LinkPair,
    Multiplex,
    Plan,
    PlanError,
    Purify,
    Station,
    Swap,
    balanced,
    nested_purification,
    ranked,
    sequential,
    swap_asap,
    with_end_purification,
    with_link_purification,
)
from qstack.swapping.sampling.pairs import Pairs
from qstack.swapping.sampling.restarts import Tries, until_success
from tests.swapping import density
from tests.swapping.events import Judge, relaxation

A, B, C = (LinkPair(hop=hop) for hop in range(3))


def uneven(hops: int, quick: bool = False) -> Chain:
    """A chain in which no two nodes and hops are alike; if quick, nothing takes time but links and no swap fails."""
    stations = tuple(
        Station(
            t1_s=0.5 + 0.1 * k,
            t2_s=0.2 + 0.05 * k,
            gate1_depolarizing=0.01 + 0.002 * k,
            gate2_depolarizing=0.02 + 0.003 * k,
            readout_error=0.01 + 0.004 * k,
            operation_time_s=0.0 if quick else 2e-4 + 1e-4 * k,
            swap_success=1.0 if quick else 0.6 + 0.1 * (k % 3),
        )
        for k in range(hops + 1)
    )
    links = tuple(Heralded(0.3 + 0.1 * (k % 3), 1e-3, 0.96 - 0.01 * k) for k in range(hops))
    flight_s = tuple(0.0 if quick else 7e-4 * (1 + k % 2) for k in range(hops))
    return Chain(tuple(f"n{k}" for k in range(hops + 1)), stations, links, flight_s)


def row(hops: int, link: Heralded, station: Station = Station()) -> Chain:  # noqa: B008
    return Chain(tuple(f"n{k}" for k in range(hops + 1)), (station,) * (hops + 1), (link,) * hops, (0.0,) * hops)


def agrees(delivery: Delivery, chain: Chain, plan: Plan, seed: int, judged: int = 600) -> None:
    """Mean and mean square of the time, and the mean state, against the judge, within four standard errors."""
    judge = Judge(chain, plan, seed)
    times, states = (np.array(each) for each in zip(*(judge.make() for _ in range(judged)), strict=True))
    ours = [delivery.shot_time_s, delivery.shot_time_s**2, *delivery.states[:, 0].T]
    theirs = [times, times**2, *states.T]
    for name, one, other in zip(("time", "time^2", *"0123"), map(mean, ours), map(mean, theirs), strict=True):
        bound = 4 * math.hypot(one.std_error, other.std_error) + 1e-12
        assert abs(one.value - other.value) <= bound, (name, one, other)


PLANS = {
    "one link": swap_asap(1),
    "as soon as possible": swap_asap(4),
    "sequential": sequential(4),
    "doubling": balanced(3),
    "ranked": ranked([9, 1, 0, 0, 1, 9]),
    "purified on links": with_link_purification(swap_asap(2), 1),
    "purified end to end": with_end_purification(swap_asap(2), 1, "bbpssw"),
    "purified on every level": nested_purification(2, 1),
    **{
        f"{scheme}, {style}": Purify(of=A, scheme=scheme, rounds=2, style=style)
        for scheme in ("dejmps", "bbpssw", "double_selection")
        for style in ("nested", "pumped")
    },
    "pumped end to end": Purify(of=swap_asap(2), rounds=2, style="pumped"),
    "links side by side": Swap(parts=(Multiplex(of=A, tries=3), B, Multiplex(of=C, tries=2))),
    "swaps side by side": Multiplex(of=swap_asap(3), tries=2),
    "purified side by side": Multiplex(of=Purify(of=A), tries=2),
    "swap of unlike parts": Swap(
        parts=(Purify(of=A), Cutoff(of=Swap(parts=(B, C)), age_s=2e-3), Multiplex(of=LinkPair(hop=3), tries=2))
    ),
}


@pytest.mark.parametrize("quick", [True, False], ids=["instant", "delayed"])
@pytest.mark.parametrize("name", PLANS)
def test_every_plan_follows_the_judge(name: str, quick: bool) -> None:
    plan = PLANS[name]
    chain = uneven(plan.last, quick)
    seed = sorted(PLANS).index(name) + 1
    agrees(plan.on(chain).sample(30_000, np.random.default_rng(seed)), chain, plan, seed)


def test_the_judge_stores_qubits_as_density_matrices_do() -> None:
    station = Station(t1_s=0.7, t2_s=0.4)
    for state in np.eye(4):
        rho = density.twirled(density.relaxed(density.mixture(state), 0.3, 0.7, 0.4, 1))
        expected = [relaxation(station, 0.3)[k ^ int(state.argmax())] for k in range(4)]
        np.testing.assert_allclose(density.weights_of(rho), expected, atol=1e-12)


def test_rounds_on_a_link_wait_and_repeat() -> None:
    """A link that heralds every 10 ms: two pairs, the comparison, and all again after a failure."""
    stations = (
        Station(0.8, 0.5, 0.01, 0.02, 0.01, operation_time_s=3e-3),
        Station(0.6, 0.7, 0.03, 0.01, 0.05, operation_time_s=2e-3),
    )
    chain = Chain(("a", "b"), stations, (Heralded(1.0, 10e-3, 0.9),), (1e-3,))
    delivery = Purify(of=A).on(chain).sample(20_000, np.random.default_rng(3), link_states=True)
    fresh = density.mixture(bell.werner(0.9))
    noise = (0.01, 0.02, 0.01), (0.03, 0.01, 0.05)

    def stored(rho: density.Matrix, t: float) -> density.Matrix:
        for qubit, (t1, t2) in enumerate(((0.8, 0.5), (0.6, 0.7))):
            rho = density.twirled(density.relaxed(rho, t, t1, t2, qubit))
        return rho

    rho, success = density.selected([density.turned(pair, noise) for pair in (stored(fresh, 10e-3), fresh)], noise)
    expected = density.weights_of(stored(rho, 4e-3))
    np.testing.assert_allclose(delivery.states[:, 0], np.broadcast_to(expected, (20_000, 4)), atol=1e-12)
    tries = np.round(delivery.shot_time_s / 24e-3).astype(int)
    np.testing.assert_allclose(delivery.shot_time_s, tries * 24e-3)
    counts = np.bincount(np.minimum(tries, 6), minlength=7)[1:]
    geometric = [success * (1 - success) ** k for k in range(5)]
    assert chi_square_p(counts, [*geometric, 1 - sum(geometric)]) > 1e-4
    assert delivery.link_states is None


@pytest.mark.parametrize(("fidelity", "better"), [(0.6, 0.620438), (0.8, 0.838150), (0.95, 0.964965)])
def test_published_figures_of_bbpssw(fidelity: float, better: float) -> None:
    success = {0.6: 0.608889, 0.8: 0.768889, 0.95: 0.935556}[fidelity]
    plan = Purify(of=A, scheme="bbpssw")
    delivery = plan.on(row(1, Heralded(1.0, 1.0, fidelity))).sample(20_000, np.random.default_rng(1))
    np.testing.assert_allclose(delivery.states[..., 0], better, atol=1e-6)
    assert within_sigma(mean(delivery.shot_time_s), 2 / success)


@pytest.mark.parametrize(("rounds", "better"), [(1, 0.838150), (2, 0.943639), (3, 0.987974)])
def test_published_figures_of_dejmps(rounds: int, better: float) -> None:
    delivery = Purify(of=A, rounds=rounds).on(row(1, Heralded(1.0, 1.0, 0.8))).sample(100, np.random.default_rng(1))
    np.testing.assert_allclose(delivery.states[..., 0], better, atol=1e-6)


def test_pumping_uses_fresh_pairs_and_loses_all_of_them() -> None:
    """Two rounds: three pairs if both succeed; the rounds' chances follow from the states."""
    fresh = bell.werner(0.8)
    once, first = bell.dejmps(fresh, fresh)
    twice, second = bell.dejmps(once, fresh)
    plan = Purify(of=A, rounds=2, style="pumped")
    delivery = plan.on(row(1, Heralded(1.0, 1.0, 0.8))).sample(20_000, np.random.default_rng(2))
    np.testing.assert_allclose(delivery.states[:, 0], np.broadcast_to(twice, (20_000, 4)), atol=1e-12)
    assert within_sigma(mean(delivery.shot_time_s), (2 + first) / (first * second))


def test_rounds_that_all_tries_fail_before_the_last_one() -> None:
    """Seven rounds on noisy ends: of a block of tries often none is left after a few."""
    station = Station(gate2_depolarizing=0.5)
    plan = Purify(of=Purify(of=A), rounds=7, style="pumped")
    delivery = plan.on(row(1, Heralded(1.0, 1.0, 0.5), station)).sample(3, np.random.default_rng(1))
    assert delivery.shot_time_s.min() >= 16


@pytest.mark.parametrize("tries", [1, 3, 20])
def test_links_side_by_side_are_ready_when_the_first_is(tries: int) -> None:
    p = 0.05
    delivery = Multiplex(of=A, tries=tries).on(row(1, Heralded(p, 1.0))).sample(20_000, np.random.default_rng(tries))
    assert within_sigma(mean(delivery.shot_time_s), 1 / (1 - (1 - p) ** tries))


@pytest.mark.parametrize("plan", [balanced(4), sequential(3), Cutoff(of=swap_asap(3), age_s=3e-3, scope="pair"),
                                  Swap(parts=(Multiplex(of=swap_asap(2), tries=2), C))])  # fmt: skip
@pytest.mark.parametrize("pairs", [1, 3])
def test_hops_multiply_to_the_pair_whatever_the_order_of_swaps(plan: Plan, pairs: int) -> None:
    """And the same seed gives the same delivery with and without them."""
    chain = uneven(plan.last)
    planned = plan.on(chain)
    made, plain = (
        planned.sample(50, np.random.default_rng(2), pairs=pairs, link_states=asked) for asked in (True, False)
    )
    assert plain.link_states is None
    np.testing.assert_allclose(made.states, plain.states, atol=1e-12)
    np.testing.assert_array_equal(made.ready_s, plain.ready_s)
    assert made.link_states is not None
    assert len(made.link_states) == plan.last
    total = bell.transform(made.link_states[0])
    for hop in made.link_states[1:]:
        total = total * bell.transform(hop)
    for station in chain.stations[1:-1]:
        total = total * station.swap_factor
    np.testing.assert_allclose(bell.from_transform(total), made.states, atol=1e-12)


class Growing:
    """A link whose pairs are worse the longer they took: not alike from herald to herald, and not hashable."""

    success_probability = 0.5
    attempt_time_s = 1e-3
    stored_s = (1e-4, 2e-4)
    bell_indices = (1, 3)
    state = bell.werner(0.9)
    twirled = False
    __hash__ = None  # type: ignore[assignment]

    def sample(self, n: int, rng: np.random.Generator) -> Heralds:
        attempts = rng.geometric(self.success_probability, n)
        return Heralds(attempts * self.attempt_time_s, bell.werner(1 - 0.1 * attempts / (1 + attempts)))


def test_states_that_differ_from_herald_to_herald_go_with_their_times() -> None:
    """Of a link, side by side, swapped with a steady one; each pair's state follows from its time."""
    memory = Station(t1_s=0.5, t2_s=0.5)
    link = Growing()
    chain = Chain(("a", "b"), (memory,) * 2, (link,), (0.0,))
    for plan in (A, Multiplex(of=A, tries=3), Multiplex(of=Multiplex(of=A, tries=2), tries=2)):
        delivery = plan.on(chain).sample(500, np.random.default_rng(1))
        attempts = delivery.shot_time_s / 1e-3
        expected = bell.depolarise(bell.werner(1 - 0.1 * attempts / (1 + attempts)), 3e-4, 0.5)
        np.testing.assert_allclose(delivery.states[:, 0], expected, atol=1e-12)
        assert set(delivery.bell_index.ravel()) == {1, 3}
    steady = Heralded(1.0, 1e-3, 0.95)
    chain = Chain(("a", "b", "c", "d"), (memory,) * 4, (steady, link, steady), (0.0,) * 3)
    delivery = swap_asap(3).on(chain).sample(500, np.random.default_rng(1))
    attempts = delivery.shot_time_s / 1e-3
    grown = bell.depolarise(bell.werner(1 - 0.1 * attempts / (1 + attempts)), 3e-4, 0.5)
    waited = bell.depolarise(bell.werner(0.95), 2 * (attempts - 1) * 1e-3, 0.5)
    np.testing.assert_allclose(delivery.states[:, 0], bell.swap(bell.swap(waited, grown), waited), atol=1e-12)


def test_a_double_click_link_announces_its_two_bell_states() -> None:
    link = DoubleClick((Arm(Fibre(1.0)), Arm(Fibre(1.0))))
    chain = Chain(("a", "b"), (Station(),) * 2, (link,), (0.0,))
    found = swap_asap(1).on(chain).sample(4000, np.random.default_rng(8)).bell_index
    assert chi_square_p(np.bincount(found.ravel(), minlength=4), [0, 0.5, 0, 0.5]) > 1e-4


@pytest.mark.parametrize("p", [1.0, 0.6, 0.01])
def test_tries_until_success_are_geometric_and_independent(p: float) -> None:
    rng, n = np.random.default_rng(7), 20_000

    def attempt(k: int) -> Tries:
        drawn = rng.random(k)
        return Tries(np.ones(k), drawn < p, lambda rows: Pairs(np.ones((1, rows.size)), *held(drawn[rows])))

    made = until_success(attempt, n, 5000, 0.5, A)
    times, drawn = made.time_s[0], made.fading[0, 0]
    assert times.shape == drawn.shape == (n,)
    assert np.all(drawn < p)
    assert np.unique(drawn).size == n
    assert within_sigma(mean(times), 1 / p) if p < 1 else np.all(times == 1)
    if p < 1:
        assert within_sigma(mean(times**2), (2 - p) / p**2)
        centred = times - times.mean()
        assert abs(float((centred[:-1] * centred[1:]).mean())) < 4 * times.var() / np.sqrt(n)


def held(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Something to tell pairs apart by: their exponents of decay."""
    return np.ones((1, 4)), values[None, None]


def test_the_time_of_failures_goes_to_the_success_that_follows_them() -> None:
    script = iter([(5.0, False), (1.0, True), (2.0, True), (7.0, False), (3.0, True)] * 40)

    def attempt(k: int) -> Tries:
        listed = [next(script) for _ in range(min(k, 7))]
        times = np.array([time for time, _ in listed])
        worked = np.array([works for _, works in listed])
        return Tries(times, worked, lambda rows: Pairs(times[None, rows], *held(times[rows])))

    made = until_success(attempt, 9, 1000, 0.5, A)
    np.testing.assert_array_equal(made.time_s[0], [6.0, 2.0, 10.0] * 3)
    np.testing.assert_array_equal(made.fading[0, 0], [1.0, 2.0, 3.0] * 3)


@pytest.mark.parametrize("plan", [nested_purification(4, 1), Cutoff(of=swap_asap(4), age_s=5e-3, scope="pair")])
def test_the_same_seed_gives_the_same_delivery(plan: Plan) -> None:
    planned = plan.on(uneven(4, quick=True))
    first, second, other = (planned.sample(100, np.random.default_rng(seed), pairs=2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.states, second.states)
    np.testing.assert_array_equal(first.ready_s, second.ready_s)
    assert not np.array_equal(first.ready_s, other.ready_s)
    assert (first.plan, first.tree) == (plan.text, plan)


class Stop(Exception):
    pass


@pytest.mark.parametrize(
    ("plan", "success"),
    [
        (swap_asap(3), 1.0),
        (swap_asap(3), 0.02),
        (with_end_purification(with_link_purification(swap_asap(3), 2), 1), 1.0),
        (Cutoff(of=swap_asap(3), age_s=1e-3), 1.0),
        (Cutoff(of=swap_asap(3), age_s=1e-3, scope="pair"), 1.0),
        (Multiplex(of=swap_asap(3), tries=1000), 1.0),
    ],
)
def test_sampling_can_be_stopped_while_it_runs(plan: Plan, success: float) -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 20:
            raise Stop

    chain = row(3, Heralded(0.1, 1e-3, 0.9), Station(swap_success=success))
    with pytest.raises(Stop):
        plan.on(chain).sample(10**7, np.random.default_rng(1), check=check)


@pytest.mark.parametrize("plan", [swap_asap(1000), Multiplex(of=balanced(50), tries=100)])
def test_memory_is_bounded_by_what_is_delivered(plan: Plan) -> None:
    planned = plan.on(row(plan.last, Heralded(0.1, 1e-3, 0.9), Station(t1_s=1e3, t2_s=1e2)))
    tracemalloc.start()
    planned.sample(300, np.random.default_rng(1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6


def test_a_thousand_links_follow_the_harmonic_number() -> None:
    """The slowest of n rare links takes H(n) / -log(1 - p) + 1/2 attempts (Szpankowski and Rego 1990)."""
    p, hops = 1e-6, 1000
    delivery = swap_asap(hops).on(row(hops, Heralded(p, 1e-6))).sample(1000, np.random.default_rng(1))
    harmonic = sum(1 / k for k in range(1, hops + 1))
    assert within_sigma(mean(delivery.shot_time_s), (harmonic / -math.log1p(-p) + 0.5) * 1e-6)
    np.testing.assert_allclose(delivery.states[..., 0], 1.0, atol=1e-9)


def test_plans_that_do_not_cover_the_chain_are_refused() -> None:
    chain = row(3, Heralded(0.5, 1.0))
    for plan in (swap_asap(2), swap_asap(4), B):
        with pytest.raises(PlanError, match="plan all its 3 hops"):
            plan.on(chain)


def test_swaps_that_hardly_ever_succeed_are_refused_at_once() -> None:
    chain = row(8, Heralded(0.5, 1.0), Station(swap_success=0.1))
    with pytest.raises(PlanError, match="10,000,000 pairs for each pair"):
        swap_asap(8).on(chain).sample(1, np.random.default_rng(1))
    with pytest.raises(PlanError, match="in levels"):
        swap_asap(2).on(row(2, Heralded(0.5, 1.0), Station(swap_success=0.0))).sample(1, np.random.default_rng(1))
    # In levels a failure costs less: a thousand pairs of every link.
    delivery = balanced(8).on(chain).sample(100, np.random.default_rng(1))
    assert delivery.shot_time_s.min() > 0
