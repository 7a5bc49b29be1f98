"""Noise and timing are attached where physics says, asserted against closed formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.boolean import Poly
from qstack.compiler import Chain, Environment, NodeNoise, PairState
from qstack.compiler.attach import Channel, NoisyPair, attach
from qstack.compiler.environment import NoiseValueError
from qstack.language import program as ir
from tests.compiler.exact import State, kraus, matrix, program_distribution


def wait_for_a_bit(basis: str) -> ir.Program:
    """Alice measures; Bob keeps half a pair until her bit is there, and the pair is Phi+ in `basis`."""
    return ir.Program(
        name="wait",
        roles=("alice", "bob"),
        operations=(
            ir.Entangle(pair="p0", nodes=("alice", "bob"), qubits=("q0", "q1")),
            ir.Measure(node="alice", qubit="q0", basis=basis, bit="m0"),
            ir.Send(nodes=("alice", "bob"), source="s0", value=(Poly.atom("m0"),)),
            ir.Gate(node="bob", gate="x" if basis == "Z" else "z", qubits=("q1",), when=Poly.atom("s0")),
            ir.Measure(node="bob", qubit="q1", basis=basis, bit="m1"),
        ),
        outputs=(ir.Output(name="b", node="bob", value=(Poly.atom("m1"),)),),
    )


def probability_of_one(program: ir.Program, environment: Environment) -> float:
    return sum(p for (_, (b,)), p in program_distribution(attach(program, environment)).items() if b == 1)


@pytest.mark.parametrize("memory", ["pauli", "exact"])
def test_a_qubit_dephases_while_it_waits_for_a_message(memory):
    environment = Environment(
        nodes={"alice": NodeNoise(measure_time_s=0.02), "bob": NodeNoise(t1_s=math.inf, t2_s=0.5)},
        latency_s={("alice", "bob"): 0.08},
        memory=memory,
    )
    assert probability_of_one(wait_for_a_bit("X"), environment) == pytest.approx((1 - math.exp(-0.1 / 0.5)) / 2)
    assert probability_of_one(wait_for_a_bit("Z"), environment) == pytest.approx(0.0, abs=1e-12)
    assert attach(wait_for_a_bit("X"), environment).duration_s == pytest.approx(0.1)


def test_relaxation_is_exact_or_twirled_as_asked():
    """Exactly, a |1> decays and a |0> does not; twirled, both flip with half that probability. Here: half are |1>."""
    decay = 1 - math.exp(-0.1 / 0.4)
    for memory in ("exact", "pauli"):
        environment = Environment(
            nodes={"bob": NodeNoise(t1_s=0.4, t2_s=0.3)}, latency_s={("alice", "bob"): 0.1}, memory=memory
        )
        assert probability_of_one(wait_for_a_bit("Z"), environment) == pytest.approx(decay / 2)
        assert probability_of_one(wait_for_a_bit("X"), environment) == pytest.approx((1 - math.exp(-0.1 / 0.3)) / 2)


@given(
    t1=st.floats(0.1, 10),
    ratio=st.floats(0.1, 2),
    time=st.floats(0, 5),
    memory=st.sampled_from(["pauli", "exact"]),
)
def test_waiting_keeps_coherence_by_t2_and_population_by_t1(t1, ratio, time, memory):
    from qstack.compiler.attach import idle

    node = NodeNoise(t1_s=t1, t2_s=t1 * ratio)
    plus = State().add(np.full((2, 2), 0.5), ["q"])
    one = State().add(np.diag([0.0, 1.0]), ["q"])
    for channel in idle("q", time, node, memory):
        plus = plus.apply(kraus(channel.channel, channel.values), ["q"])
        one = one.apply(kraus(channel.channel, channel.values), ["q"])
    assert abs(plus.rho[0, 1]) == pytest.approx(0.5 * math.exp(-time / (t1 * ratio)))
    kept = math.exp(-time / t1)
    assert one.rho[1, 1].real == pytest.approx(kept if memory == "exact" else (1 + kept) / 2)


def test_a_gate_is_followed_by_its_depolarising_noise_and_no_further_decay():
    operations = (
        ir.Prepare(node="a", qubit="q0"),
        ir.Prepare(node="a", qubit="q1"),
        ir.Gate(node="a", gate="h", qubits=("q0",)),
        ir.Gate(node="a", gate="cx", qubits=("q0", "q1")),
    )
    node = NodeNoise(
        gate1_time_s=1.0, gate2_time_s=5.0, gate1_depolarizing=0.04, gate2_depolarizing=0.08, t1_s=10, t2_s=10
    )
    noisy = attach(ir.Program(name="n", roles=("a",), operations=operations), Environment(nodes={"a": node}))
    channels = [op for op in noisy.operations if isinstance(op, Channel)]
    assert [channel.channel for channel in channels] == ["pauli", "depolarize2"]
    mixed = State().add(np.diag([1.0, 0.0]), ["q"]).apply(kraus("pauli", channels[0].values), ["q"])
    assert mixed.rho[1, 1].real == pytest.approx(0.04 / 2)
    pure = State().add(np.diag([1.0, 0, 0, 0]), ["a", "b"]).apply(kraus("depolarize2", channels[1].values), ["a", "b"])
    assert np.diag(pure.rho).real == pytest.approx([0.94, 0.02, 0.02, 0.02])
    assert noisy.duration_s == pytest.approx(6.0)


def test_qubits_wait_for_each_other_and_decay_meanwhile():
    operations = (
        ir.Entangle(pair="p0", nodes=("a", "b"), qubits=("q0", "q1")),
        ir.Prepare(node="a", qubit="q2"),
        ir.Gate(node="a", gate="h", qubits=("q2",)),
        ir.Gate(node="a", gate="cz", qubits=("q2", "q0")),
    )
    environment = Environment(nodes={"a": NodeNoise(gate1_time_s=2.0, gate2_time_s=1.0, t2_s=4.0)})
    noisy = attach(ir.Program(name="n", roles=("a", "b"), operations=operations), environment)
    (decay,) = [op for op in noisy.operations if isinstance(op, Channel)]
    assert decay.qubits == ("q0",)
    assert decay.values == pytest.approx((0, 0, (1 - math.exp(-2.0 / 4.0)) / 2))


@pytest.mark.parametrize("basis", ["X", "Y", "Z"])
def test_a_readout_error_turns_the_outcome_over_in_every_basis(basis):
    state = {"X": "+", "Y": "+i", "Z": "0"}[basis]
    operations = (
        ir.Prepare(node="bob", qubit="q0", state=state),
        ir.Measure(node="bob", qubit="q0", basis=basis, bit="m0"),
    )
    output = ir.Output(name="b", node="bob", value=(Poly.atom("m0"),))
    program = ir.Program(name="r", roles=("bob",), operations=operations, outputs=(output,))
    assert probability_of_one(program, Environment(nodes={"bob": NodeNoise(readout_error=0.07)})) == pytest.approx(0.07)


def test_a_lost_photon_is_flagged_and_leaves_nothing_behind():
    operations = (
        ir.Prepare(node="alice", qubit="q0", state="1"),
        ir.Transmit(nodes=("alice", "bob"), qubit="q0", arrived="t0"),
        ir.Measure(node="bob", qubit="q0", bit="m0", detected="t0"),
    )
    outputs = tuple(ir.Output(name=n, node="bob", value=(Poly.atom(n),)) for n in ("m0", "t0"))
    program = ir.Program(name="t", roles=("alice", "bob"), operations=operations, outputs=outputs)
    found = program_distribution(attach(program, Environment(survival={("alice", "bob"): 0.3})))
    assert found[True, (1, 1)] == pytest.approx(0.3)
    assert found[True, (0, 0)] == pytest.approx(0.35)
    assert found[True, (1, 0)] == pytest.approx(0.35)


def chain_fidelity(hops, swaps) -> float:
    """Overlap with Phi+ of the pair a chain makes, from its attached operations."""
    pair = ir.Entangle(pair="p0", nodes=("a", "b"), qubits=("q0", "q1"))
    noisy = attach(
        ir.Program(name="c", roles=("a", "b"), operations=(pair,)),
        Environment(pairs={"p0": Chain(tuple(map(PairState, hops)), tuple(swaps))}),
    )
    measured = [
        *noisy.operations,
        ir.Gate(node="a", gate="cx", qubits=("q0", "q1")),
        ir.Gate(node="a", gate="h", qubits=("q0",)),
        ir.Measure(node="a", qubit="q0", bit="e0"),
        ir.Measure(node="b", qubit="q1", bit="e1"),
    ]
    out = tuple(ir.Output(name=n, node="a", value=(Poly.atom(n),)) for n in ("e0", "e1"))
    judged = noisy.__class__(tuple(measured), noisy.chances, noisy.given, (), out, 0.0)
    return program_distribution(judged)[True, (0, 0)]


def werner(fidelity: float) -> tuple[float, float, float, float]:
    rest = (1 - fidelity) / 3
    return fidelity, rest, rest, rest


def test_a_chain_of_link_pairs_swaps_to_the_published_fidelity():
    assert chain_fidelity([werner(1.0)] * 3, [NodeNoise()] * 2) == pytest.approx(1.0)
    assert chain_fidelity([werner(0.95)] * 2, [NodeNoise()]) == pytest.approx(0.903333, abs=1e-6)
    assert chain_fidelity([werner(0.85), werner(0.8)], [NodeNoise()]) == pytest.approx(0.69, abs=1e-6)
    depolarised = chain_fidelity([werner(1.0)] * 2, [NodeNoise(gate2_depolarizing=0.1)])
    assert depolarised == pytest.approx(0.9 + 0.1 / 4)
    misread = chain_fidelity([werner(1.0)] * 2, [NodeNoise(readout_error=0.1)])
    assert misread == pytest.approx(0.81)


def test_values_no_device_can_have_are_refused():
    for bad in (
        {"gate1_time_s": -1.0},
        {"readout_error": 1.5},
        {"t1_s": 1.0, "t2_s": 2.5},
        {"gate2_depolarizing": math.nan},
    ):
        with pytest.raises(NoiseValueError):
            NodeNoise(**bad)


def test_pairs_keep_the_state_they_are_given():
    pair = ir.Entangle(pair="p0", nodes=("a", "b"), qubits=("q0", "q1"))
    weights = (0.7, 0.1, 0.15, 0.05)
    noisy = attach(
        ir.Program(name="p", roles=("a", "b"), operations=(pair,)), Environment(pairs={"p0": PairState(weights)})
    )
    assert noisy.operations == (NoisyPair(("q0", "q1"), weights),)


def test_the_matrices_of_the_judge_are_unitary():
    for name, count in [
        ("x", 0),
        ("h", 0),
        ("sx", 0),
        ("u", 3),
        ("rx", 1),
        ("ry", 1),
        ("rz", 1),
        ("cx", 0),
        ("swap", 0),
    ]:
        u = matrix(name, [0.3, 0.7, 1.1][:count])
        assert u @ u.conj().T == pytest.approx(np.eye(len(u)))
