"""Choice, order, limits and life of the local simulators, seen from outside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import numpy as np
import pytest

from qstack.backend import BackendError, CapabilityError, Describes, JobHandle, Run
from qstack.backends.auto import AutoBackend
from qstack.backends.bell import BellBackend
from qstack.backends.cirq import CirqBackend
from qstack.backends.local import LocalBackend, Sampler
from qstack.backends.schedule import cheapest, schedule, width
from qstack.backends.stim import StimBackend, to_stim
from qstack.boolean import TRUE, Poly
from qstack.circuit import Circuit, Gate, Measure, Noise, Operation, Pair, Reset

PAIR = Circuit(2, 2, (Pair((0, 1)), Gate("ry", (0,), (0.3,)), Measure(0, 0), Measure(1, 1)))
GHZ = Circuit(3, 3, (Gate("h", (0,)), Gate("cx", (0, 1)), Gate("cx", (1, 2)), *(Measure(q, q) for q in range(3))))
MAGIC = Circuit(2, 2, (Gate("h", (0,)), Gate("t", (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)))


def chain(swaps: int, *, damped: bool = False) -> Circuit:
    """A repeater chain with corrections at its end, every pair made first."""
    end = 2 * swaps + 1
    operations: list[Operation] = [Pair((q, q + 1), (0.94, 0.02, 0.02, 0.02)) for q in range(0, end, 2)]
    if damped:
        operations += [Noise("amplitude_damping", (q,), (0.05,)) for q in range(end + 1)]
    for left in range(1, end - 1, 2):
        operations += [Gate("cx", (left, left + 1)), Gate("h", (left,))]
        operations += [Measure(left, left - 1), Measure(left + 1, left)]
        operations += [
            Gate("x", (end,), (), Poly.atom(f"c{left}")),
            Gate("z", (end,), (), Poly.atom(f"c{left - 1}")),
        ]
    operations += [Measure(0, end - 1), Measure(end, end)]
    return Circuit(end + 1, end + 1, tuple(operations))


@pytest.mark.parametrize(
    ("circuit", "taken_by"),
    [(PAIR, "bell"), (GHZ, "stim"), (MAGIC, "cirq"), (chain(2), "stim"), (chain(2, damped=True), "cirq")],
)
async def test_auto_takes_the_cheapest_and_says_which(circuit: Circuit, taken_by: str) -> None:
    backend = AutoBackend()
    assert isinstance(backend, Describes)
    handle = await backend.submit([Run(circuit, 10)], seed=1)
    await backend.result(handle)
    assert await backend.details(handle) == {"taken_by": [taken_by]}


async def test_auto_gives_what_the_chosen_simulator_gives() -> None:
    members: list[LocalBackend] = [BellBackend(), StimBackend(), CirqBackend()]
    auto = AutoBackend()
    for member, circuit in zip(members, (PAIR, GHZ, MAGIC), strict=True):
        outcomes = [await b.result(await b.submit([Run(circuit, 500)], seed=4)) for b in (member, auto)]
        np.testing.assert_array_equal(outcomes[0][0], outcomes[1][0])


async def test_one_batch_may_go_to_several_simulators() -> None:
    backend = AutoBackend()
    handle = await backend.submit([Run(MAGIC, 5), Run(PAIR, 6), Run(GHZ, 7), Run(PAIR, 8)])
    assert [outcome.shape for outcome in await backend.result(handle)] == [(5, 2), (6, 2), (7, 3), (8, 2)]
    assert await backend.details(handle) == {"taken_by": ["cirq", "bell", "stim", "bell"]}


async def test_a_refusal_names_the_operation() -> None:
    with pytest.raises(CapabilityError, match="gate t"):
        await StimBackend().submit([Run(MAGIC, 10)])
    with pytest.raises(CapabilityError, match="feed-forward of gate h"):
        conditional = Circuit(2, 1, (Measure(0, 0), Gate("h", (1,), (), Poly.atom("c0"))))
        await StimBackend().submit([Run(conditional, 10)])
    with pytest.raises(CapabilityError, match="gate cx"):
        await BellBackend().submit([Run(GHZ, 10)])


async def test_a_refusal_names_the_installed_backends_that_could() -> None:
    with pytest.raises(CapabilityError, match="could take it: auto, cirq"):
        await StimBackend().submit([Run(MAGIC, 10)])
    with pytest.raises(CapabilityError, match="could take it: auto, cirq, stim"):
        await BellBackend().submit([Run(GHZ, 10)])


async def test_a_state_too_wide_for_memory_is_refused_but_a_long_circuit_is_not() -> None:
    qubits = 40
    ladder = [Gate("cx", (q, q + 1)) for q in range(qubits - 1)]
    ends = [Measure(q, q) for q in range(qubits)]
    wide = Circuit(qubits, qubits, (Gate("h", (0,)), *ladder, *(Gate("t", (q,)) for q in range(qubits)), *ends[::-1]))
    with pytest.raises(CapabilityError, match=r"40 qubits in one state.*no other installed backend"):
        await AutoBackend().submit([Run(wide, 10)])
    backend = CirqBackend()
    (outcome,) = await backend.result(await backend.submit([Run(chain(19, damped=True), 10)], seed=1))
    assert outcome.shape == (10, 40)


def test_a_chain_holds_four_qubits_at_once() -> None:
    assert width(schedule(chain(8))) == 4
    assert width(schedule(GHZ)) == 2  # each qubit is measured as soon as it has passed its state on


def test_what_no_measurement_sees_is_left_out() -> None:
    circuit = Circuit(4, 1, (Gate("h", (0,)), Gate("h", (1,)), Pair((2, 3)), Measure(0, 0), Gate("x", (0,)), Reset(1)))
    assert schedule(circuit) == [Gate("h", (0,)), Measure(0, 0)]


def test_the_cheaper_kind_of_state_is_chosen() -> None:
    quiet = Circuit(8, 8, tuple(Gate("h", (q,)) for q in range(8)) + tuple(Measure(q, q) for q in range(8)))
    assert cheapest(schedule(quiet), 10_000) == "vector"
    assert cheapest(schedule(chain(2, damped=True)), 100_000) == "density"


def test_translation_to_stim() -> None:
    condition = Poly.atom("c1") ^ Poly.atom("c0") ^ TRUE
    operations = (
        Pair((0, 1), (0.7, 0.1, 0.15, 0.05)),
        Measure(0, 1),
        Measure(1, 0),
        Gate("y", (2,), (), condition),
    )
    circuit, order = to_stim(Circuit(3, 2, operations))
    assert order == [1, 0]
    lines = str(circuit).splitlines()
    assert lines[:3] == ["H 0", "CX 0 1", "PAULI_CHANNEL_1(0.1, 0.05, 0.15) 1"]
    assert "Y 2" in lines
    assert (
        {"CY rec[-2] 2", "CY rec[-1] 2"} <= set(lines)
        or "CY rec[-2] 2 rec[-1] 2" in lines
        or "CY rec[-1] 2 rec[-2] 2" in lines
    )


@pytest.mark.parametrize("backend", [BellBackend(), StimBackend(), CirqBackend()], ids=lambda b: b.name)
async def test_cancelling_frees_the_worker_within_a_tenth_of_a_second(backend: LocalBackend) -> None:
    circuit = PAIR if backend.name == "bell" else chain(8)
    warm = await backend.submit([Run(circuit, 10)])
    await backend.result(warm)
    handles = [await backend.submit([Run(circuit, 50_000_000)]) for _ in range(16)]  # more than there are workers
    await asyncio.sleep(0.05)
    for handle in handles:
        await backend.cancel(handle)
    start = time.perf_counter()
    await backend.result(await backend.submit([Run(circuit, 10)]))
    assert time.perf_counter() - start < 0.5  # 0.1 s of work, with room for a busy machine
    for handle in handles:
        assert await backend.status(handle) == "cancelled"
        with pytest.raises(BackendError, match="cancelled"):
            await backend.result(handle)


class Absorbed(StimBackend):
    """A simulator that looks up from its work only once it is done."""

    def prepare(self, circuit: Circuit) -> Sampler:  # type: ignore[override]
        time.sleep(1.5)
        return super().prepare(circuit)


async def test_whoever_waits_learns_of_the_cancellation_at_once() -> None:
    backend = Absorbed()
    handle = await backend.submit([Run(GHZ, 10)])
    waiting = asyncio.create_task(backend.result(handle))
    await asyncio.sleep(0.05)
    start = time.perf_counter()
    await backend.cancel(handle)
    with pytest.raises(BackendError, match="cancelled"):
        await waiting
    assert time.perf_counter() - start < 0.5
    assert await backend.status(handle) == "cancelled"


async def test_handles_carry_the_backends_name_and_are_its_own() -> None:
    backend, other = StimBackend(), StimBackend()
    handle = await backend.submit([Run(GHZ, 10)])
    assert handle.startswith("stim:")
    with pytest.raises(BackendError, match="not submitted here"):
        await other.status(handle)
    await backend.result(handle)
    assert await backend.status(handle) == "done"
    with pytest.raises(BackendError, match="fetched before"):
        await backend.result(handle)
    with pytest.raises(BackendError):
        await backend.details(JobHandle("stim:0"))


def test_importing_a_backend_does_not_load_its_library() -> None:
    script = (
        "import sys, qstack.backends.auto\n"
        "loaded = {'cirq', 'stim', 'scipy', 'pytest', 'hypothesis'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
