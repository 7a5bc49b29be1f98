"""The backend seam: four verbs that turn a batch of circuits into raw outcomes, and capabilities as plain data.

A backend is found by entry point (group `qstack.backends`), so third parties plug in exactly as ours do. Nothing about
nodes, networks or protocols enters here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, NewType, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qstack.circuit import CHANNELS, GATES, Circuit, Gate, Measure, Noise, Pair, Reset
from qstack.errors import InputError, RunError

JobHandle = NewType("JobHandle", str)
"""Names one submitted batch; a plain string, so another process can pick it up where the backend allows."""

Status = Literal["queued", "running", "done", "failed", "cancelled"]
Lowering = Literal["frame", "native", "deferred"]


class BackendError(RunError):
    """A backend failed while it ran a valid batch."""


class CapabilityError(InputError):
    """A backend was asked for something it cannot do; the message names the operation and the missing capability."""


class UnknownBackendError(InputError):
    """No backend of that name is installed."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can run exactly.

    Attributes:
        qubits: most qubits in one circuit, None for no fixed limit.
        gates: names of the gates it takes (of `qstack.circuit.GATES`).
        noise: names of the noise channels it takes (of `qstack.circuit.CHANNELS`).
        feed_forward: `none`; `pauli` (x, y, z on a parity of earlier bits); `full` (any gate, any Boolean condition).
        mid_circuit_measurement: whether a qubit may be used again after its measurement.
        reset: whether `Reset` is taken.
        parameters: whether free angles are bound by the backend; otherwise bound circuits are sent.
        lowerings: ways to lower feed-forward, cheapest first for this backend.
        min_shots: fewest shots of one run.
        max_shots: most shots of one run, None for no limit.
        max_runs: most runs in a batch.
        price_per_shot: cost in US dollars, 0 for local simulation.
        simulator: False for real hardware.
    """

    qubits: int | None = None
    gates: frozenset[str] = GATES
    noise: frozenset[str] = frozenset(CHANNELS)
    feed_forward: Literal["none", "pauli", "full"] = "none"
    mid_circuit_measurement: bool = False
    reset: bool = False
    parameters: bool = False
    lowerings: tuple[Lowering, ...] = ("frame", "native", "deferred")
    min_shots: int = 1
    max_shots: int | None = None
    max_runs: int = 4096
    price_per_shot: float = 0.0
    simulator: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """One circuit, how many shots of it, and the values of its free angles (radians).

    Runs that differ only in `parameters` share the same `circuit` object.
    """

    circuit: Circuit
    shots: int
    parameters: tuple[float, ...] = ()


Batch = Sequence[Run]
RawOutcomes = NDArray[np.uint8]
"""Outcomes of one run: uint8 array of shape (shots, bits)."""


@runtime_checkable
class Backend(Protocol):
    """What every backend offers. `seed` makes a simulator's outcomes repeatable; hardware ignores it."""

    @property
    def name(self) -> str:
        """Name the backend is known by."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can run."""

    async def submit(self, batch: Batch, *, seed: int | None = None) -> JobHandle:
        """Start running a batch and return at once.

        Raises:
            CapabilityError: a circuit needs what the backend lacks.
        """

    async def status(self, handle: JobHandle) -> Status:
        """Where the batch stands."""

    async def result(self, handle: JobHandle) -> list[RawOutcomes]:
        """Wait for the outcomes, one array per run, in order. They can be fetched once.

        Raises:
            BackendError: the batch failed, was cancelled, or the handle is not known here.
        """

    async def cancel(self, handle: JobHandle) -> None:
        """Stop a batch; a batch already final is left as it is."""


@runtime_checkable
class Describes(Protocol):
    """What a backend may offer beside the four verbs: facts about a batch that belong into its provenance."""

    async def details(self, handle: JobHandle) -> dict[str, Any]:
        """Plain data such as `taken_by`, the simulator of each run; also after the outcomes were fetched."""


def obstacles(circuit: Circuit, capabilities: Capabilities) -> list[str]:
    """Why these capabilities do not suffice for this circuit; empty when they do. Each reason is one clause."""
    found: Counter[str] = Counter()
    if capabilities.qubits is not None and circuit.qubits > capabilities.qubits:
        found[f"needs {circuit.qubits} qubits, at most {capabilities.qubits} are there"] += 1
    if circuit.measured_in_the_middle and not capabilities.mid_circuit_measurement:
        found["needs mid-circuit measurement"] += 1
    for op in circuit.operations:
        if reason := _obstacle(op, capabilities):
            found[reason] += 1
    return list(found)


def _obstacle(op: Gate | Pair | Noise | Measure | Reset, capabilities: Capabilities) -> str | None:
    match op:
        case Gate(name=name) if name not in capabilities.gates:
            return f"needs gate {name}"
        case Gate(when=condition) if condition is not None:
            if capabilities.feed_forward == "none":
                return "needs feed-forward"
            linear = all(len(term) <= 1 for term in condition.terms)
            if capabilities.feed_forward == "pauli" and not (linear and op.name in {"x", "y", "z"}):
                return f"needs feed-forward of gate {op.name} on {condition}, only Paulis on parities are there"
        case Noise(channel=channel) if channel not in capabilities.noise:
            return f"needs noise channel {channel}"
        case Pair(weights=weights) if weights[0] != 1.0 and "pauli" not in capabilities.noise:
            return "needs noisy pairs"
        case Reset() if not capabilities.reset:
            return "needs reset"
    return None


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group="qstack.backends")}


def backend_names() -> list[str]:
    """Names of the installed backends, sorted."""
    return sorted(_installed())


def load_backend(name: str) -> Backend:
    """Make the backend of that name.

    Raises:
        UnknownBackendError: no such backend is installed; the message lists those that are.
    """
    entry = _installed().get(name)
    if entry is None:
        known = ", ".join(backend_names())
        raise UnknownBackendError(f"no backend is named {name!r}; installed backends: {known}")
    backend = entry.load()()
    if not isinstance(backend, Backend):
        raise UnknownBackendError(f"entry point {name!r} ({entry.value}) is no backend: it lacks one of the four verbs")
    return backend
