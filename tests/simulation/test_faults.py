"""Machines over networks that lose, double, delay and reorder: the same pairs at both ends, none twice, none left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qstack.link.errors import LinkError
from qstack.simulation import Faults, Network, Reliable, Simulated, Simulation
from qstack.simulation.circuits import SimulationError
from qstack.swapping import Chain
from qstack.swapping.plan import Cutoff, LinkPair, Plan, Purify, Swap
from qstack.swapping.policies import nested_purification, sequential, swap_asap
from qstack.swapping.service import Packet, Settings
from tests.simulation.cases import ALL_PLANS, INSTANT_PLANS, NOISY, PERFECT, PLANS, Announced, row
from tests.simulation.test_law import PAIRS, chains, lawful

IMPATIENT = Settings(retry_s=3e-3)


def settled(simulation: Simulation, pairs: int) -> Simulated:
    """Both ends were told of the same pairs, each once and in order, and no node holds anything any more."""
    result = simulation.result()
    assert [pair_id.number for pair_id in result.pair_ids] == list(range(pairs))
    used = [link for links in result.links for link in links]
    assert len(set(used)) == len(used)
    assert len(result.states) == pairs
    assert simulation.done == [0]
    assert simulation.world.qubits == 0
    assert not any(machine.running or machine.backlog for machine in simulation.machines)
    return result


def run(chain: Chain, plan: Plan, pairs: int, network: Network, settings: Settings | None = None) -> Simulated:
    simulation = Simulation(chain, plan, np.random.default_rng(7), network, settings)
    simulation.run(pairs)
    return settled(simulation, pairs)


@given(
    case=chains(most_hops=4, least_age_s=4e-3, exact=False),
    loss=st.floats(0, 0.3),
    duplication=st.floats(0, 0.5),
    lateness=st.floats(0, 0.5),
    late_s=st.floats(0, 10e-3),
    swap_success=st.sampled_from([1.0, 0.7]),
    fidelity=st.sampled_from([1.0, 0.85]),
    seed=st.integers(0, 1000),
)
def test_whatever_the_network_does(
    case: tuple[Chain, Plan],
    loss: float,
    duplication: float,
    lateness: float,
    late_s: float,
    swap_success: float,
    fidelity: float,
    seed: int,
) -> None:
    """Without errors of gates and memories, a wrong Bell index would show as a state that is not Phi+."""
    chain, plan = case
    assume(plan.link_pairs <= 30)
    lawful(chain, plan, lambda hop, start_s: 0.8e-3)  # leaves out plans whose cutoffs are hardly ever met
    stations = tuple(replace(station, swap_success=swap_success) for station in chain.stations)
    chain = replace(chain, stations=stations, links=(Announced(0.8, 0.5e-3, fidelity),) * len(chain.links))
    faults = Faults(np.random.default_rng(seed), loss, duplication, lateness, late_s)
    result = run(chain, plan, PAIRS, faults, IMPATIENT)
    if fidelity == 1:
        np.testing.assert_allclose(result.states[:, 0], 1, atol=1e-12)


def flying(name: str) -> Chain:
    flight_s = 0.0 if name in INSTANT_PLANS else 0.4e-3
    return row(ALL_PLANS[name].last, replace(NOISY, swap_success=0.8), Announced(0.3, 1e-3, 0.95), flight_s)


def assert_equal(one: Simulated, other: Simulated) -> None:
    """Equal but for the rounding of sums in another order."""
    assert one.links == other.links
    np.testing.assert_array_equal(one.bell_index, other.bell_index)
    np.testing.assert_allclose(one.ready_s, other.ready_s, rtol=1e-13)
    np.testing.assert_allclose(one.states, other.states, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ALL_PLANS)
def test_late_copies_change_nothing(name: str) -> None:
    chain, plan = flying(name), ALL_PLANS[name]
    doubling = Faults(np.random.default_rng(1), duplication=0.6, late_s=30e-3)
    assert_equal(run(chain, plan, 20, doubling), run(chain, plan, 20, Reliable()))


@dataclass(frozen=True)
class Hasty:
    """Every packet comes at any moment before it is due, so that they overtake each other."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(2))

    def delays_s(self, packet: Packet, flight_s: float) -> list[float]:
        return [flight_s * self.rng.random()]


