"""Every local simulator against the density matrices of `tests.judge`, on circuits it can take."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qstack.backend import RawOutcomes, Run
from qstack.backends.bell import BellBackend
from qstack.backends.cirq import CirqBackend
from qstack.backends.conformance import distribution as kit_distribution
from qstack.backends.conformance.compare import MANY, assert_fits
from qstack.backends.conformance.exact import unitary as kit_unitary
from qstack.backends.conformance.strategies import circuits
from qstack.backends.local import LocalBackend
from qstack.backends.schedule import schedule, width
from qstack.backends.stim import StimBackend
from qstack.circuit import (
    ANGLES,
    GATES,
    TWO_QUBIT_GATES,
    Circuit,
    Gate,
    Measure,
    Noise,
    Operation,
    Pair,
    Parameter,
)
from tests import judge

SHOTS = 1500


def sample(
    backend: LocalBackend, circuit: Circuit, parameters: tuple[float, ...] = (), shots: int = SHOTS
) -> RawOutcomes:
    async def conversation() -> RawOutcomes:
        (outcome,) = await backend.result(await backend.submit([Run(circuit, shots, parameters)], seed=11))
        return outcome

    return asyncio.run(conversation())


BACKENDS = {
    "bell": BellBackend(),
    "stim": StimBackend(),
    "cirq-vector": CirqBackend("vector"),
    "cirq-density": CirqBackend("density"),
    "cirq-in-halves": CirqBackend(most_numbers=8),
}


@pytest.mark.parametrize("name", BACKENDS)
def test_random_circuits_have_the_exact_distribution(name: str) -> None:
    backend = BACKENDS[name]

    @settings(deadline=None)
    @given(circuits(backend.capabilities))
    def check(drawn: tuple[Circuit, tuple[float, ...]]) -> None:
        circuit, parameters = drawn
        assert_fits(sample(backend, circuit, parameters), judge.distribution(circuit, parameters), MANY)

    check()


@settings(deadline=None)
@given(circuits(CirqBackend.capabilities))
def test_the_kit_and_the_judge_agree(drawn: tuple[Circuit, tuple[float, ...]]) -> None:
    circuit, parameters = drawn
    ours, theirs = judge.distribution(circuit, parameters), kit_distribution(circuit, parameters)
    assert sum(ours.values()) == pytest.approx(1.0)
    for bits in ours.keys() | theirs.keys():
        assert ours.get(bits, 0.0) == pytest.approx(theirs.get(bits, 0.0), abs=1e-9)


@pytest.mark.parametrize("name", sorted(GATES))
@given(angles=st.lists(st.floats(-7, 7), min_size=3, max_size=3))
def test_the_kit_and_the_judge_have_the_same_gates(name: str, angles: list[float]) -> None:
    taken = tuple(angles[: ANGLES.get(name, 0)])
    ours, theirs = judge.unitary(name, taken), kit_unitary(name, taken)
    assert abs(np.trace(ours.conj().T @ theirs)) == pytest.approx(len(ours))
    np.testing.assert_allclose(ours.conj().T @ ours, np.eye(len(ours)), atol=1e-12)


@pytest.mark.parametrize("angle_a", [0.0, 0.4, 2.1])
@pytest.mark.parametrize("backend", [BellBackend(), CirqBackend()], ids=lambda b: b.name)
def test_a_werner_pair_at_angles_has_the_textbook_correlation(backend: LocalBackend, angle_a: float) -> None:
    """E(a, b) = (4F - 1)/3 cos(a - b) for measurements in the x-z plane (Horodecki 1996)."""
    fidelity, angle_b, shots = 0.9, 1.3, 200_000
    rest = (1 - fidelity) / 3
    turns = (Gate("ry", (0,), (Parameter(0.0, ((-1.0, 0),)),)), Gate("ry", (1,), (-angle_b,)))
    pair = Pair((0, 1), (fidelity, rest, rest, rest))
    circuit = Circuit(2, 2, (pair, *turns, Measure(0, 0), Measure(1, 1)), parameters=1)
    outcome = sample(backend, circuit, (angle_a,), shots).astype(int)
    products = (1 - 2 * outcome[:, 0]) * (1 - 2 * outcome[:, 1])
    expected = (4 * fidelity - 1) / 3 * np.cos(angle_a - angle_b)
    assert abs(products.mean() - expected) < 4 * np.sqrt((1 - expected**2) / shots)


@pytest.mark.parametrize("mode", ["vector", "density"])
def test_damping_through_swaps_has_the_textbook_coherence(mode: str) -> None:
    """Damping both halves of Phi+ by gamma leaves <XX> = 1 - gamma; swaps multiply <XX> of the pairs."""
    gamma, shots = 0.2, 100_000
    operations: list[Operation] = [
        Pair((0, 1)),
        Pair((2, 3)),
        Noise("amplitude_damping", (0,), (gamma,)),
        Noise("amplitude_damping", (1,), (gamma,)),
    ]
    operations += [Gate("cx", (1, 2)), Gate("h", (1,)), Measure(1, 0), Measure(2, 1)]
    operations += [Gate("h", (0,)), Gate("h", (3,)), Measure(0, 2), Measure(3, 3)]
    backend = CirqBackend("vector" if mode == "vector" else "density")
    outcome = sample(backend, Circuit(4, 4, tuple(operations)), shots=shots).astype(int)
    signs = 1 - 2 * (outcome[:, 0] ^ outcome[:, 2] ^ outcome[:, 3])
    assert abs(signs.mean() - (1 - gamma)) < 4 * np.sqrt((1 - (1 - gamma) ** 2) / shots)


@pytest.mark.parametrize("seed", range(4))
def test_large_states_behave_like_small_ones(seed: int) -> None:
    """Eleven qubits in |0> are tied to a random circuit at both ends by gates that do nothing to it."""
    rng = np.random.default_rng(seed)
    gates: list[Operation] = []
    for name in rng.permutation(sorted(GATES) * 2).tolist():
        qubits = rng.permutation(3)[: 2 if name in TWO_QUBIT_GATES else 1].tolist()
        gates.append(Gate(name, tuple(qubits), tuple(rng.uniform(-3, 3, ANGLES.get(name, 0)).tolist())))
    ends = tuple(Measure(q, q) for q in range(3))
    ties = tuple(Gate("cz", (q, q % 3)) for q in range(3, 14))
    wide = Circuit(14, 3, (*ties, *gates, *ties, *ends))
    assert width(schedule(wide)) == 14
    assert_fits(sample(CirqBackend(), wide, shots=20_000), judge.distribution(Circuit(3, 3, (*gates, *ends))))
