"""Two link machines in virtual time, a channel and a midpoint that do their worst, and a layer above that uses pairs.

What goes wrong is a list of small numbers, read one after the other; 0 is always the tame choice, and after the end of
the list all is tame. So a failing schedule shrinks, and the channel becomes fair in the end.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count, repeat
from typing import Any

from qstack.link.service import (
    Action,
    Basis,
    Create,
    Created,
    Done,
    Error,
    ErrorCode,
    Event,
    Frame,
    Generate,
    Herald,
    Kind,
    LinkFacts,
    LinkMachine,
    Ok,
    Option,
    PairId,
    Release,
    Settings,
    Stop,
    Wake,
)

ATTEMPT_S = 1.0
FLIGHT_S = 1.0
GIVES_UP_WAITING_S = 6.0
"""After so long without a herald a node's physical layer attempts again."""

FATES: tuple[tuple[float, ...], ...] = (
    (FLIGHT_S,),
    (),
    (FLIGHT_S, FLIGHT_S),
    (5 * FLIGHT_S,),
    (FLIGHT_S, 12 * FLIGHT_S),
    (0.25 * FLIGHT_S,),
    (),
    (40 * FLIGHT_S,),
)
"""When the copies of a message or herald arrive."""

HOLDS: tuple[float | None, ...] = (3.0, 0.0, 25.0, None)
"""How long the layer above keeps a qubit; None: until it expires."""

MOST_PAIRS = 5
"""Most pairs of one atomic request in a schedule."""

OPTION = Option(0.9, 0.5, ATTEMPT_S + FLIGHT_S)
SETTINGS = Settings(retry_s=4.0, accepts=lambda create: create.purpose_id != 3)


def tame(numbers: Sequence[int]) -> Iterator[int]:
    return chain(numbers, repeat(0))


@dataclass(frozen=True)
class Schedule:
    """What happens, and the numbers that decide what goes wrong.

    Attributes:
        creates: requests: when, where, what.
        crashes: when a node loses all it knows and starts again.
        dark_from_s: from when the midpoint sees nothing.
        frames: index of the `FATES` of each frame.
        heralds: for each success what is heralded, and the `FATES` of the herald to alice and to bob.
        attempts: how many attempts fail before each success.
        holds: index of the `HOLDS` of each delivered qubit.
        slots: of alice and bob.
        cutoff_s: of stored pairs.
        retries: of frames, before the peer counts as silent.
        skew_s: how much bob's clock is fast.
    """

    creates: Sequence[tuple[float, str, Create]] = ()
    crashes: Sequence[tuple[float, str]] = ()
    dark_from_s: float = math.inf
    frames: Sequence[int] = ()
    heralds: Sequence[int] = ()
    attempts: Sequence[int] = ()
    holds: Sequence[int] = ()
    slots: tuple[int, int] = (2, 2)
    cutoff_s: float = math.inf
    retries: int = 5
    skew_s: float = 0.0


@dataclass(eq=False)
class Run:
    """Attempts of one node's physical layer, until the qubit of a success waits for its herald."""

    generate: Generate
    spent: bool = False


