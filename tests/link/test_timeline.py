"""Timelines: when the ends of a link do what, what is left of the pair, and verdicts on what can never work."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.link import Arm, Detector, DoubleClick, Fibre, Heralded, Platform, platform_profile
from qstack.link.timeline import Kind, Operation, Step, best_fidelity, judge, timeline, warnings

KM_S = 1.468 / 299_792.458
PERFECT = Platform()
NAMES = ("Alice", "Bob")


def fibre_link(a_km: float, b_km: float, preparation_time_s: float = 0.0, visibility: float = 1.0) -> DoubleClick:
    arms = (Arm(Fibre(a_km)), Arm(Fibre(b_km)))
    return DoubleClick(arms, Detector(), visibility, preparation_time_s=preparation_time_s)


def spans(steps: tuple[Step, ...], kind: Kind) -> list[tuple[float, float]]:
    return [(step.start_s, step.stop_s) for step in steps if step.kind is kind]


def test_both_ends_get_ready_emit_and_wait_for_the_herald() -> None:
    """Arms of 10 and 30 km: the nearer end emits 20 km of light later, and both hear of it at the same time."""
    first = PERFECT.adjusted({"memory": {"initialisation_time_s": 20e-6}})
    second = PERFECT.adjusted({"memory": {"initialisation_time_s": 50e-6}})
    steps = timeline(fibre_link(10.0, 30.0, 50e-6), (first, second)).steps
    herald_s = 50e-6 + 60 * KM_S
    flat = [time for span in spans(steps, Kind.INITIALISE) for time in span]
    assert flat == pytest.approx([0.0, 20e-6, 0.0, 50e-6])
    flat = [time for span in spans(steps, Kind.ATTEMPT) for time in span]
    assert flat == pytest.approx([20e-6, 50e-6 + 20 * KM_S, 50e-6, 50e-6])
    flat = [time for span in spans(steps, Kind.HERALD) for time in span]
    assert flat == pytest.approx([50e-6 + 20 * KM_S, herald_s, 50e-6, herald_s])
    assert [step.at for step in steps] == [0, 1, 0, 1, 0, 1]
    assert [step.fidelity for step in steps] == [None] * 4 + [1.0, 1.0]


def test_a_teleportation_step_by_step() -> None:
    """Dephasing alone: each step costs e^(-t/T2) per end that still stores, a gate (1 - p) of all correlations."""
    alice = Platform(t2_s=1.0, gate2_time_s=0.02, gate2_depolarizing=0.1, gate1_time_s=0.01, readout_time_s=0.03)
    bob = Platform(t2_s=0.5, gate1_time_s=0.04, gate1_depolarizing=0.2)
    operations = [
        Operation(Kind.TWO_QUBIT_GATE),
        Operation(Kind.ONE_QUBIT_GATE),
        Operation(Kind.READOUT),
        Operation(Kind.MESSAGE, 1, flight_s=0.05),
        Operation(Kind.ONE_QUBIT_GATE, 1),
    ]
    after = timeline(Heralded(0.5, 0.1), (alice, bob), operations).steps[6:]
    assert [step.kind for step in after] == [each.kind for each in operations]
    assert [step.start_s for step in after] == pytest.approx([0.1, 0.12, 0.13, 0.16, 0.21])
    assert [step.stop_s for step in after] == pytest.approx([0.12, 0.13, 0.16, 0.21, 0.25])
    both, alone = 1 / 1.0 + 1 / 0.5, 1 / 0.5
    exponents = [0.02 * both, 0.03 * both, 0.06 * both, 0.06 * both + 0.05 * alone, 0.06 * both + 0.09 * alone]
    kept = [0.9, 0.9, 0.9, 0.9, 0.9 * 0.8]
    expected = [(1 + k + 2 * k * math.exp(-e)) / 4 for k, e in zip(kept, exponents, strict=True)]
    assert [step.fidelity for step in after] == pytest.approx(expected)


def test_what_fits_before_the_pair_is_useless() -> None:
    node = Platform(t2_s=1.0, gate2_time_s=0.05)
    operations = [Operation(Kind.TWO_QUBIT_GATE)] * 4
    plan = timeline(Heralded(0.5, 0.1), (node, node), operations)
    # F = (1 + e^(-2t)) / 2: .9524, .9094, .8704, .8352
    assert len(plan.fits(0.9)) == 6 + 2
    assert len(plan.fits(0.5)) == 6 + 4
    assert plan.fits(0.5) == plan.steps
    assert len(plan.fits(1.0)) == 6  # the herald alone
    assert len(timeline(Heralded(0.5, 0.1, 0.8), (node, node)).fits(0.9)) == 4  # not even that


@given(st.floats(0.1, 100), st.floats(1e-4, 1), st.floats(0, 1))
def test_best_fidelity_is_what_dephasing_leaves_at_the_herald(km: float, t2_s: float, visibility: float) -> None:
    node = Platform(t2_s=t2_s)
    found = best_fidelity(fibre_link(km, 2 * km, visibility=visibility), (node, node))
    stored_s = (3 + 4) * km * KM_S
    assert found == pytest.approx((1 + visibility * math.exp(-stored_s / t2_s)) / 2)


def test_a_link_that_is_good_enough() -> None:
    ion = platform_profile("trapped_ion_node")
    verdict = judge(fibre_link(5.0, 5.0, visibility=0.89), (ion, ion), 0.9)
    assert verdict.possible
    assert verdict.reason == ""
    assert verdict.fidelity == pytest.approx((1 + 0.89 * math.exp(-20 * KM_S / 85e-3)) / 2)


@pytest.mark.parametrize(
    ("fidelity", "floor", "reason"),
    [
        (0.81, 0.9, "heralded fidelity 0.81 is below 0.9"),
        (0.89996, 0.9, "heralded fidelity 0.89996 is below 0.9"),
    ],
)
def test_a_herald_that_is_not_good_enough(fidelity: float, floor: float, reason: str) -> None:
    verdict = judge(Heralded(0.1, 1e-3, fidelity), (PERFECT, PERFECT), floor)
    assert not verdict.possible
    assert (verdict.fidelity, verdict.reason) == (pytest.approx(fidelity), reason)


def test_a_floor_that_is_just_met() -> None:
    assert judge(Heralded(0.1, 1e-3, 0.9), (PERFECT, PERFECT), 0.9).possible


def test_a_herald_that_comes_after_the_coherence() -> None:
    """500 km to the station and back take 4.9 ms; after 34 T2 a quarter is left."""
    heron = platform_profile("ibm_heron_r2")
    verdict = judge(fibre_link(500.0, 500.0), (heron, PERFECT), 0.5, names=NAMES)
    expected = "the herald takes 4.9 ms at Alice, where T2 is 144 µs: fidelity 0.25 is left, below 0.5"
    assert verdict.reason == expected
    assert verdict.fidelity == pytest.approx(0.25, abs=1e-6)
    other = judge(fibre_link(500.0, 500.0), (PERFECT, heron), 0.5, names=NAMES)
    assert "at Bob" in other.reason


def test_a_herald_that_comes_after_the_cutoff() -> None:
    crystal = platform_profile("rare_earth_memory")
    verdict = judge(fibre_link(5.0, 5.0), (PERFECT, crystal), 0.1, names=NAMES)
    assert verdict.reason == "the herald takes 49 µs at Bob, where qubits are given up after 25 µs"
    assert verdict.fidelity == 0.0
    assert judge(fibre_link(2.0, 2.0), (PERFECT, crystal), 0.9).possible
    late = [Operation(Kind.MESSAGE, 0, 20e-6)]
    again = judge(fibre_link(2.0, 2.0), (PERFECT, crystal), 0.9, late, NAMES)
    # 25 us less 4 km of light
    assert again.reason == "a message at Alice takes 20 µs, the pair keeps fidelity 0.9 for 5.41 µs"
    assert timeline(fibre_link(2.0, 2.0), (PERFECT, crystal), late).steps[-1].fidelity == 0.0


def test_photons_that_are_measured_at_once_do_not_wait() -> None:
    receiver = platform_profile("photonic_spdc").adjusted({"t1_s": 1e-9, "t2_s": 1e-9})
    assert best_fidelity(fibre_link(500.0, 500.0), (receiver, receiver)) == pytest.approx(1.0)


def test_a_gate_that_is_slower_than_the_coherence_left() -> None:
    """F = (1 + e^(-2t/T2)) / 2 keeps .8 for -T2/2 ln .6 = 255 us."""
    slow = Platform(t2_s=1e-3, gate2_time_s=500e-6)
    verdict = judge(Heralded(0.1, 1e-3), (PERFECT.adjusted({"t2_s": 1e-3}), slow), 0.8,
                    [Operation(Kind.TWO_QUBIT_GATE, 1)], NAMES)  # fmt: skip
    assert verdict.reason == "a two-qubit gate at Bob takes 500 µs, the pair keeps fidelity 0.8 for 255 µs"
    assert verdict.fidelity == pytest.approx((1 + math.exp(-1.0)) / 2)


def test_a_gate_that_is_too_rough() -> None:
    rough = Platform(gate2_depolarizing=0.4)
    verdict = judge(Heralded(0.1, 1e-3), (rough, rough), 0.8, [Operation(Kind.TWO_QUBIT_GATE)], NAMES)
    assert verdict.reason == "a two-qubit gate at Alice leaves fidelity 0.7, below 0.8"


def test_warnings_name_every_operation_that_spoils_the_pair() -> None:
    slow = Platform(t2_s=1e-3, gate2_time_s=5e-3, readout_time_s=1.0, gate1_depolarizing=0.9)
    link = Heralded(0.1, 1e-3, 0.95)
    found = warnings(link, (slow, Platform(t2_s=1e-3)), names=NAMES)
    assert [line.partition(" at Alice")[0] for line in found] == ["a one-qubit gate", "a two-qubit gate", "a readout"]
    assert warnings(link, (PERFECT, PERFECT)) == []


def test_a_hopeless_link_is_warned_of_once() -> None:
    heron = platform_profile("ibm_heron_r2")
    found = warnings(fibre_link(500.0, 500.0), (heron, heron))
    assert len(found) == 1
    assert found[0].startswith("the herald takes 4.9 ms at the first node")


def test_the_machines_that_ship_can_make_pairs_in_one_laboratory() -> None:
    for name in ("trapped_ion_node", "nv_centre", "neutral_atom", "rare_earth_memory"):
        node = platform_profile(name)
        assert node.photon is not None
        link = fibre_link(0.01, 0.01, visibility=node.photon.visibility)
        assert judge(link, (node, node), 0.9).possible
        assert warnings(link, (node, node)) == []


@given(st.lists(st.tuples(st.sampled_from(list(Kind)[3:]), st.integers(0, 1), st.floats(0, 1)), max_size=6))
def test_steps_follow_one_another_and_only_lose(plan: list[tuple[Kind, int, float]]) -> None:
    nodes = (platform_profile("trapped_ion_node"), platform_profile("nv_centre"))
    steps = timeline(Heralded(0.5, 0.01, 0.95), nodes, [Operation(*each) for each in plan]).steps[5:]
    for before, after in pairwise(steps):
        assert after.start_s == before.stop_s
        assert after.stop_s >= after.start_s
        assert before.fidelity is not None and after.fidelity is not None
        assert after.fidelity <= before.fidelity + 1e-12
    assert steps[-1].fidelity is not None and steps[-1].fidelity >= 0.25 - 1e-12


def test_a_pulsed_source_may_start_attempts_before_the_last_is_known() -> None:
    """An attempt every microsecond, heralds that take 50: the timeline of one attempt is 50 us long."""

    class Pulsed(Heralded):
        @property
        def stored_s(self) -> tuple[float, float]:
            return 50e-6, 30e-6

    steps = timeline(Pulsed(0.1, 1e-6), (PERFECT, PERFECT)).steps
    assert spans(steps, Kind.HERALD) == [(0.0, 50e-6), (pytest.approx(20e-6), 50e-6)]


def test_the_state_at_the_herald_is_the_links_own() -> None:
    link = fibre_link(1.0, 1.0, visibility=0.7)
    np.testing.assert_allclose(best_fidelity(link, (PERFECT, PERFECT)), bell.fidelity(link.state))
