"""Swap-as-soon-as-possible chains against closed formulas, published figures and density matrices."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.link import Arm, DoubleClick, Fibre, Heralded
from qstack.stats import chi_square_p, mean, within_sigma
from qstack.swapping import Chain, Delivery, PlanError, Station, swap_asap
from qstack.swapping.chain import ChainError
from tests.swapping import density

GOOD = Station()


def row(links: list[Heralded], station: Station = GOOD, flight_s: float = 0.0) -> Chain:
    n = len(links)
    names = tuple(f"n{k}" for k in range(n + 1))
    return Chain(names, (station,) * (n + 1), tuple(links), (flight_s,) * n)


def sample(chain: Chain, shots: int, pairs: int, rng: np.random.Generator, **given: Any) -> Delivery:
    """Swap as soon as possible."""
    return swap_asap(len(chain.links)).on(chain).sample(shots, rng, pairs=pairs, **given)


@pytest.mark.parametrize(
    ("p", "links", "slots"),
    [
        (0.1, 1, 10), (0.1, 2, 14.73684), (0.1, 4, 20.27338), (0.1, 8, 26.29578),
        (0.01, 1, 100), (0.01, 2, 149.74874), (0.01, 4, 207.78992), (0.01, 8, 270.92451),
    ],
)  # fmt: skip
def test_parallel_links_wait_for_the_slowest(p: float, links: int, slots: float) -> None:
    delivery = sample(row([Heralded(p, 1.0)] * links), 20_000, 1, np.random.default_rng(links))
    assert within_sigma(mean(delivery.shot_time_s), slots)
    np.testing.assert_allclose(delivery.states[..., 0], 1.0, atol=1e-12)


@pytest.mark.parametrize(
    ("nodes", "rate", "fidelity"),
    [(3, 168.10, 0.9745), (5, 121.61, 0.9467), (9, 93.48, 0.8969), (17, 75.29, 0.8104)],
)
def test_the_reference_chain(nodes: int, rate: float, fidelity: float) -> None:
    link, station = Heralded(0.05, 200e-6, 0.99), Station(t1_s=1.0, t2_s=1.0)
    delivery = sample(row([link] * (nodes - 1), station), 20_000, 1, np.random.default_rng(nodes))
    time = mean(delivery.shot_time_s)
    assert abs(time.value - 1 / rate) < 4 * time.std_error + 0.005 / rate**2
    quality = mean(delivery.states[..., 0])
    assert abs(quality.value - fidelity) < 4 * quality.std_error + 5e-5
    assert delivery.rate_per_s == pytest.approx(1 / time.value)
    assert delivery.fidelity == pytest.approx(quality.value)


@pytest.mark.parametrize(("links", "expected"), [(2, 0.903333), (4, 0.819126), (8, 0.681872)])
def test_werner_chains_without_decay(links: int, expected: float) -> None:
    delivery = sample(row([Heralded(0.3, 1e-3, 0.95)] * links), 50, 1, np.random.default_rng(1))
    np.testing.assert_allclose(delivery.states[..., 0], expected, atol=1e-6)


def test_every_wait_swap_and_message_of_a_chain_of_three_links() -> None:
    """Links that herald at known times, so that every wait follows by hand; the circuit is run on density matrices."""
    stations = (
        Station(t1_s=0.9, t2_s=0.4),
        Station(0.5, 0.3, 0.02, 0.05, 0.03, operation_time_s=2e-3),
        Station(0.7, 1.1, 0.01, 0.04, 0.02, operation_time_s=1e-3),
        Station(t1_s=0.6, t2_s=0.8),
    )
    links = (Heralded(1.0, 10e-3, 0.97), Heralded(1.0, 30e-3, 0.93), Heralded(1.0, 20e-3, 0.95))
    chain = Chain(("a", "b", "c", "d"), stations, links, (1e-3, 4e-3, 2e-3))
    delivery = sample(chain, 3, 1, np.random.default_rng(0), link_states=True)
    # b and c swap at 30 ms plus their operation; b is 6 ms from d, c is 5 ms from a; the ends know at 38 ms.
    np.testing.assert_allclose(delivery.shot_time_s, 38e-3)
    made, ends_know = (10e-3, 30e-3, 20e-3), 38e-3
    left_until, right_until = (ends_know, 32e-3, 31e-3), (32e-3, 31e-3, ends_know)
    hops = []
    for k, link in enumerate(links):
        rho = density.mixture(bell.werner(link.fidelity))
        for qubit, station, until in ((0, stations[k], left_until[k]), (1, stations[k + 1], right_until[k])):
            rho = density.twirled(density.relaxed(rho, until - made[k], station.t1_s, station.t2_s, qubit))
        hops.append(rho)
        assert delivery.link_states is not None
        np.testing.assert_allclose(delivery.link_states[k][0, 0], density.weights_of(rho), atol=1e-12)
    total = hops[0]
    for rho, station in zip(hops[1:], stations[1:-1], strict=True):
        total = density.swapped(
            total, rho, station.gate1_depolarizing, station.gate2_depolarizing, station.readout_error
        )
    np.testing.assert_allclose(delivery.states[:, 0], [density.weights_of(total)] * 3, atol=1e-12)


def test_memories_decay_while_the_herald_is_under_way() -> None:
    arm = Fibre(500.0)
    link = DoubleClick((Arm(arm), Arm(arm)))
    station = Station(t1_s=math.inf, t2_s=50e-3)
    delivery = sample(Chain(("a", "b"), (station, station), (link,), (0.0,)), 5, 1, np.random.default_rng(1))
    out_and_back = 1000 * 1.468 / 299_792.458
    np.testing.assert_allclose(delivery.states[..., 0], (1 + math.exp(-2 * out_and_back / 50e-3)) / 2, rtol=1e-12)


@pytest.mark.parametrize("success", [0.9, 0.5, 0.05])
def test_a_failed_swap_costs_the_whole_chain(success: float) -> None:
    link = Heralded(0.1, 1.0, 0.96)
    chain = row([link] * 4, Station(t1_s=200.0, t2_s=200.0))
    sure = sample(chain, 8000, 1, np.random.default_rng(1))
    failing = tuple(replace(station, swap_success=success ** (1 / 3)) for station in chain.stations)
    tried = sample(replace(chain, stations=failing), 8000, 1, np.random.default_rng(2))
    assert within_sigma(mean(tried.shot_time_s), 20.27338 / success)
    first, second = mean(sure.states[..., 0]), mean(tried.states[..., 0])
    assert abs(first.value - second.value) < 4 * math.hypot(first.std_error, second.std_error)


def test_pairs_of_a_shot_wait_for_the_last_and_share_its_luck() -> None:
    """Two pairs in a row: the first waits a geometric time, so its moments are known, and it alone varies."""
    p, slot, t2 = 0.2, 1e-3, 20e-3
    chain = row([Heralded(p, slot)], Station(t2_s=t2))
    delivery = sample(chain, 40_000, 2, np.random.default_rng(5))

    def moment(k: int) -> float:
        step = math.exp(-2 * k * slot / t2)
        return p * step / (1 - (1 - p) * step)

    assert within_sigma(mean(delivery.shot_time_s), 2 * slot / p)
    np.testing.assert_allclose(delivery.states[:, 1, 0], 1.0)
    first = delivery.states[:, 0, 0]
    assert within_sigma(mean(first), (1 + moment(1)) / 2)
    assert within_sigma(mean(first**2), (1 + 2 * moment(1) + moment(2)) / 4)
    np.testing.assert_allclose(delivery.age_s[:, 0], delivery.shot_time_s - delivery.ready_s[:, 0])
    np.testing.assert_allclose(first, (1 + np.exp(-2 * delivery.age_s[:, 0] / t2)) / 2)


def test_noise_of_pairs_that_waited_for_the_same_event_does_not_factorise() -> None:
    chain = row([Heralded(0.2, 1e-3)], Station(t2_s=20e-3))
    states = sample(chain, 40_000, 3, np.random.default_rng(6)).states[..., 0]
    joint = mean(states[:, 0] * states[:, 1])
    assert joint.value - states[:, 0].mean() * states[:, 1].mean() > 4 * joint.std_error


@given(
    st.integers(1, 5), st.integers(1, 3), st.floats(0.3, 1), st.floats(0, 0.2), st.floats(1e-3, 1), st.integers(0, 99)
)
def test_link_states_and_swap_noise_multiply_to_the_delivered_states(
    links: int, pairs: int, fidelity: float, error: float, t2: float, seed: int
) -> None:
    station = Station(math.inf, t2, error, error / 2, error / 3, 1e-4)
    chain = row([Heralded(0.3, 1e-3, fidelity)] * links, station, flight_s=1e-4)
    made = sample(chain, 4, pairs, np.random.default_rng(seed), link_states=True)
    for delivery in (made, made.started_at(made.shot_time_s + 0.01)):
        assert delivery.link_states is not None
        assert len(delivery.link_states) == links
        total = bell.transform(delivery.link_states[0])
        for hop in delivery.link_states[1:]:
            total = total * bell.transform(hop)
        for _ in range(links - 1):
            total = total * chain.stations[0].swap_factor
        np.testing.assert_allclose(bell.from_transform(total), delivery.states, atol=1e-12)
        np.testing.assert_allclose(delivery.states.sum(axis=-1), 1.0)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_swap_noise(p1: float, p2: float, readout: float) -> None:
    first, second = bell.werner(0.9), np.array([0.7, 0.15, 0.1, 0.05])
    noise = Station(gate1_depolarizing=p1, gate2_depolarizing=p2, readout_error=readout).swap_factor
    rho = density.swapped(density.mixture(first), density.mixture(second), p1, p2, readout)
    ours = bell.from_transform(bell.transform(first) * bell.transform(second) * noise)
    np.testing.assert_allclose(bell.density_matrix(ours), rho, atol=1e-10)


def test_the_bell_state_found_is_uniform_after_a_swap_and_the_heralded_one_without() -> None:
    rng = np.random.default_rng(8)
    swapped = sample(row([Heralded(0.5, 1.0)] * 2), 8000, 1, rng).bell_index
    assert swapped.dtype == np.uint8
    assert chi_square_p(np.bincount(swapped.ravel(), minlength=4), [0.25] * 4) > 1e-4
    assert set(sample(row([Heralded(0.5, 1.0)]), 50, 1, rng).bell_index.ravel()) == {0}
    station = DoubleClick((Arm(Fibre(1.0)), Arm(Fibre(1.0))))
    clicked = sample(Chain(("a", "b"), (GOOD, GOOD), (station,), (0.0,)), 4000, 1, rng).bell_index
    assert chi_square_p(np.bincount(clicked.ravel(), minlength=4), [0, 0.5, 0, 0.5]) > 1e-4


def test_many_shots_are_sampled_in_chunks_that_all_differ() -> None:
    told: list[float] = []
    chain = row([Heralded(1e-6, 1.0)] * 16)
    delivery = sample(chain, 9000, 2, np.random.default_rng(1), progress=told.append)
    assert delivery.states.shape == (9000, 2, 4)
    assert delivery.bell_index.shape == delivery.ready_s.shape == delivery.age_s.shape == (9000, 2)
    assert len(told) > 2
    assert all(a < b for a, b in pairwise(told))
    assert np.unique(delivery.shot_time_s).size > 8990


@pytest.mark.parametrize(
    "change",
    [
        {"path": ("a",)},
        {"stations": (GOOD,)},
        {"flight_s": ()},
        {"flight_s": (-1.0,)},
        {"path": ("a",), "stations": (GOOD,), "links": (), "flight_s": ()},
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ChainError):
        replace(row([Heralded(0.5, 1.0)]), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(("shots", "pairs"), [(0, 1), (1, 0), (-5, 1)])
def test_no_shots_or_no_pairs_are_refused(shots: int, pairs: int) -> None:
    with pytest.raises(PlanError, match="1 or more"):
        sample(row([Heralded(0.5, 1.0)]), shots, pairs, np.random.default_rng(1))
