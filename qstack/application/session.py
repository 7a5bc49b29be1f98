"""The session: a network, a backend and honest or lying players; it runs protocols and gives results.

A session holds settings only, so one session runs many protocols at once. Everything awaits and cancels; nothing blocks
the event loop.
"""

from __future__ import annotations

import platform
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from qstack.application.binding import Binding, RoleMap, bind
from qstack.application.entanglement import Expansion, Memory
from qstack.application.execute import Executed, Progress, Setup, execute
from qstack.application.result import Metric, Output, Provenance, Resources, Result
from qstack.application.tasks import in_thread, run_blocking
from qstack.backend import Backend, Lowering, load_backend
from qstack.errors import InputError
from qstack.language import Program, Protocol, Strategy, corrupt, load_protocol
from qstack.routing import Network
from qstack.stats import proportion

MAX_SHOTS = 100_000_000


class ShotsError(InputError):
    """The number of shots is not a whole number in range."""


@dataclass(frozen=True)
class Session:
    """Where and how protocols run.

    Attributes:
        network: a `Network`, the path of a network file, or None for perfect pairs and instant messages.
        backend: what runs the circuits, a name or a `Backend`.
        lowering: force one way of lowering feed-forward; None takes the cheapest the backend can do.
        expansion: `delivered` uses each end-to-end pair as one noisy pair; `repeaters` puts every link pair and swap of the
            path into the circuit.
        memory: `pauli` twirls relaxation while a program waits (labelled in the provenance), `exact` keeps it as it is.
        adversary: role name to strategy, for roles that do not follow the protocol.
    """

    network: Network | str | Path | None = None
    backend: str | Backend = "auto"
    lowering: Lowering | None = None
    expansion: Expansion = "delivered"
    memory: Memory = "pauli"
    adversary: Mapping[str, Strategy] = field(default_factory=dict)

    async def run(
        self,
        protocol: Protocol | str,
        *,
        roles: RoleMap | None = None,
        shots: int = 1000,
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
        inputs: Mapping[str, object] | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Run a protocol and wait for its result.

        Args:
            protocol: a protocol, or the name of an installed one, or `path/to/file.py:name`.
            roles: which node plays which role; a list of nodes for a list role. Optional without a network.
            shots: how many times to run it.
            seed: makes the run repeatable; a fresh one is drawn (and recorded) if None.
            settings: values for the protocol's keyword-only parameters.
            inputs: values for the program's inputs, one for all shots or one per shot.
            progress: told the stage of the work and the fraction done, from any thread.

        Raises:
            QstackError: whatever is wrong with the request, or failed while running; the message says what to do.
        """
        check_shots(shots)
        clock = time.perf_counter()
        started = datetime.now(UTC).isoformat(timespec="seconds")
        chosen_seed = secrets.randbits(48) if seed is None else seed
        said = progress or _silent

        def begin(_: object) -> tuple[Protocol, Network | None, Backend, Binding, Program]:
            chosen = load_protocol(protocol) if isinstance(protocol, str) else protocol
            network = Network.load(self.network) if isinstance(self.network, str | Path) else self.network
            backend = load_backend(self.backend) if isinstance(self.backend, str) else self.backend
            binding = bind(chosen.list_roles, roles, [node.name for node in network.nodes] if network else None)
            program = corrupt(chosen.trace(binding.counts, **(settings or {})), self.adversary)
            return chosen, network, backend, binding, program

        chosen, network, backend, binding, program = await in_thread(begin)
        setup = Setup(backend, network, binding.nodes, self.expansion, self.memory, self.lowering)
        ran = await execute(program, setup, shots, np.random.SeedSequence(chosen_seed), inputs or {}, said)
        metrics = await in_thread(lambda check: _metrics(chosen, ran, shots))
        return Result(
            protocol=chosen.name,
            backend=backend.name,
            shots=shots,
            seed=chosen_seed,
            roles=binding.given,
            settings=program.settings,
            delivery=ran.supply.summary,
            outputs=_outputs(ran),
            accepted=ran.readout.accepted,
            metrics=metrics,
            resources=_resources(ran, shots),
            provenance=self._provenance(ran, network, started, time.perf_counter() - clock, chosen_seed, backend),
        )

    def run_blocking(self, protocol: Protocol | str, **options: Any) -> Result:
        """`run` for synchronous code; also works where an event loop is running already, as in a notebook."""
        return run_blocking(lambda: self.run(protocol, **options))

    def _provenance(
        self, ran: Executed, network: Network | None, started: str, elapsed_s: float, seed: int, backend: Backend
    ) -> Provenance:
        return Provenance(
            versions=versions(ran.ran_on),
            seed=seed,
            backend=backend.name,
            ran_on=ran.ran_on,
            lowering=ran.compiled.lowering,
            circuits=ran.circuits,
            entanglement="ideal" if network is None else self.expansion,
            memory="none" if network is None else self.memory,
            network=None if network is None else network.name,
            adversary={role: repr(strategy) for role, strategy in self.adversary.items()},
            started=started,
            elapsed_s=elapsed_s,
            protocol_time_s=ran.compiled.noisy.duration_s,
        )


def check_shots(shots: object) -> None:
    """Raise `ShotsError` unless `shots` is a whole number from 1 to `MAX_SHOTS`."""
    if isinstance(shots, bool) or not isinstance(shots, int) or not 1 <= shots <= MAX_SHOTS:
        raise ShotsError(f"shots is {shots!r}; give a whole number from 1 to {MAX_SHOTS:,}")


def versions(ran_on: tuple[str, ...]) -> dict[str, str]:
    """Versions of what produced a result."""
    found = {"python": platform.python_version(), "qstack": version("qstack-net"), "numpy": np.__version__}
    for name, package in (("stim", "stim"), ("cirq", "cirq-core")):
        if name in ran_on:
            try:
                found[name] = version(package)
            except PackageNotFoundError:
                continue
    return found


def _silent(stage: str, fraction: float) -> None:
    """Tell nobody."""


def _outputs(ran: Executed) -> dict[str, Output]:
    return {
        output.name: Output(
            node=output.node,
            values=ran.readout.outputs[output.name],
            detected=ran.readout.detected.get(output.name),
        )
        for output in ran.program.outputs
    }


def _metrics(protocol: Protocol, ran: Executed, shots: int) -> dict[str, Metric]:
    """The protocol's own score over the accepted shots."""
    if protocol.scorer is None:
        return {}
    kept = {name: values[ran.readout.accepted] for name, values in ran.readout.outputs.items()}
    estimates = protocol.scorer(kept, ran.program.settings)
    return {name: Metric.of(estimate, protocol.bounds.get(name)) for name, estimate in estimates.items()}


def _resources(ran: Executed, shots: int) -> Resources:
    pairs, accepted = len(ran.program.pairs), int(np.count_nonzero(ran.readout.accepted))
    return Resources(
        pairs_per_shot=pairs,
        messages_per_shot=len(ran.program.messages),
        acceptance=Metric.of(proportion(accepted, shots)),
        pairs_per_accepted_shot=pairs * shots / accepted if accepted else float("inf"),
    )
