"""The conformance suite can fail: a backend with one fault is caught by the test meant for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from qstack.backend import Backend, Batch, JobHandle, RawOutcomes
from qstack.backends.bell import BellBackend
from qstack.backends.conformance import BackendConformance
from qstack.backends.local import LocalBackend, Sampler
from qstack.backends.stim import StimBackend
from qstack.circuit import Circuit, Gate, Noise, Pair


class Rewriting(StimBackend):
    """Runs something else than it was given."""

    def __init__(self, rewrite: Callable[[Circuit], Circuit]) -> None:
        super().__init__()
        self._rewrite = rewrite

    def prepare(self, circuit: Circuit) -> Sampler:  # type: ignore[override]
        return super().prepare(self._rewrite(circuit))


def _swapped_gates(circuit: Circuit) -> Circuit:
    swap = {"s": "sdg", "sdg": "s"}
    new = [replace(op, name=swap.get(op.name, op.name)) if isinstance(op, Gate) else op for op in circuit.operations]
    return replace(circuit, operations=tuple(new))


def _without_noise(circuit: Circuit) -> Circuit:
    return replace(circuit, operations=tuple(op for op in circuit.operations if not isinstance(op, Noise)))


def _weights_reversed(circuit: Circuit) -> Circuit:
    new = [
        replace(op, weights=(op.weights[0], *op.weights[:0:-1])) if isinstance(op, Pair) else op
        for op in circuit.operations
    ]
    return replace(circuit, operations=tuple(new))


def _conditions_dropped(circuit: Circuit) -> Circuit:
    new = [op for op in circuit.operations if not (isinstance(op, Gate) and op.when is not None)]
    return replace(circuit, operations=tuple(new))


class Sorted(BellBackend):
    """Gives outcomes in order of value."""

    async def result(self, handle: JobHandle) -> list[RawOutcomes]:
        return [np.sort(outcome, axis=0) for outcome in await super().result(handle)]


class Blocking(BellBackend):
    """Works in the event loop."""

    async def submit(self, batch: Batch, *, seed: int | None = None) -> JobHandle:
        handle = await super().submit(batch, seed=seed)
        while await self.status(handle) in {"queued", "running"}:
            pass
        return handle


class Uncancellable(BellBackend):
    """Ignores cancellation."""

    async def cancel(self, handle: JobHandle) -> None:
        await self.status(handle)


class Seedless(BellBackend):
    """Ignores the seed."""

    async def submit(self, batch: Batch, *, seed: int | None = None) -> JobHandle:
        return await super().submit(batch)


class Forgiving(BellBackend):
    """Invents outcomes for handles it does not know."""

    async def result(self, handle: JobHandle) -> list[RawOutcomes]:
        return await super().result(handle) if handle in self._jobs else []


class Boolean(BellBackend):
    """Gives booleans."""

    async def result(self, handle: JobHandle) -> list[RawOutcomes]:
        return [outcome.astype(bool) for outcome in await super().result(handle)]


def suite(make: Callable[[], LocalBackend]) -> BackendConformance:
    class Suite(BackendConformance):
        def make_backend(self) -> Backend:
            return make()

    return Suite()


FAULTS: list[tuple[str, Callable[[], LocalBackend], Callable[[BackendConformance], None]]] = [
    ("gates", lambda: Rewriting(_swapped_gates), lambda s: s.test_gate_is_the_unitary_it_should_be("sx")),
    ("noise", lambda: Rewriting(_without_noise), lambda s: s.test_standard_circuit("pauli-noise-y")),
    (
        "two-qubit noise",
        lambda: Rewriting(_without_noise),
        lambda s: s.test_standard_circuit("depolarize2-z"),
    ),
    ("Bell index", lambda: Rewriting(_weights_reversed), lambda s: s.test_standard_circuit("noisy-pair-x")),
    ("feed-forward", lambda: Rewriting(_conditions_dropped), lambda s: s.test_standard_circuit("teleport-+")),
    ("order of shots", Sorted, lambda s: s.test_shots_are_independent_of_each_other()),
    ("event loop", Blocking, lambda s: s.test_the_event_loop_is_not_blocked()),
    ("seed", Seedless, lambda s: s.test_the_same_seed_gives_the_same_outcomes()),
    ("dtype", Boolean, lambda s: s.test_outcomes_have_one_row_per_shot_and_one_column_per_bit()),
]


@pytest.mark.parametrize(("name", "make", "test"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_faulty_backend_fails(
    name: str, make: Callable[[], LocalBackend], test: Callable[[BackendConformance], None]
) -> None:
    with pytest.raises(AssertionError):
        test(suite(make))


def test_a_backend_that_forgives_unknown_handles_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        suite(Forgiving).test_outcomes_can_be_fetched_once()


def test_a_backend_without_a_factory_is_told_so() -> None:
    with pytest.raises(TypeError, match="make_backend"):
        BackendConformance().test_it_is_a_backend_with_sound_capabilities()


def test_a_backend_that_ignores_cancellation_fails() -> None:
    class Short(BackendConformance):
        def make_backend(self) -> Backend:
            return Uncancellable()

        def _long_batch(self) -> list:  # type: ignore[type-arg]
            return self._fair_coins()

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        Short().test_a_cancelled_batch_stops_and_gives_no_outcomes()
