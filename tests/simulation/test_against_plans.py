"""Machines that know no more than nodes can, against the sampled plans: the same rates and the same states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from qstack.simulation import simulate
from qstack.stats import Estimate, chi_square_p, mean, within_sigma
from qstack.swapping import Chain, Station
from qstack.swapping.plan import Cutoff, Plan
from qstack.swapping.policies import sequential, swap_asap
from tests.simulation.cases import ALL_PLANS, INSTANT_PLANS, NOISY, PERFECT, PLANS, Announced, row

LINK = Announced(0.2, 1e-3, 0.95)


def agree(one: Estimate, other: Estimate) -> bool:
    return abs(one.value - other.value) <= 4 * math.hypot(one.std_error, other.std_error) + 1e-12


def compare(chain: Chain, plan: Plan, pairs: int, shots: int) -> None:
    seen = simulate(chain, plan, pairs, np.random.default_rng(11))
    promised = plan.on(chain).sample(shots, np.random.default_rng(12))
    assert agree(mean(seen.time_s), mean(promised.shot_time_s))
    for index in range(4):
        assert agree(mean(seen.states[:, index]), mean(promised.states[:, 0, index]))


def chain_for(plan: Plan, flight_s: float, swap_success: float) -> Chain:
    return row(plan.last, replace(NOISY, swap_success=swap_success), LINK, flight_s)


@pytest.mark.parametrize("name", PLANS)
def test_with_flight_times_and_failing_swaps(name: str) -> None:
    compare(chain_for(PLANS[name], 0.4e-3, 0.7), PLANS[name], 300, 5000)


@pytest.mark.parametrize("name", INSTANT_PLANS)
def test_with_instant_control_and_failing_swaps(name: str) -> None:
    compare(chain_for(INSTANT_PLANS[name], 0.0, 0.7), INSTANT_PLANS[name], 300, 5000)


@pytest.mark.slow
@pytest.mark.parametrize("swap_success", [1.0, 0.6])
@pytest.mark.parametrize(("name", "flight_s"), [(name, 0.0) for name in ALL_PLANS] + [(name, 0.7e-3) for name in PLANS])
def test_closely(name: str, flight_s: float, swap_success: float) -> None:
    compare(chain_for(ALL_PLANS[name], flight_s, swap_success), ALL_PLANS[name], 800, 40_000)


@pytest.mark.parametrize(("nodes", "rate", "fidelity"), [(3, 168.10, 0.9745), (9, 93.48, 0.8969)])
def test_the_reference_chain(nodes: int, rate: float, fidelity: float) -> None:
    chain = row(nodes - 1, Station(t1_s=1.0, t2_s=1.0), Announced(0.05, 200e-6, 0.99))
    seen = simulate(chain, swap_asap(nodes - 1), 800, np.random.default_rng(nodes))
    assert within_sigma(mean(seen.time_s), 1 / rate)
    assert within_sigma(mean(seen.states[:, 0]), fidelity)


@pytest.mark.parametrize("scope", ["circuit", "pair"])
def test_the_closed_form_of_two_links_with_a_cutoff(scope: Literal["circuit", "pair"]) -> None:
    """Of two links that begin again together the closed form is known; beginning again singly makes no difference."""
    plan = Cutoff(of=swap_asap(2), age_s=5.0, scope=scope)
    seen = simulate(row(2, PERFECT, Announced(0.1, 1.0)), plan, 2000, np.random.default_rng(1))
    assert within_sigma(mean(seen.time_s), 20.75117)


class Stored(Announced):
    """A link whose qubits have been stored before both nodes know of the herald."""

    @property
    def stored_s(self) -> tuple[float, float]:
        return 3e-3, 1e-3


@pytest.mark.parametrize("plan", [swap_asap(3), sequential(3), Cutoff(of=swap_asap(3), age_s=1.0)])
@pytest.mark.parametrize("flight_s", [(0.0, 0.0, 0.0), (1e-3, 4e-3, 2e-3)])
def test_every_wait_decays_as_planned(plan: Plan, flight_s: tuple[float, ...]) -> None:
    """Links that herald at known times leave nothing to chance but Bell indices: states are equal, not only means."""
    stations = (
        Station(t1_s=0.9, t2_s=0.4),
        Station(0.5, 0.3, 0.02, 0.05, 0.03, operation_time_s=2e-3),
        Station(0.7, 1.1, 0.01, 0.04, 0.02, operation_time_s=1e-3),
        Station(t1_s=0.6, t2_s=0.8),
    )
    links = (Announced(1.0, 10e-3, 0.97), Stored(1.0, 30e-3, 0.93), Announced(1.0, 20e-3, 0.95))
    chain = Chain(("a", "b", "c", "d"), stations, links, flight_s)
    seen = simulate(chain, plan, 5, np.random.default_rng(1))
    promised = plan.on(chain).sample(1, np.random.default_rng(2))
    np.testing.assert_allclose(seen.time_s, np.full(5, promised.shot_time_s[0]), rtol=1e-12)
    np.testing.assert_allclose(seen.states, np.tile(promised.states[0], (5, 1)), atol=1e-12)


def test_any_bell_state_may_be_delivered() -> None:
    seen = simulate(row(2, PERFECT, Announced(0.5, 1e-3)), swap_asap(2), 800, np.random.default_rng(5))
    assert chi_square_p(np.bincount(seen.bell_index, minlength=4), np.full(4, 0.25)) > 1e-4
