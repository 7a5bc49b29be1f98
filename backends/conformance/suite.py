"""The tests: what a backend promises by the seam, checked from outside.

Statistics are compared with `exact.distribution`; a test that needs more than the capabilities is skipped.
Everything runs in its own event loop, so no pytest plugin is needed.
"""

# ruff: noqa: D102 (test methods say what they check by their names)
from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from qstack.backend import (
    Backend,
    BackendError,
    Capabilities,
    CapabilityError,
    JobHandle,
    RawOutcomes,
    Run,
    obstacles,
)
from qstack.backends.conformance import cases
from qstack.backends.conformance.compare import MANY, assert_fits
from qstack.backends.conformance.exact import distribution
from qstack.backends.conformance.strategies import circuits
from qstack.circuit import (
    ANGLES,
    CHANNELS,
    GATES,
    TWO_QUBIT_GATES,
    Circuit,
    Gate,
    Measure,
    Noise,
    Pair,
    Reset,
)
from qstack.errors import InputError

T = TypeVar("T")
STANDARD = dict(cases.standard())
MALFORMED = {name: (circuit, shots, values) for name, circuit, shots, values in cases.malformed()}


class BackendConformance:
    """Subclass it as `class TestMine(BackendConformance)` and give `make_backend`.

    Attributes:
        shots: shots of one statistical check.
        seed: seed of every check, so that a simulator's verdict is always the same.
    """

    shots: int = 4000
    seed: int = 20_150_821

    def make_backend(self) -> Backend:
        """A new backend; called at least once per test."""
        raise TypeError(f"{type(self).__name__} must define make_backend()")

    # -- the four verbs, for tests --

    def outcomes(self, runs: Sequence[Run], seed: int | None = None) -> list[RawOutcomes]:
        """Submit a batch to a new backend and wait for its outcomes."""

        async def conversation() -> list[RawOutcomes]:
            backend = self.make_backend()
            return await backend.result(await backend.submit(runs, seed=self.seed if seed is None else seed))

        return _run(conversation())

    def clipped(self, shots: int) -> int:
        """As many shots as the backend allows, at most and at least."""
        can = self.make_backend().capabilities
        return max(can.min_shots, min(shots, can.max_shots or shots))

    def needs(self, circuit: Circuit) -> None:
        """Skip the test when the backend cannot run the circuit."""
        if reasons := obstacles(circuit, self.make_backend().capabilities):
            pytest.skip("; ".join(reasons))

    def needs_simulator(self) -> None:
        """Skip the test on hardware, which is noisy and has no seed."""
        if not self.make_backend().capabilities.simulator:
            pytest.skip("hardware is not exact")

    # -- form --

    def test_it_is_a_backend_with_sound_capabilities(self) -> None:
        backend = self.make_backend()
        assert isinstance(backend, Backend)
        assert isinstance(backend.name, str)
        assert backend.name
        can = backend.capabilities
        assert isinstance(can, Capabilities)
        assert can.gates <= GATES
        assert can.noise <= frozenset(CHANNELS)
        assert set(can.lowerings) <= {"frame", "native", "deferred"}
        assert can.max_shots is None or can.max_shots >= can.min_shots >= 1
        assert can.max_runs >= 1

    def test_outcomes_have_one_row_per_shot_and_one_column_per_bit(self) -> None:
        can = self.make_backend().capabilities
        runs = [
            Run(Circuit(2, 3, (Measure(1, 2), Measure(0, 0))), self.clipped(17)),
            Run(Circuit(1, 1, (Measure(0, 0),)), self.clipped(can.min_shots)),
        ]
        for run, outcome in zip(runs, self.outcomes(runs), strict=True):
            assert isinstance(outcome, np.ndarray)
            assert outcome.shape == (run.shots, run.circuit.bits)
            assert outcome.dtype == np.uint8
            assert outcome.max() <= 1

    def test_an_empty_batch_gives_no_outcomes(self) -> None:
        assert self.outcomes([]) == []

    # -- physics --

    @pytest.mark.parametrize("name", STANDARD)
    def test_standard_circuit(self, name: str) -> None:
        self.needs_simulator()
        circuit = STANDARD[name]
        self.needs(circuit)
        (outcome,) = self.outcomes([Run(circuit, self.clipped(self.shots))])
        assert_fits(outcome, distribution(circuit))

    @pytest.mark.parametrize("name", sorted(GATES))
    def test_gate_is_the_unitary_it_should_be(self, name: str) -> None:
        self.needs_simulator()
        qubits = 2 if name in TWO_QUBIT_GATES else 1
        for angles in cases.ANGLE_SETS.get(ANGLES.get(name, 0), ((),)):
            runs = [Run(c, self.clipped(self.shots // 2)) for c in cases.one_gate(name, qubits, angles)]
            for run in runs:
                self.needs(run.circuit)
            for run, outcome in zip(runs, self.outcomes(runs), strict=True):
                assert_fits(outcome, distribution(run.circuit), MANY)

    def test_free_angles_are_bound_run_by_run(self) -> None:
        self.needs_simulator()
        circuit = cases.free_angles()
        self.needs(circuit)
        values = ((0.0, 0.0), (1.2, -0.4), (-2.5, 3.0))
        if not self.make_backend().capabilities.parameters:
            runs = [Run(circuit, self.clipped(self.shots), values[0])]
            with pytest.raises(CapabilityError, match="free angles"):
                self.outcomes(runs)
            return
        runs = [Run(circuit, self.clipped(self.shots), angles) for angles in values]
        for angles, outcome in zip(values, self.outcomes(runs), strict=True):
            assert_fits(outcome, distribution(circuit, angles))

    def test_random_circuits(self) -> None:
        self.needs_simulator()

        @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
        @given(circuits(self.make_backend().capabilities))
        def check(drawn: tuple[Circuit, tuple[float, ...]]) -> None:
            circuit, parameters = drawn
            (outcome,) = self.outcomes([Run(circuit, self.clipped(self.shots // 4), parameters)])
            assert_fits(outcome, distribution(circuit, parameters), MANY)

        check()

    # -- seeds --

    def test_the_same_seed_gives_the_same_outcomes(self) -> None:
        self.needs_simulator()
        runs = self._fair_coins()
        first, again, other = (self.outcomes(runs, seed) for seed in (1, 1, 2))
        for one, two, three in zip(first, again, other, strict=True):
            np.testing.assert_array_equal(one, two)
            assert (one != three).any()

    def test_runs_of_one_batch_are_independent(self) -> None:
        self.needs_simulator()
        first, second = self.outcomes(self._fair_coins())
        assert (first != second).any()

    def test_shots_are_independent_of_each_other(self) -> None:
        """Neighbouring shots agree as often as chance has it: outcomes do not come sorted."""
        self.needs_simulator()
        (outcome, _) = self.outcomes(self._fair_coins())
        column = outcome[:, 0].astype(int)
        agreements = int((column[1:] == column[:-1]).sum())
        assert_fits(
            np.repeat(np.array([[1], [0]], dtype=np.uint8), [agreements, len(column) - 1 - agreements], axis=0),
            {(0,): 0.5, (1,): 0.5},
        )

    def _fair_coins(self) -> list[Run]:
        circuit = Circuit(2, 2, (Pair((0, 1)), Measure(0, 0), Measure(1, 1)))
        return [Run(circuit, self.clipped(200))] * 2

    # -- refusals --

    @pytest.mark.parametrize("name", MALFORMED)
    def test_malformed_runs_are_refused_at_submission(self, name: str) -> None:
        circuit, shots, parameters = MALFORMED[name]

        async def conversation() -> JobHandle:
            return await self.make_backend().submit([Run(circuit, shots, parameters)], seed=1)

        with pytest.raises(InputError):
            _run(conversation())

    def test_what_it_lacks_is_refused_by_name(self) -> None:
        can = self.make_backend().capabilities
        lacking: list[tuple[str, Gate | Noise | Reset]] = []
        for name in sorted(GATES - can.gates):
            qubits = (0, 1) if name in TWO_QUBIT_GATES else (0,)
            lacking.append((name, Gate(name, qubits, (0.5,) * ANGLES.get(name, 0))))
        for channel in sorted(set(CHANNELS) - can.noise):
            qubits = (0, 1) if channel == "depolarize2" else (0,)
            lacking.append((channel, Noise(channel, qubits, (0.1,) * CHANNELS[channel])))
        if not can.reset:
            lacking.append(("reset", Reset(0)))
        for word, op in lacking:
            run = Run(Circuit(2, 1, (op, Measure(0, 0))), self.clipped(10))
            with pytest.raises(CapabilityError, match=word):
                self.outcomes([run])

    def test_limits_of_shots_and_runs_are_kept(self) -> None:
        can = self.make_backend().capabilities
        circuit = Circuit(1, 1, (Measure(0, 0),))
        excess = [[Run(circuit, can.min_shots)] * (can.max_runs + 1)]
        if can.min_shots > 1:
            excess.append([Run(circuit, can.min_shots - 1)])
        if can.max_shots is not None:
            excess.append([Run(circuit, can.max_shots + 1)])
        for runs in excess:
            with pytest.raises(CapabilityError):
                self.outcomes(runs)

    # -- the life of a batch --

    def test_outcomes_can_be_fetched_once(self) -> None:
        async def conversation() -> None:
            backend = self.make_backend()
            handle = await backend.submit(self._fair_coins(), seed=1)
            assert isinstance(handle, str)
            await backend.result(handle)
            with pytest.raises(BackendError):
                await backend.result(handle)

        _run(conversation())

    def test_unknown_handles_are_refused(self) -> None:
        async def conversation() -> None:
            backend = self.make_backend()
            for verb in (backend.status, backend.result, backend.cancel):
                with pytest.raises(BackendError):
                    await verb(JobHandle("nobody:0"))

        _run(conversation())

    def test_status_ends_as_done(self) -> None:
        async def conversation() -> None:
            backend = self.make_backend()
            handle = await backend.submit(self._fair_coins(), seed=1)
            assert await backend.status(handle) in {"queued", "running", "done"}
            await _until_final(backend, handle)
            assert await backend.status(handle) == "done"
            await backend.cancel(handle)
            assert await backend.status(handle) == "done"
            assert len(await backend.result(handle)) == 2

        _run(conversation())

    def test_a_cancelled_batch_stops_and_gives_no_outcomes(self) -> None:
        async def conversation() -> None:
            backend = self.make_backend()
            handle = await backend.submit(self._long_batch(), seed=1)
            await backend.cancel(handle)
            start = time.perf_counter()
            with pytest.raises(BackendError, match="cancel"):
                await backend.result(handle)
            assert time.perf_counter() - start < 2.0

        _run(conversation())

    def test_cancelling_the_wait_cancels_the_batch(self) -> None:
        async def conversation() -> None:
            backend = self.make_backend()
            handle = await backend.submit(self._long_batch(), seed=1)
            waiting = asyncio.create_task(backend.result(handle))
            await asyncio.sleep(0.05)
            waiting.cancel()
            start = time.perf_counter()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert time.perf_counter() - start < 2.0
            assert await backend.status(handle) == "cancelled"

        _run(conversation())

    def test_many_batches_at_once(self) -> None:
        self.needs_simulator()
        circuit = STANDARD["noisy-pair-z"]
        self.needs(circuit)
        exact = distribution(circuit)

        async def conversation() -> None:
            backend = self.make_backend()
            runs = [Run(circuit, self.clipped(self.shots))]
            handles = await asyncio.gather(*(backend.submit(runs, seed=seed) for seed in range(8)))
            assert len(set(handles)) == 8
            results = await asyncio.gather(*(backend.result(handle) for handle in reversed(handles)))
            for (outcome,) in results:
                assert_fits(outcome, exact)

        _run(conversation())

    def test_the_event_loop_is_not_blocked(self) -> None:
        self.outcomes(self._fair_coins())  # libraries are loaded once

        async def conversation(repeats: int) -> tuple[float, float]:
            backend = self.make_backend()
            beat = asyncio.create_task(_longest_gap())
            await asyncio.sleep(0)
            start = time.perf_counter()
            await backend.result(await backend.submit(self._long_batch()[:repeats], seed=1))
            total = time.perf_counter() - start
            beat.cancel()
            return await beat, total

        repeats = 1
        gap, total = _run(conversation(repeats))
        while total < 0.8 and repeats < self.make_backend().capabilities.max_runs // 2:
            repeats *= 2
            gap, total = _run(conversation(repeats))
        assert gap < max(0.25, total / 2), f"nothing else could run for {gap:.2f} s of {total:.2f} s"

    def _long_batch(self) -> list[Run]:
        can = self.make_backend().capabilities
        return [Run(cases.heavy(can.gates), self.clipped(200_000))] * min(can.max_runs, 2048)


async def _longest_gap() -> float:
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return max(longest, time.perf_counter() - last)


async def _until_final(backend: Backend, handle: JobHandle) -> None:
    async with asyncio.timeout(60):
        while await backend.status(handle) in {"queued", "running"}:
            await asyncio.sleep(0.005)


def _run(conversation: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(conversation)
