"""The lowerings of one program agree with its meaning, exactly, with Pauli noise and with amplitude damping."""

from __future__ import annotations

import pytest
from hypothesis import assume, given

from qstack.backend import Capabilities
from qstack.compiler import Environment, LoweringError, NodeNoise, PairState, compile_program
from tests.compiler.exact import compiled_distribution, program_distribution
from tests.compiler.programs import CLIFFORD1, programs

EVERYTHING = Capabilities(feed_forward="full", mid_circuit_measurement=True, reset=True)
NODE = NodeNoise(1e-3, 2e-3, 3e-3, 0.02, 0.05, 0.03, t1_s=0.05, t2_s=0.03)
PAIRS = {"p0": PairState((0.8, 0.05, 0.1, 0.05)), "p1": PairState(drawn=True)}
NOISES = {
    "none": Environment(),
    "pauli": Environment(nodes={"a": NODE}, pairs=PAIRS, memory="pauli"),
    "damping": Environment(nodes={"a": NODE}, pairs=PAIRS, memory="exact"),
}


def assert_same(found, expected):
    for key in set(found) | set(expected):
        assert found.get(key, 0.0) == pytest.approx(expected.get(key, 0.0), abs=1e-9), key


@pytest.mark.parametrize("noise", NOISES)
@given(program=programs())
def test_native_and_deferred_mean_what_the_program_means(noise, program):
    for lowering in ("native", "deferred"):
        compiled = compile_program(program, EVERYTHING, NOISES[noise], lowering)
        assert compiled.lowering == lowering
        expected = program_distribution(compiled.noisy)
        assert sum(expected.values()) == pytest.approx(1)
        assert_same(compiled_distribution(compiled), expected)


@pytest.mark.parametrize("noise", NOISES)
@given(program=programs(conditional=("x", "y", "z"), measured_angles=False))
def test_frames_mean_what_the_program_means_or_are_refused(noise, program):
    try:
        compiled = compile_program(program, EVERYTHING, NOISES[noise], "frame")
    except LoweringError:
        assume(False)
    assert_same(compiled_distribution(compiled), program_distribution(compiled.noisy))


@pytest.mark.parametrize("noise", ["none", "pauli"])
@given(program=programs(gates=tuple(CLIFFORD1), conditional=("x", "y", "z")))
def test_clifford_programs_with_pauli_noise_always_have_frames(noise, program):
    compiled = compile_program(program, EVERYTHING, NOISES[noise])
    assert compiled.lowering == "frame"
    assert not any(getattr(op, "when", None) for _, circuit in compiled.circuits(4096) for op in circuit.operations)
    assert_same(compiled_distribution(compiled), program_distribution(compiled.noisy))
