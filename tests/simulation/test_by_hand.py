"""Cutoffs between nodes far from each other, with link pairs that take known times: what follows is worked out by hand.

Flights take one second per hop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from qstack import bell
from qstack.simulation import Reliable, Simulation
from qstack.simulation.world import Herald
from qstack.swapping.plan import Cutoff
from qstack.swapping.policies import swap_asap
from tests.simulation.cases import PERFECT, Announced, row


def ready_s(plan: Cutoff, took_s: Sequence[Sequence[float]]) -> float:
    """When the pair is ready, if the tries of each hop take so long, one after the other; each of the last ones 1 s."""
    chain = row(len(took_s), PERFECT, Announced(1.0, 1.0), flight_s=1.0)
    simulation = Simulation(chain, plan, np.random.default_rng(1), Reliable())
    left = [list(times) for times in took_s]
    simulation.world.herald = lambda hop: Herald(
        left[hop].pop(0) if left[hop] else 1.0, bell.transform(bell.PERFECT), 0
    )
    simulation.run(1)
    assert not any(left)
    assert simulation.world.qubits == 0
    assert not any(machine.running or machine.backlog for machine in simulation.machines)
    result = simulation.result()
    np.testing.assert_allclose(result.states[0], bell.PERFECT, atol=1e-12)
    return float(result.ready_s[0])


def test_a_circuit_begins_again_when_the_farthest_node_can_have_heard_of_it() -> None:
    """The first pair is ready at 1; that is heard at most 2 s away (till 3); what is said then, at most 3 s away."""
    plan = Cutoff(of=swap_asap(4), age_s=0.5)
    assert ready_s(plan, [[1.0], [1.2], [1.3], [10.0]]) == pytest.approx(6 + 1 + 3, abs=1e-8)


def test_a_circuit_with_more_patience_than_its_messages_need() -> None:
    """All begin again at 1 + 2.5 + 3."""
    plan = Cutoff(of=swap_asap(4), age_s=2.5)
    assert ready_s(plan, [[10.0], [9.0], [1.0], [3.0]]) == pytest.approx(6.5 + 1 + 3, abs=1e-8)


def test_a_pair_is_given_up_with_all_it_is_joined_to() -> None:
    """The middle pairs are joined at 2, are too old at 5, and begin again when that has gone from end to end, at 7.

    The outer ones go on: ready at 6 and 6.5, they wait until 8.
    """
    plan = Cutoff(of=swap_asap(4), age_s=4.0, scope="pair")
    assert ready_s(plan, [[6.0], [1.0], [2.0], [6.5]]) == pytest.approx(7 + 1 + 3, abs=1e-8)


def test_a_node_that_has_not_heard_yet_joins_what_is_given_up() -> None:
    """The second pair is too old at 5, and is joined to the third one since 4.8; the node on the right hears it at 5.8.

    So it may still join the third pair to the fourth one at 5.3. All three begin again at 8, when the word has gone
    from end to end of them. The first pair waits from 6 to 9.
    """
    plan = Cutoff(of=swap_asap(4), age_s=4.0, scope="pair")
    assert ready_s(plan, [[6.0], [1.0], [4.8], [5.3, 1.0]]) == pytest.approx(8 + 1 + 3, abs=1e-8)
