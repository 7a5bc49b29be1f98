"""The session: a network, a backend and honest or lying players; it runs protocols and gives results.

A session holds settings only, so one session runs many protocols at once. Everything awaits and cancels; nothing blocks
the event loop.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np

from qstack.application import report
from qstack.application.binding import Binding, RoleMap, bind
from qstack.application.entanglement import Expansion, Memory
from qstack.application.events import events
from qstack.application.execute import Executed, InputValueError, Progress, Setup, execute
from qstack.application.result import Provenance, Result
from qstack.application.tasks import in_thread, run_blocking
from qstack.backend import Backend, Lowering, load_backend
from qstack.control import Bus, PlainCodec
from qstack.errors import InputError
from qstack.language import Conversation, Program, Protocol, Strategy, converse, corrupt, load_protocol
from qstack.routing import Network

MAX_SHOTS = 100_000_000
DEFAULT_SHOTS = 1000


class ShotsError(InputError):
    """The number of shots is not a whole number in range."""


class SessionError(InputError):
    """A setting of a session is of the wrong kind."""


@dataclass(frozen=True)
class _Stage:
    """A run made ready: everything looked up and bound, nothing spent yet."""

    protocol: Protocol | Conversation
    network: Network | None
    backend: Backend
    binding: Binding
    seed: int
    started: str
    clock: float


@dataclass(frozen=True)
class Session:
    """Where and how protocols run.

    Attributes:
        network: a `Network`, the path of a network file, or None for perfect pairs and instant messages.
        backend: what runs the circuits, a name or a `Backend`.
        lowering: force one way of lowering feed-forward; None takes the cheapest the backend can do.
        expansion: `delivered` uses each end-to-end pair as one noisy pair; `repeaters` puts every link pair and swap of
            the path into the circuit.
        memory: `pauli` twirls relaxation while a program waits (labelled in the provenance), `exact` keeps it as it is.
        adversary: role name to strategy, for roles that do not follow the protocol.
    """

    network: Network | str | Path | None = None
    backend: str | Backend = "auto"
    lowering: Lowering | None = None
    expansion: Expansion = "delivered"
    memory: Memory = "pauli"
    adversary: Mapping[str, Strategy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse settings that are none.

        Raises:
            SessionError: one is of the wrong kind; the message says what it can be.
        """
        if self.network is not None and not isinstance(self.network, Network | str | Path):
            raise SessionError(f"network is {self.network!r}; give a Network, the path of a network file, or None")
        if self.network is None and self.expansion == "repeaters":
            raise SessionError("expansion is 'repeaters' and there is no network with repeaters; give one")
        for name, kind in (("lowering", Lowering), ("expansion", Expansion), ("memory", Memory)):
            value, allowed = getattr(self, name), get_args(kind)
            if value not in allowed and not (name == "lowering" and value is None):
                raise SessionError(f"{name} is {value!r}; give one of {', '.join(allowed)}")

    async def run(
        self,
        protocol: Protocol | Conversation | str,
        *,
        roles: RoleMap | None = None,
        shots: int | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
        inputs: Mapping[str, object] | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Run a protocol and wait for its result.

        Args:
            protocol: a protocol, or the name of an installed one, or `path/to/file.py:name`.
            roles: which node plays which role; a list of nodes for a list role. Optional without a network.
            shots: how many times to run it, 1000 if not given. A conversation runs once and decides itself how many
                shots of its programs it needs.
            seed: makes the run repeatable; a fresh one is drawn (and recorded) if None.
            settings: values for the protocol's keyword-only parameters.
            inputs: values for the program's inputs, one for all shots or one per shot.
            progress: told the stage of the work and the fraction done, from any thread.

        Raises:
            QstackError: whatever is wrong with the request, or failed while running; the message says what to do.
        """
        stage = await in_thread(lambda check: self._stage(protocol, roles, seed))
        with _told(stage):
            return await self._run(stage, shots, settings or {}, inputs or {}, progress or _silent)

    def run_blocking(self, protocol: Protocol | Conversation | str, **options: Any) -> Result:
        """`run` for synchronous code; also works where an event loop is running already, as in a notebook."""
        return run_blocking(lambda: self.run(protocol, **options))

    async def _run(
        self,
        stage: _Stage,
        shots: int | None,
        settings: Mapping[str, Any],
        inputs: Mapping[str, object],
        progress: Progress,
    ) -> Result:
        if isinstance(stage.protocol, Conversation):
            if shots is not None:
                raise ShotsError(
                    f"{stage.protocol.name} is a conversation and runs once; leave shots out and use its settings"
                )
            if inputs:
                raise InputValueError(f"{stage.protocol.name} is a conversation and takes no inputs; use its settings")
            return await self._converse(stage, stage.protocol, settings, progress)
        wanted = check_shots(DEFAULT_SHOTS if shots is None else shots)
        return await self._execute(stage, stage.protocol, wanted, settings, inputs, progress)

    def _stage(self, protocol: Protocol | Conversation | str, roles: RoleMap | None, seed: int | None) -> _Stage:
        clock, started = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
        chosen = load_protocol(protocol) if isinstance(protocol, str) else protocol
        network = Network.load(self.network) if isinstance(self.network, str | Path) else self.network
        backend = load_backend(self.backend) if isinstance(self.backend, str) else self.backend
        binding = bind(chosen.list_roles, roles, [node.name for node in network.nodes] if network else None)
        drawn = secrets.randbits(48) if seed is None else check_seed(seed)
        return _Stage(chosen, network, backend, binding, drawn, started, clock)

    def _setup(self, stage: _Stage) -> Setup:
        return Setup(stage.backend, stage.network, stage.binding.nodes, self.expansion, self.memory, self.lowering)

    async def _execute(
        self,
        stage: _Stage,
        protocol: Protocol,
        shots: int,
        settings: Mapping[str, Any],
        inputs: Mapping[str, object],
        progress: Progress,
    ) -> Result:
        program = await in_thread(
            lambda check: corrupt(protocol.trace(stage.binding.counts, **settings), self.adversary)
        )
        ran = await execute(program, self._setup(stage), shots, np.random.SeedSequence(stage.seed), inputs, progress)
        metrics = await in_thread(lambda check: report.program_metrics(protocol, ran))
        return Result(
            protocol=protocol.name,
            backend=stage.backend.name,
            shots=shots,
            seed=stage.seed,
            roles=stage.binding.given,
            settings=program.settings,
            delivery=ran.supply.summary,
            outputs=report.program_outputs(ran),
            accepted=ran.readout.accepted,
            metrics=metrics,
            resources=report.resources(ran.readout.accepted, len(program.pairs), len(program.messages)),
            provenance=self._provenance(stage, [ran]),
        )

    async def _converse(
        self, stage: _Stage, conversation: Conversation, settings: Mapping[str, Any], progress: Progress
    ) -> Result:
        runs: list[Executed] = []
        seeds = np.random.SeedSequence(stage.seed)
        roles_seed, runs_seed = seeds.spawn(2)

        async def run_program(program: Program, shots: int, index: int) -> Mapping[str, Any]:
            own = np.random.SeedSequence(runs_seed.entropy, spawn_key=(*runs_seed.spawn_key, index))
            present = {role: strategy for role, strategy in self.adversary.items() if role in program.roles}
            ran = await execute(corrupt(program, present), self._setup(stage), check_shots(shots), own, {}, progress)
            runs.append(ran)
            return {name: values[ran.readout.accepted] for name, values in ran.readout.outputs.items()}

        names = list(stage.binding.nodes)
        rngs = {role: np.random.default_rng(own) for role, own in zip(names, roles_seed.spawn(len(names)), strict=True)}
        conversed = await converse(
            conversation,
            stage.binding.counts,
            settings=settings,
            channel=Bus(),
            codec=PlainCodec(),
            execute=run_program,
            rngs=rngs,
            adversary=self.adversary,
        )
        outputs = report.conversation_outputs(conversed)
        plain = conversation.check_settings(settings)
        metrics = await in_thread(lambda check: report.conversation_metrics(conversation, outputs, plain))
        once = np.ones(1, dtype=np.bool_)
        pairs = sum(len(run.program.pairs) * len(run.readout.accepted) for run in runs)
        messages = sum(each.messages for each in conversed.traffic.values())
        return Result(
            protocol=conversation.name,
            backend=stage.backend.name,
            shots=1,
            seed=stage.seed,
            roles=stage.binding.given,
            settings=plain,
            delivery=report.all_delivered(runs),
            outputs=outputs,
            accepted=once,
            metrics=metrics,
            resources=report.resources(once, pairs, messages),
            provenance=self._provenance(stage, runs),
        )

    def _provenance(self, stage: _Stage, runs: Sequence[Executed]) -> Provenance:
        ran_on = tuple(sorted({name for run in runs for name in run.ran_on}))
        return Provenance(
            versions=report.versions(ran_on),
            seed=stage.seed,
            backend=stage.backend.name,
            ran_on=ran_on,
            lowering=", ".join(sorted({run.compiled.lowering for run in runs})) or "none",
            circuits=sum(run.circuits for run in runs),
            entanglement="ideal" if stage.network is None else self.expansion,
            memory="none" if stage.network is None else self.memory,
            network=None if stage.network is None else stage.network.name,
            adversary={role: repr(strategy) for role, strategy in self.adversary.items()},
            started=stage.started,
            elapsed_s=time.perf_counter() - stage.clock,
            protocol_time_s=sum(run.compiled.noisy.duration_s for run in runs),
        )


def check_shots(shots: object) -> int:
    """The number of shots, if it is a whole number from 1 to `MAX_SHOTS`.

    Raises:
        ShotsError: it is not.
    """
    if isinstance(shots, bool) or not isinstance(shots, int) or not 1 <= shots <= MAX_SHOTS:
        raise ShotsError(f"shots is {shots!r}; give a whole number from 1 to {MAX_SHOTS:,}")
    return shots


def check_seed(seed: object) -> int:
    """The seed, if it is a whole number from 0 up.

    Raises:
        InputError: it is not.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed is {seed!r}; give a whole number from 0 up")
    return seed


@contextmanager
def _told(stage: _Stage) -> Iterator[None]:
    """Log how a run begins and ends."""
    log = events.bind(
        protocol=stage.protocol.name, seed=stage.seed, backend=stage.backend.name, roles=stage.binding.given
    )
    log.info("run.started")
    try:
        yield
    except asyncio.CancelledError:
        log.info("run.cancelled", elapsed_s=time.perf_counter() - stage.clock)
        raise
    except Exception as error:
        log.warning(
            "run.failed", elapsed_s=time.perf_counter() - stage.clock, error=type(error).__name__, reason=str(error)
        )
        raise
    log.info("run.finished", elapsed_s=time.perf_counter() - stage.clock)


def _silent(stage: str, fraction: float) -> None:
    """Tell nobody."""