@dataclass
class Node:
    """One end, its physical layer and what it has told the layer above."""

    name: str
    facts: LinkFacts
    machine: LinkMachine
    skew_s: float = 0.0
    life: int = 0
    run: Run | None = None
    memory: dict[int, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    held: dict[PairId, Ok] = field(default_factory=dict)
    log: list[tuple[float, int, int, Action]] = field(default_factory=list)

    def of(self, *kinds: type) -> list[Any]:
        return [action for _, _, _, action in self.log if isinstance(action, kinds)]

    @property
    def oks(self) -> list[Ok]:
        return self.of(Ok)

    @property
    def errors(self) -> list[Error]:
        return self.of(Error)

    @property
    def codes(self) -> list[ErrorCode]:
        return [error.code for error in self.errors]

    @property
    def ended(self) -> list[Done | Error]:
        """How requests ended, in order."""
        return [a for a in self.of(Done, Error) if isinstance(a, Done) or a.code is not ErrorCode.EXPIRE]


class World:
    """A schedule as it plays out. `alice` leads."""

    def __init__(
        self,
        schedule: Schedule,
        settings: Settings | None = None,
        options: tuple[Option, ...] = (OPTION,),
    ) -> None:
        self.now_s = 0.0
        self.settings = settings or replace(SETTINGS, retries=schedule.retries)
        self.dark_from_s = schedule.dark_from_s
        self.sequence_number = 0
        self.handled = 0
        self.sent: list[Frame] = []
        self.asked: dict[tuple[str, int, int], Create] = {}
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.frames, self.heralds = tame(schedule.frames), tame(schedule.heralds)
        self.attempts, self.holds = tame(schedule.attempts), tame(schedule.holds)
        self.nodes: dict[str, Node] = {}
        for name, slots in zip(("alice", "bob"), (schedule.slots, schedule.slots[::-1]), strict=True):
            facts = LinkFacts("alice-bob", options, *slots, schedule.cutoff_s)
            self.nodes[name] = Node(name, facts, LinkMachine(name, self.peer(name), facts, 1, self.settings))
        self.bob.skew_s = schedule.skew_s
        for name in self.nodes:
            self.handle(name, Wake())
        for time_s, name, create in schedule.creates:
            self.at(time_s, self.handle, name, replace(create, remote_node_id=self.peer(name)))
        for time_s, name in schedule.crashes:
            self.at(time_s, self.crash, name)

    @property
    def alice(self) -> Node:
        return self.nodes["alice"]

    @property
    def bob(self) -> Node:
        return self.nodes["bob"]

    @staticmethod
    def peer(name: str) -> str:
        return {"alice": "bob", "bob": "alice"}[name]

    @property
    def sessions(self) -> int:
        """How often either end began a new life."""
        return sum(node.machine.epoch - 1 for node in self.nodes.values())

    def light(self) -> None:
        """Let the midpoint see again."""
        self.dark_from_s = math.inf
        self._match()

    def at(self, time_s: float, act: Callable[..., None], *args: Any) -> None:
        heapq.heappush(self._events, (time_s, next(self._order), lambda: act(*args)))

    def play(self, until_s: float = math.inf, most: int = 20_000) -> World:
        """Run until nothing is left to happen, or that time."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, act = heapq.heappop(self._events)
            act()
            assert self.handled < most, "it does not come to rest"
        if until_s < math.inf:
            self.now_s = until_s
        return self

    def create(self, name: str, **wishes: Any) -> int:
        """Hand in a request now; returns its number."""
        self.handle(name, Create(**{"remote_node_id": self.peer(name), **wishes}))
        number: int = self.nodes[name].of(Created)[-1].create_id
        return number

    def crash(self, name: str) -> None:
        """Lose all a node knows, and start it again."""
        node = self.nodes[name]
        epoch = node.machine.epoch + 1
        node.machine = LinkMachine(name, self.peer(name), node.facts, epoch, self.settings)
        node.life += 1
        node.run = None
        node.held.clear()
        self.handle(name, Wake())

    def handle(self, name: str, event: Event) -> None:
        node = self.nodes[name]
        machine = node.machine
        self.handled += 1
        actions = machine.handle(event, self.now_s + node.skew_s)
        if isinstance(event, Create):
            number = next(action.create_id for action in actions if isinstance(action, Created))
            self.asked[name, machine.epoch, number] = event
        for action in actions:
            self._act(node, action)
        if machine.wake_s < math.inf:
            self.at(max(machine.wake_s - node.skew_s, self.now_s), self._wake, node, machine)
        assert machine._channel.backlog < 200
        assert len(machine._pairs) <= machine.settings.unsettled_limit + machine.facts.slots + MOST_PAIRS

    def _wake(self, node: Node, machine: LinkMachine) -> None:
        if node.machine is machine and machine.wake_s <= self.now_s + node.skew_s:
            self.handle(node.name, Wake())

    def _act(self, node: Node, action: Action) -> None:
        match action:
            case Frame():
                self.sent.append(action)
                for delay_s in FATES[next(self.frames) % len(FATES)]:
                    self.at(self.now_s + delay_s, self.handle, self.peer(node.name), action)
                return
            case Generate():
                node.run = Run(action)
                self._match()
                return
            case Stop():
                node.run = None
                return
            case Ok():
                if action.logical_qubit_id is not None:
                    assert node.memory[action.logical_qubit_id] == action.sequence_number
                    node.held[action.pair_id] = action
                    hold_s = HOLDS[next(self.holds) % len(HOLDS)]
                    if hold_s is None and node.facts.cutoff_s == math.inf:
                        hold_s = 0.0
                    if hold_s is not None:
                        self.at(self.now_s + hold_s, self._use, node, action)
            case Error(pair_id=PairId() as pair_id):
                if ok := node.held.pop(pair_id, None):
                    self._unspoilt(node, ok)
        node.log.append((self.now_s, node.life, self.handled, action))

    def _use(self, node: Node, ok: Ok) -> None:
        if node.held.pop(ok.pair_id, None):
            self._unspoilt(node, ok)
            self.handle(node.name, Release(ok.pair_id))

    @staticmethod
    def _unspoilt(node: Node, ok: Ok) -> None:
        """No attempt has used the slot of a pair that the layer above held."""
        assert ok.logical_qubit_id is not None
        assert node.memory[ok.logical_qubit_id] == ok.sequence_number

    def _match(self) -> None:
        """The midpoint sees both ends attempt for the same request."""
        runs = self.alice.run, self.bob.run
        if _together(*runs):
            failures = next(self.attempts) % 8
            self.at(self.now_s + ATTEMPT_S * (1 + failures), self._succeed, *runs)

    def _succeed(self, *runs: Run) -> None:
        if self.now_s >= self.dark_from_s or (self.alice.run, self.bob.run) != runs or not _together(*runs):
            return
        number = next(self.heralds)
        self.sequence_number += 1 + number % 3 // 2
        bell_state = divmod(number % 4, 2)
        for node, run in zip(self.nodes.values(), runs, strict=True):
            run.spent = True
            bases = run.generate.bases
            outcome, basis = (number % 2, bases[number % len(bases)]) if bases else (None, None)
            if run.generate.slot is not None:
                node.memory[run.generate.slot] = self.sequence_number
            herald = Herald(self.sequence_number, run.generate.request, bell_state, outcome, basis)
            for delay_s in FATES[next(self.heralds) % len(FATES)]:
                self.at(self.now_s + delay_s, self._herald, node, run, herald)
            self.at(self.now_s + GIVES_UP_WAITING_S, self._attempt_again, node, run)

    def _herald(self, node: Node, run: Run, herald: Herald) -> None:
        """A node's physical layer hands on the heralds of qubits that it has, and all copies of those."""
        if node.run is run or herald.sequence_number in node.seen:
            node.seen.add(herald.sequence_number)
            node.run = None if node.run is run else node.run
            self.handle(node.name, herald)

    def _attempt_again(self, node: Node, run: Run) -> None:
        if node.run is run:
            node.run = Run(run.generate)
            self._match()


def _together(first: Run | None, second: Run | None) -> bool:
    return (
        first is not None
        and second is not None
        and not (first.spent or second.spent)
        and first.generate.request == second.generate.request
    )


MEASURED = {"kind": Kind.MEASURE, "bases": (Basis.X, Basis.Z), "peer_bases": (Basis.Y,)}
PREPARED = {"kind": Kind.PREPARE, "bases": (Basis.X,)}
