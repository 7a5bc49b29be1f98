"""Located values of a conversation: each is held by some roles, and every role runs the same function.

At the roles that know it a `Located` holds a plain Python value; everywhere else it is a placeholder of the same name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from qstack.language.adversary import WITHHELD, Strategy
from qstack.language.errors import (
    ArgumentError,
    ConversationTimeoutError,
    LocalityError,
    SelfSendError,
    TracedBitError,
    TraceError,
)
from qstack.language.nodes import Node, need_node
from qstack.language.program import Program
from qstack.language.trace import here

if TYPE_CHECKING:
    import numpy as np

    from qstack.language.protocol import Protocol as ProtocolObject

_ABSENT = object()


class Channel(Protocol):
    """Moves bytes between roles. Messages from one source to one target are numbered from 0, without gaps."""

    async def send(self, source: str, target: str, sequence: int, payload: bytes) -> None:
        """Hand over a message; returns once it is on its way."""
        ...

    async def receive(self, source: str, target: str, sequence: int) -> bytes:
        """Wait for the message of that number and take it."""
        ...


class Codec(Protocol):
    """Turns values into bytes and back."""

    def encode(self, value: object) -> bytes:
        """The value as bytes."""
        ...

    def decode(self, payload: bytes) -> Any:
        """The value that was encoded."""
        ...


class Runner(Protocol):
    """Runs programs for the roles of a conversation."""

    async def run(self, role: str, index: int, program: Program, n: int) -> Mapping[str, Any]:
        """Take part, as `role`, in run number `index` of the conversation; gives this role's own outputs."""
        ...


@dataclass
class Traffic:
    """What was sent from one role to another: number of messages, and bytes of payload."""

    messages: int = 0
    payload_bytes: int = 0


class Stopped(Exception):
    """Raised inside a role that stops taking part."""


@dataclass
class Stage:
    """One role's side of a conversation.

    Attributes:
        role: name of the role that runs here.
        roles: names of all roles.
        timeout_s: how long to wait for a message, None for ever.
    """

    role: str
    roles: tuple[str, ...]
    channel: Channel
    codec: Codec
    runner: Runner
    rng: np.random.Generator
    strategy: Strategy | None = None
    timeout_s: float | None = None
    traffic: dict[tuple[str, str], Traffic] = field(default_factory=dict)
    runs: int = 0
    _sequences: dict[tuple[str, str], int] = field(default_factory=dict)

    async def message(self, source: str, target: str, value: object) -> Any:
        """Play this role's part in one message; gives what this role knows of it afterwards."""
        sequence = self._sequences.get((source, target), 0)
        self._sequences[source, target] = sequence + 1
        if self.role == source:
            said = value if self.strategy is None else self.strategy.payload(target, value, self.rng)
            if said is WITHHELD:
                raise Stopped
            payload = self.codec.encode(said)
            count = self.traffic.setdefault((source, target), Traffic())
            count.messages += 1
            count.payload_bytes += len(payload)
            await self.channel.send(source, target, sequence, payload)
        elif self.role == target:
            return self.codec.decode(await self._receive(source, sequence))
        return value

    async def _receive(self, source: str, sequence: int) -> bytes:
        line = here()
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self.channel.receive(source, self.role, sequence)
        except TimeoutError as error:
            raise ConversationTimeoutError(
                f"{line}: {self.role} waited {self.timeout_s} s for message {sequence} from {source}, which has not "
                f"come; {source} may have stopped, or may be somewhere else in the conversation"
            ) from error


_stage: ContextVar[Stage | None] = ContextVar("qstack_stage", default=None)


def calling() -> Stage | None:
    """The conversation this code runs in, if any."""
    return _stage.get()


def enter(stage: Stage) -> None:
    """Make this the conversation that the running task is in."""
    _stage.set(stage)


class Located:
    """A value of a conversation, known at some roles."""

    __slots__ = ("_at", "_stage", "_value")

    def __init__(self, stage: Stage, at: tuple[str, ...], value: object = _ABSENT) -> None:
        self._stage = stage
        self._at = at
        self._value = value if stage.role in at else _ABSENT

    @property
    def node(self) -> str:
        """The role where the value lives: its maker, or the recipient it was sent to."""
        return self._at[0]

    @property
    def known_at(self) -> tuple[str, ...]:
        """Names of all roles that know it."""
        return self._at

    async def send(self, *nodes: Node) -> Located:
        """Send it to each of the nodes; the result is known to them as well.

        Raises:
            SelfSendError: a node would send to itself.
            ConversationTimeoutError: it does not arrive.
        """
        if not nodes:
            raise ArgumentError(f"{here()}: send takes the node to send to, such as x.send(bob)")
        source, value = self.node, self._value
        targets = [need_node(node, "the recipient of a message").name for node in nodes]
        if source in targets:
            raise SelfSendError(f"{here()}: {source} would send a value to itself; it knows the value already")
        for target in targets:
            got = await self._stage.message(source, target, self._value)
            if target == self._stage.role:
                value = got
        return Located(self._stage, tuple(dict.fromkeys((*targets, *self._at))), value)

    def held_by(self, role: str) -> Any:
        """The plain value, for a computation of this role.

        Raises:
            LocalityError: the role does not know it.
        """
        if role not in self._at:
            raise LocalityError(
                f"{here()}: {role} does not know this value, only {' and '.join(self._at)} does; send it first: "
                f"await x.send({role})"
            )
        return self._value

    def _opaque(self, *_: object) -> NoReturn:
        raise TracedBitError(
            f"{here()}: a value at {' and '.join(self._at)} cannot be looked at by all roles; compute on it with "
            f"{self.node}.do(f, x), or make it known to everyone with await share(x) and branch on the result"
        )

    __bool__ = __int__ = __float__ = __index__ = __iter__ = __len__ = __contains__ = __getitem__ = _opaque
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = _opaque
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __xor__ = __and__ = __or__ = __invert__ = _opaque

    def __hash__(self) -> int:
        self._opaque()

    def __repr__(self) -> str:
        return f"<Located at {', '.join(self._at)}>"