@pytest.mark.parametrize("name", [name for name in PLANS if name != "multiplexed swaps"])
def test_the_order_of_messages_changes_nothing(name: str) -> None:
    """But for copies of swaps, where the left end takes the one it hears of first."""
    chain, plan = flying(name), PLANS[name]
    assert_equal(run(chain, plan, 20, Hasty()), run(chain, plan, 20, Reliable()))


@pytest.mark.parametrize("plan", [swap_asap(4), sequential(4), nested_purification(4, [1, 1])], ids=str)
def test_losses_cost_time_and_nothing_else(plan: Plan) -> None:
    chain = row(4, PERFECT, Announced(0.3, 1e-3), 0.4e-3)
    plain = run(chain, plan, 20, Reliable())
    losing = run(chain, plan, 20, Faults(np.random.default_rng(3), loss=0.2), IMPATIENT)
    assert losing.links == plain.links
    np.testing.assert_array_equal(losing.bell_index, plain.bell_index)
    assert losing.ready_s[-1] > plain.ready_s[-1] + IMPATIENT.retry_s


@dataclass
class Deaf:
    """Nothing reaches the tail or leaves it for a while; `watch` is called at every packet."""

    watch: Callable[[], float]
    until_s: float

    def delays_s(self, packet: Packet, flight_s: float) -> list[float]:
        cut_off = "n3" in (packet.source, packet.target) and 0.01 < self.watch() < self.until_s
        return [] if cut_off else [flight_s]


def test_nodes_do_not_run_ahead_of_one_that_is_deaf() -> None:
    """The others could give up and begin again for ever; they stop before memory runs out, and go on afterwards."""
    backlogs: list[int] = []

    def watch() -> float:
        backlogs.append(max(machine.backlog for machine in simulation.machines))
        return simulation.now_s

    settings = Settings(retry_s=10e-3, window=20)
    plan = Cutoff(of=swap_asap(3), age_s=2e-3)
    chain = row(3, PERFECT, Announced(0.5, 1e-3), 0.1e-3)
    simulation = Simulation(chain, plan, np.random.default_rng(4), Deaf(watch, 5.0), settings)
    simulation.run(30)
    assert settled(simulation, 30).ready_s[-1] > 5.0
    assert settings.window < max(backlogs) < settings.window + 20


@dataclass
class Watched:
    """Reliable; `watch` is called at every packet."""

    watch: Callable[[], None]

    def delays_s(self, packet: Packet, flight_s: float) -> list[float]:
        self.watch()
        return [flight_s]


def test_deadlines_of_what_is_over_are_forgotten() -> None:
    """The cutoffs of many pairs, far in the future, while a nearer one keeps them from being reached."""
    pair = Cutoff(of=swap_asap(2), age_s=1e6)
    pumped = Purify(of=pair, rounds=200, style="pumped")
    plan = Cutoff(of=Swap(parts=(pumped, LinkPair(hop=2))), age_s=1e3)
    lengths: list[int] = []
    chain = row(3, PERFECT, Announced(0.5, 1e-3), 0.1e-3)
    watched = Watched(lambda: lengths.append(max(len(machine._agenda) for machine in simulation.machines)))
    simulation = Simulation(chain, plan, np.random.default_rng(5), watched)
    simulation.run(1)
    settled(simulation, 1)
    assert max(lengths) <= 8 * 5 + 65


def test_ends_that_were_told_different_things_are_noticed() -> None:
    simulation = Simulation(row(1, PERFECT, Announced(0.5, 1e-3)), swap_asap(1), np.random.default_rng(6), Reliable())
    simulation.run(2)
    simulation.delivered[1].pop()
    with pytest.raises(SimulationError, match="the head was told"):
        simulation.result()


def test_faults_refuse_impossible_figures() -> None:
    with pytest.raises(LinkError, match=r"loss is 1\.5"):
        Faults(np.random.default_rng(1), loss=1.5)
    with pytest.raises(LinkError, match="late_s is -1"):
        Faults(np.random.default_rng(1), late_s=-1)
