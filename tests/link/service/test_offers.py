"""The facts a service works with, from the physics of its link."""

from __future__ import annotations

import math

import pytest

from qstack.link import Arm, Fibre, Heralded, SingleClick, platform_profile
from qstack.link.errors import LinkError
from qstack.link.service import Create, Error, ErrorCode, LinkMachine, facts_of


def test_each_setting_is_an_option_and_the_herald_costs_what_the_memory_loses() -> None:
    arm = Arm(Fibre(50.0), 0.1)
    dim, bright = (SingleClick((arm, arm), bright=(alpha, alpha)) for alpha in (0.05, 0.2))
    ion = platform_profile("trapped_ion_node")
    facts = facts_of("a-b", (dim, bright), (ion, ion.adjusted({"memory": {"modes": 7, "cutoff_s": 0.01}})))
    assert [option.success_probability for option in facts.options] == [
        dim.success_probability,
        bright.success_probability,
    ]
    # One flight there and one back along 50 km of fibre each, at both ends; T2 is 85 ms.
    kept = math.exp(-2 * (100 * 1.468 / 299_792.458) / 85e-3)
    coherence = float(dim.density[0, 3].real)
    assert facts.options[0].fidelity == pytest.approx(
        float(dim.density[0, 0].real + dim.density[3, 3].real) / 2 + coherence * kept
    )
    assert (facts.slots, facts.peer_slots, facts.cutoff_s) == (1, 7, 0.01)


def test_a_request_that_can_never_be_met_is_unsupported() -> None:
    chip = platform_profile("ibm_heron_r2")
    arm = Arm(Fibre(50.0), 0.1)
    facts = facts_of("a-b", [SingleClick((arm, arm), bright=(0.05, 0.05))], (chip, chip))
    machine = LinkMachine("a", "b", facts, 1)
    answers = machine.handle(Create(remote_node_id="b", minimum_fidelity=0.6), 0.0)
    (error,) = [answer for answer in answers if isinstance(answer, Error)]
    assert error.code is ErrorCode.UNSUPP


def test_without_memory_there_are_no_slots() -> None:
    eye = platform_profile("photonic_spdc")
    assert facts_of("a-b", [Heralded(0.5, 1.0)], (eye, eye)).slots == 0
    with pytest.raises(LinkError):
        facts_of("a-b", [], (eye, eye))
