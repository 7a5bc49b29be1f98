"""The very moments at which pairs are ready, for random plans, against the words of the plans."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from qstack import bell
from qstack.simulation import Simulation
from qstack.simulation.network import Network, Reliable
from qstack.simulation.world import Herald
from qstack.swapping import Chain, Station
from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, Purify, Swap
from tests.simulation.cases import Announced
from tests.simulation.law import Hopeless, Law, waves

PAIRS = 4


@st.composite
def plans(draw: st.DrawFn, first: int, last: int, singly: bool, least_age_s: float) -> Plan:
    """Any plan on a segment; three and more parts are given up singly only if allowed."""
    plan: Plan = LinkPair(hop=first)
    if last > first + 1:
        cuts = draw(st.sets(st.integers(first + 1, last - 1), min_size=1))
        edges = [first, *sorted(cuts), last]
        parts = tuple(draw(plans(a, b, singly, least_age_s)) for a, b in pairwise(edges))
        plan = Swap(parts=parts)
        scopes = ["none", "circuit", *(["pair"] if singly or len(parts) == 2 else [])]
        scope = draw(st.sampled_from(scopes))
        if scope != "none":
            plan = Cutoff(of=plan, age_s=draw(st.floats(least_age_s, 8e-3)), scope=scope)
    match draw(st.sampled_from(["as it is", "as it is", "purified", "multiplexed"])):
        case "purified":
            scheme = draw(st.sampled_from(["dejmps", "bbpssw", "double_selection"]))
            style = draw(st.sampled_from(["nested", "pumped"]))
            plan = Purify(of=plan, scheme=scheme, rounds=draw(st.integers(1, 2)), style=style)
        case "multiplexed":
            plan = Multiplex(of=plan, tries=draw(st.integers(1, 3)))
    return plan


@st.composite
def chains(draw: st.DrawFn, most_hops: int = 5, least_age_s: float = 0.5e-3, exact: bool = True) -> tuple[Chain, Plan]:
    """Chains with any plan, or with plans that machines carry out in the very moments that the plan says."""
    hops = draw(st.integers(1, most_hops))
    times = st.sampled_from([0.0, 0.2e-3, 1e-3])
    instant = draw(st.booleans())
    flight_s = tuple(0.0 if instant else draw(times) for _ in range(hops))
    stations = tuple(Station(operation_time_s=draw(times)) for _ in range(hops + 1))
    plan = draw(plans(0, hops, instant or not exact, least_age_s))
    assume(plan.link_pairs <= 300)
    link = Announced(1.0, 1e-3)
    return Chain(tuple(f"n{k}" for k in range(hops + 1)), stations, (link,) * hops, flight_s), plan


def played(chain: Chain, plan: Plan, network: Network) -> Simulation:
    """All link pairs take as long as `waves` says."""
    simulation = Simulation(chain, plan, np.random.default_rng(3), network)
    rng = np.random.default_rng(4)

    def herald(hop: int) -> Herald:
        index = int(rng.integers(4))
        state = np.eye(4)[index]
        return Herald(waves(hop, simulation.now_s), bell.transform(state), index)

    simulation.world.herald = herald
    simulation.run(PAIRS)
    return simulation


def lawful(chain: Chain, plan: Plan, took_s: Callable[[int, float], float] = waves) -> list[float]:
    law = Law(took_s, chain.flight_s, [station.operation_time_s for station in chain.stations])
    ready_s = [0.0]
    try:
        for _ in range(PAIRS):
            ready_s.append(law.ready(plan, ready_s[-1]))
    except Hopeless:
        assume(False)
    return ready_s[1:]


@given(chains())
def test_pairs_are_ready_when_the_plan_says(case: tuple[Chain, Plan]) -> None:
    ready_s = lawful(*case)
    simulation = played(*case, Reliable())
    result = simulation.result()
    np.testing.assert_allclose(result.ready_s, ready_s, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.states[:, 0], 1, atol=1e-12)
    assert [pair_id.number for pair_id in result.pair_ids] == list(range(PAIRS))
    assert simulation.done == [0]
    assert simulation.world.qubits == 0
    assert [machine.running + machine.backlog for machine in simulation.machines] == [0] * len(case[0].path)