class Party(Node):
    """A role of a conversation: it computes, talks, and has its own randomness."""

    __slots__ = ("_stage",)

    def __init__(self, stage: Stage, name: str) -> None:
        super().__init__(None, name)
        self._stage = stage

    def do(self, function: Callable[..., Any], /, *args: object, **kwargs: object) -> Located:
        """Compute `function(*args, **kwargs)` at this role, on values it knows and plain values.

        The other roles only note that the result is here. Keep it short: it runs on the event loop.

        Raises:
            LocalityError: an argument is not known here.
        """
        plain = [_unwrapped(each, self.name) for each in args]
        named = {name: _unwrapped(each, self.name) for name, each in kwargs.items()}
        here_now = self._stage.role == self.name
        return Located(self._stage, (self.name,), function(*plain, **named) if here_now else _ABSENT)

    @property
    def rng(self) -> np.random.Generator:
        """This role's own randomness, to be used in what it computes: `alice.do(lambda: alice.rng.integers(2))`.

        Raises:
            LocalityError: another role reached for it.
        """
        if self._stage.role != self.name:
            raise LocalityError(
                f"{here()}: {self.name}.rng is {self.name}'s own; use it inside "
                f"{self.name}.do(lambda: {self.name}.rng...)"
            )
        return self._stage.rng

    def live(self, what: str) -> NoReturn:
        """A conversation has no qubits of its own."""
        raise TraceError(
            f"{here()}: {self.name}: {what} belongs in a program (a plain def with @protocol); from a conversation, "
            "run it: await run(program, n)"
        )


async def share(value: Located) -> Any:
    """Make a value known to every role and return it as a plain Python value, which may be branched on.

    Raises:
        ArgumentError: it is no located value.
    """
    if not isinstance(value, Located):
        raise ArgumentError(
            f"{here()}: share takes a value that is located at a role; got {value!r}, which all roles know"
        )
    stage, known = value._stage, value._value
    for target in stage.roles:
        if target not in value._at:
            got = await stage.message(value.node, target, value._value)
            known = got if target == stage.role else known
    return known


async def run(program: Program | ProtocolObject, n: int, /, **settings: Any) -> dict[str, Located]:
    """Run a program `n` times, all roles together; from a conversation only.

    Args:
        program: a `Program`, such as `pairs.played_by(alice, bob)`; or a protocol whose
            roles have the same names as this conversation's.
        n: number of shots.
        settings: settings of the protocol.

    Returns:
        Per output, an array of one value per accepted shot, at the node of the output.

    Raises:
        TraceError: not in a conversation.
        ConversationError: the roles disagree about what to run.
    """
    stage = calling()
    if stage is None:
        raise TraceError(f"{here()}: run works only inside a conversation, an async def with @protocol")
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ArgumentError(f"{here()}: run takes a whole number of shots from 1 up; got {n!r}")
    if not isinstance(program, Program):
        if not hasattr(program, "trace_as"):
            raise ArgumentError(f"{here()}: run takes a program or a protocol; got {program!r}")
        names: dict[str, str | list[str]] = {
            role: [each for each in stage.roles if each.startswith(f"{role}[")] if is_list else role
            for role, is_list in program.list_roles.items()
        }
        program = program.trace_as(names, settings)
    elif settings:
        raise ArgumentError(f"{here()}: a program is traced already and takes no settings; got {', '.join(settings)}")
    if strangers := [role for role in program.roles if role not in stage.roles]:
        raise ArgumentError(
            f"{here()}: {program.name} is for {', '.join(program.roles)}, and {', '.join(strangers)} is not in this "
            f"conversation of {', '.join(stage.roles)}; say who plays what: "
            f"run({program.name}.played_by({', '.join(stage.roles)}), n)"
        )
    index = stage.runs
    stage.runs += 1
    mine = await stage.runner.run(stage.role, index, program, n)
    return {output.name: Located(stage, (output.node,), mine.get(output.name, _ABSENT)) for output in program.outputs}


def _unwrapped(value: object, role: str) -> Any:
    """Located values replaced by what the role knows, inside lists, tuples and dicts too."""
    if isinstance(value, Located):
        return value.held_by(role)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(_unwrapped(each, role) for each in value)
    if isinstance(value, dict):
        return {name: _unwrapped(each, role) for name, each in value.items()}
    return value
