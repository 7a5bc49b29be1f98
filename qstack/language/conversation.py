"""Conversations: global scripts on arrays and in rounds, run by every role at once.

The network is not here: messages go through a `Channel`, values through a `Codec`, programs through a `Runner`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from qstack.language.adversary import Strategy
from qstack.language.errors import ConversationError, ConversationTimeoutError, OutputError, RoleError
from qstack.language.located import (
    Channel,
    Codec,
    Located,
    Party,
    Stage,
    Stopped,
    Traffic,
    calling,
    enter,
)
from qstack.language.program import Program
from qstack.language.scored import Scored
from qstack.language.signature import Signature

if TYPE_CHECKING:
    import numpy as np

Execute = Callable[[Program, int, int], Awaitable[Mapping[str, Any]]]
"""Runs a program: `(program, n, index of the run)` to an array per output, one value per accepted shot."""


class Conversation(Scored):
    """A conversation: one async function that says what every role computes and tells the others."""

    def __init__(self, function: Callable[..., Coroutine[Any, Any, Any]], signature: Signature) -> None:
        super().__init__(function, signature)
        self.function = function

    def check(self) -> None:
        """Raise `RoleError` if it takes anything but nodes and settings."""
        if values := self.signature.values:
            raise RoleError(
                f"conversation {self.name} takes {', '.join(values)}; its parameters are nodes and settings"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Do what this conversation does inside another one."""
        return self.function(*args, **kwargs)


@dataclass(frozen=True)
class Conversed:
    """How a conversation ended.

    Attributes:
        outputs: per role, its named results.
        traffic: per (source, target), what was sent.
    """

    outputs: dict[str, dict[str, Any]]
    traffic: dict[tuple[str, str], Traffic]

    @property
    def named(self) -> dict[str, tuple[str, Any]]:
        """Per output, the role that has it (the first of several) and the value."""
        found: dict[str, tuple[str, Any]] = {}
        for role, outputs in self.outputs.items():
            for name, value in outputs.items():
                found.setdefault(name, (role, value))
        return found


@dataclass
class _Round:
    """One run that the roles meet for."""

    calls: dict[str, tuple[str, int]] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    outputs: asyncio.Future[Mapping[str, Any]] | None = None


class Meeting:
    """Runner for roles of one process: the k-th calls of all roles meet, must agree, and run once."""

    def __init__(self, roles: tuple[str, ...], execute: Execute, timeout_s: float | None = None) -> None:
        self.roles, self.execute, self.timeout_s = roles, execute, timeout_s
        self._rounds: dict[int, _Round] = {}

    async def run(self, role: str, index: int, program: Program, n: int) -> Mapping[str, Any]:
        """Join run number `index`; gives the outputs of this role only.

        Raises:
            ConversationError: roles ask for different programs or numbers of shots.
            ConversationTimeoutError: not all roles come.
        """
        meeting = self._rounds.setdefault(index, _Round())
        meeting.calls[role] = (sha256(program.to_json().encode()).hexdigest(), n)
        if len(meeting.calls) == len(self.roles):
            self._agree(meeting, index, program)
            meeting.outputs = asyncio.ensure_future(self.execute(program, n, index))
            meeting.complete.set()
        else:
            await self._wait(meeting, role, index, program)
        assert meeting.outputs is not None
        try:
            outputs = await asyncio.shield(meeting.outputs)
        except asyncio.CancelledError:
            meeting.outputs.cancel()
            raise
        return {output.name: outputs[output.name] for output in program.outputs if output.node == role}

    async def _wait(self, meeting: _Round, role: str, index: int, program: Program) -> None:
        try:
            async with asyncio.timeout(self.timeout_s):
                await meeting.complete.wait()
        except TimeoutError as error:
            missing = ", ".join(each for each in self.roles if each not in meeting.calls)
            raise ConversationTimeoutError(
                f"{role} waited {self.timeout_s} s to run {program.name} (run {index}); {missing} did not come"
            ) from error

    def _agree(self, meeting: _Round, index: int, program: Program) -> None:
        if len(set(meeting.calls.values())) > 1:
            said = "; ".join(
                f"{role}: {n} shots of program {digest[:8]}" for role, (digest, n) in meeting.calls.items()
            )
            raise ConversationError(
                f"the roles disagree about run {index} ({program.name}): {said}. "
                "What is run may depend on shared values only"
            )


