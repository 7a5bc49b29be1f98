"""What in-process simulators have in common: worker threads, handles, seeds, cancellation.

A simulator gives `prepare`, which does the structural work of a circuit once and returns a `Sampler`;
everything else of the backend seam is here. Physics may not enter.
"""

from __future__ import annotations

import asyncio
import os
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from uuid import uuid4

import numpy as np

from qstack.backend import BackendError, Batch, Capabilities, JobHandle, RawOutcomes, Status, obstacles
from qstack.backends.checks import check_batch
from qstack.circuit import Circuit
from qstack.errors import QstackError

Checkpoint = Callable[[], None]
"""Called by a simulator at least every 50 ms or so of work; does not return when the batch was cancelled."""

_REMEMBERED = 4096
"""How many handles keep their last status after their outcomes were fetched."""


class _StoppedError(Exception):
    """Unwinds a worker whose batch was cancelled."""


class Sampler(Protocol):
    """A circuit made ready by one simulator.

    `taken_by` names that simulator.
    """

    @property
    def taken_by(self) -> str:
        """Name of the simulator."""

    def sample(
        self, parameters: tuple[float, ...], shots: int, seed: np.random.SeedSequence, checkpoint: Checkpoint
    ) -> RawOutcomes:
        """Draw outcomes, uint8 array of shape (shots, bits); the same seed gives the same outcomes."""


@dataclass(eq=False)
class _Job:
    """A batch; its future can be cancelled at any time, and the worker then stops at its next checkpoint."""

    future: Future[list[RawOutcomes]] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)
    taken_by: list[str] = field(default_factory=list)
    started: bool = False
    claimed: bool = False

    def abort(self) -> None:
        self.stop.set()
        self.future.cancel()

    def checkpoint(self) -> None:
        if self.stop.is_set():
            raise _StoppedError

    @property
    def status(self) -> Status:
        if self.future.cancelled():
            return "cancelled"
        if not self.future.done():
            return "running" if self.started else "queued"
        return "done" if self.future.exception() is None else "failed"


class LocalBackend(ABC):
    """Base of the simulators that run in this process, one worker thread per running batch."""

    name: str
    capabilities: Capabilities

    def __init__(self) -> None:
        """Make a backend without any batch."""
        self._jobs: dict[JobHandle, _Job] = {}
        self._past: OrderedDict[JobHandle, tuple[Status, list[str]]] = OrderedDict()

    @abstractmethod
    def prepare(self, circuit: Circuit) -> Sampler:
        """Do all work that depends on nothing but the circuit, which is sound and has no obstacle."""

    def obstacles(self, circuit: Circuit) -> list[str]:
        """Why this simulator cannot take the circuit; empty when it can."""
        return obstacles(circuit, self.capabilities)

    async def submit(self, batch: Batch, *, seed: int | None = None) -> JobHandle:
        """Start running a batch in a worker thread and return at once.

        Raises:
            BatchError: a run or circuit is malformed.
            CapabilityError: a circuit needs what the simulator lacks.
        """
        runs = tuple(batch)
        check_batch(self.name, self.capabilities, runs, self.obstacles)
        handle = JobHandle(f"{self.name}:{uuid4()}")
        job = _Job()
        self._jobs[handle] = job
        seeds = np.random.SeedSequence(seed).spawn(len(runs))
        _workers().submit(self._work, job, runs, seeds)
        return handle

    async def status(self, handle: JobHandle) -> Status:
        """Where the batch stands.

        Raises:
            BackendError: the handle is not known here.
        """
        if handle in self._past:
            return self._past[handle][0]
        return self._job(handle).status

    async def result(self, handle: JobHandle) -> list[RawOutcomes]:
        """Wait for the outcomes, shape (shots, bits) per run. Cancelling the wait stops the batch.

        Raises:
            BackendError: the batch failed or was cancelled, its outcomes were fetched before, or the handle
                is not known here.
        """
        job = self._job(handle)
        if job.claimed:
            raise BackendError(f"the outcomes of {handle} are being fetched already; they can be fetched once")
        job.claimed = True
        try:
            return await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            if job.stop.is_set() and not _being_cancelled():
                raise BackendError(f"batch {handle} was cancelled") from None
            job.abort()
            raise
        except QstackError:
            raise
        except Exception as error:
            raise BackendError(f"batch {handle} failed on {self.name}: {type(error).__name__}: {error}") from error
        finally:
            self._retire(handle)

    async def cancel(self, handle: JobHandle) -> None:
        """Stop a batch; a batch already final is left as it is.

        Raises:
            BackendError: the handle is not known here.
        """
        if handle in self._past:
            return
        self._job(handle).abort()

    async def details(self, handle: JobHandle) -> dict[str, Any]:
        """What is worth keeping for provenance: `taken_by`, the simulator of each run started so far.

        Raises:
            BackendError: the handle is not known here.
        """
        taken_by = self._past[handle][1] if handle in self._past else self._job(handle).taken_by
        return {"taken_by": list(taken_by)}

    def _job(self, handle: JobHandle) -> _Job:
        try:
            return self._jobs[handle]
        except KeyError:
            reason = "its outcomes were fetched before" if handle in self._past else "it was not submitted here"
            raise BackendError(f"{self.name} holds no batch {handle}: {reason}") from None

    def _retire(self, handle: JobHandle) -> None:
        job = self._jobs.pop(handle)
        self._past[handle] = (job.status, job.taken_by)
        while len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)

    def _work(self, job: _Job, runs: Batch, seeds: list[np.random.SeedSequence]) -> None:
        """What the worker thread does; whoever cancelled the batch in the meantime has its answer already."""
        job.started = True
        try:
            outcomes = self._outcomes(job, runs, seeds)
        except _StoppedError:
            return
        except BaseException as error:
            with suppress(InvalidStateError):
                job.future.set_exception(error)
        else:
            with suppress(InvalidStateError):
                job.future.set_result(outcomes)

    def _outcomes(self, job: _Job, runs: Batch, seeds: list[np.random.SeedSequence]) -> list[RawOutcomes]:
        prepared: dict[int, Sampler] = {}
        outcomes = []
        for run, seed in zip(runs, seeds, strict=True):
            job.checkpoint()
            sampler = prepared.get(id(run.circuit))
            if sampler is None:
                sampler = prepared[id(run.circuit)] = self.prepare(run.circuit)
            job.taken_by.append(sampler.taken_by)
            outcomes.append(sampler.sample(run.parameters, run.shots, seed, job.checkpoint))
        return outcomes


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(4, os.cpu_count() or 1), thread_name_prefix="qstack-backend")