async def take_part(
    conversation: Conversation, stage: Stage, roles: Mapping[str, int | None], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Play one role of a conversation to its end.

    Args:
        conversation: the conversation.
        stage: the role and its ways to the others.
        roles: how many nodes each list role has.
        settings: values of the settings.

    Returns:
        The named results this role has.
    """
    python, _ = conversation.signature.check_settings(settings)
    arguments = conversation.signature.arguments(roles, lambda name: Party(stage, name))
    enter(stage)
    returned = await conversation.function(**arguments, **python)
    if not isinstance(returned, Mapping):
        raise OutputError(
            f"{conversation.name} returns {returned!r}; a conversation returns its named results: {{'rate': x}}"
        )
    mine: dict[str, Any] = {}
    for name, value in returned.items():
        if not isinstance(value, Located):
            mine[name] = value
        elif value.node == stage.role:
            mine[name] = value.held_by(stage.role)
    if stage.strategy is not None:
        return {name: stage.strategy.reported(name, value, stage.rng) for name, value in mine.items()}
    return mine


async def converse(
    conversation: Conversation,
    roles: Mapping[str, int | None] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    channel: Channel,
    codec: Codec,
    execute: Execute,
    rngs: Mapping[str, np.random.Generator],
    adversary: Mapping[str, Strategy] | None = None,
    timeout_s: float | None = 30.0,
) -> Conversed:
    """Run all roles of a conversation in this process, each in its own task.

    Args:
        conversation: the conversation.
        roles: how many nodes each list role has, 3 where nothing is said.
        settings: values of its settings.
        channel: moves messages.
        codec: turns values into bytes.
        execute: runs programs; given the program, the number of shots and the number of the run.
        rngs: randomness of each role, by its name (`parties[0]` in a list role).
        adversary: strategies of roles that do not follow the conversation.
        timeout_s: how long a role waits for another one, None for ever.

    Raises:
        QstackError: the error of the first role that failed; the others are cancelled.
    """
    conversation.check()
    counts = conversation.signature.counts(roles)
    names, liars = conversation.signature.node_names(counts), dict(adversary or {})
    if unknown := [role for role in (*liars, *names) if role not in names or (role not in liars and role not in rngs)]:
        raise RoleError(
            f"{conversation.name} has roles {', '.join(names)}; strategy or randomness for {unknown[0]} does not fit"
        )
    meeting = Meeting(names, execute, timeout_s)
    stages = [Stage(name, names, channel, codec, meeting, rngs[name], liars.get(name), timeout_s) for name in names]
    tasks = [
        asyncio.create_task(
            take_part(conversation, stage, counts, settings or {}), name=f"{conversation.name}: {stage.role}"
        )
        for stage in stages
    ]
    outputs = await _finish(tasks, names)
    traffic = {pair: count for stage in stages for pair, count in stage.traffic.items()}
    return Conversed(outputs, traffic)


async def _finish(tasks: list[asyncio.Task[dict[str, Any]]], names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Results by role; the first real failure ends all the others and is raised."""
    pending: set[asyncio.Task[dict[str, Any]]] = set(tasks)
    failure: BaseException | None = None
    try:
        while pending and failure is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
            failed = [task for task in tasks if task in done and not task.cancelled() and task.exception() is not None]
            errors = [error for task in failed if not isinstance(error := task.exception(), Stopped)]
            failure = errors[0] if errors else None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if failure is not None:
        raise failure
    return {
        name: {} if task.exception() is not None else task.result() for name, task in zip(names, tasks, strict=True)
    }


__all__ = ["Conversation", "Conversed", "Execute", "Meeting", "calling", "converse", "take_part"]
