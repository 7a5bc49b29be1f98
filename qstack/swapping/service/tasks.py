"""Tasks: what one node does for one vertex of a plan. Here links, purification and choice; swaps have their own files.

All nodes of a segment run the same task and are told the same, so that they agree when its pair is ready, and which it
is, without asking. What should have been done at a time that is over, because a message was late, is done at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from qstack.link.service import PairId as LinkPairId
from qstack.swapping.plan import PAIRS_PER_ROUND, LinkPair, Multiplex, Plan, Purify
from qstack.swapping.service.circuit import Circuit, CircuitError
from qstack.swapping.service.messages import Check, Name, Pair, Report, Take
from qstack.swapping.service.physical import (
    Cancel,
    Checked,
    CheckPair,
    Discard,
    Generate,
    LinkReady,
    MeasureBell,
    Measured,
)


class Parent(Protocol):
    """Who wants the pair of a task."""

    def child_ready(self, pair: Pair) -> None:
        """The pair is ready, now; its qubit is the parent's."""


class Node(Protocol):
    """What a task may use of its node.

    Attributes:
        here: the node's place on the path.
        now_s: what time it is.
        circuit: the circuit.
    """

    here: int
    now_s: float
    circuit: Circuit

    def begin(self, vertex: Plan, name: Name, parent: Parent, level: int = 0) -> Task:
        """Begin a task; `level` counts nested rounds of purification, 0 stands for all of the vertex."""

    def ended(self, task: Task) -> None:
        """A task is over."""

    def generate(self, link: LinkTask) -> None:
        """Have the link layer make a pair, as soon as all peers keep up."""

    def act(self, action: Cancel | Discard) -> None:
        """Have this done."""

    def measure(self, action: MeasureBell, then: Callable[[Measured], None]) -> None:
        """Have two qubits measured."""

    def check(self, action: CheckPair, then: Callable[[Checked], None]) -> None:
        """Have a pair checked."""

    def tell(self, task: Task, report: Report) -> None:
        """Tell all nodes of the task's segment, this one too."""

    def at(self, time_s: float, task: Task, call: Callable[[], None]) -> None:
        """Call when that time has come, unless the task is over by then.

        Of several times for one call only the first is kept: who is called too soon asks again.
        """


class Task(ABC):
    """What one node does for one vertex of the plan, once.

    Attributes:
        node: the node.
        name: of the task and its pair.
        first: the node at the left end of its segment.
        last: the node at the right end.
        over: whether its pair is ready, or it was stopped.
    """

    def __init__(self, node: Node, vertex: Plan, name: Name, parent: Parent) -> None:
        self.node = node
        self.name = name
        self.first = vertex.first
        self.last = vertex.last
        self.over = False
        self._parent = parent

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def give_up(self) -> None:
        """Discard what it holds, and stop what it has begun."""

    def receive(self, report: Report) -> bool:
        """Take a report in; false if it is about something that this node has not come to yet.

        Raises:
            CircuitError: the report makes no sense here.
        """
        raise CircuitError(f"{report} is not for {type(self).__name__}; install the same plan at all nodes")

    def expects(self, child: Name) -> bool:
        """Whether the task of that name, right below this one, may still begin."""
        return False

    def stop(self) -> None:
        """End without a pair."""
        self.over = True
        self.node.ended(self)
        self.give_up()

    def finish(self, bell_index: int, links: tuple[LinkPairId, ...]) -> None:
        """End with a pair."""
        self.over = True
        self.node.ended(self)
        self._parent.child_ready(Pair(self.name, bell_index, links))

    @property
    def at_an_end(self) -> bool:
        """Whether this node is at an end of the segment."""
        return self.node.here in (self.first, self.last)

    def qubit(self, pair: Pair) -> LinkPairId:
        """This end's qubit of a pair between the ends of the segment."""
        return pair.links[0 if self.node.here == self.first else -1]

    def discard(self, pair: Pair) -> None:
        """Forget a pair between the ends of the segment."""
        if self.at_an_end:
            self.node.act(Discard(self.qubit(pair)))


class LinkTask(Task):
    """A pair of neighbours. It is ready when the link layer says so, which it does to both at once.

    Attributes:
        asked: whether the link layer is at it.
    """

    asked = False

    def start(self) -> None:
        """See `Task`."""
        self.node.generate(self)

    @property
    def action(self) -> Generate:
        """What is asked of the link layer."""
        return Generate(self.first, self.name)

    def ready(self, event: LinkReady) -> None:
        """The link layer has made it."""
        self.finish(event.bell_index, (event.pair_id,))

    def give_up(self) -> None:
        """See `Task`."""
        if self.asked:
            self.node.act(Cancel(self.first, self.name))


class PurifyTask(Task):
    """A better pair from several: the first is kept, all others check it, some in each round.

    The right end corrects every pair to Phi+ with the rotations that the scheme begins with. So a round has succeeded
    if both ends find the same, and the pair that is left has Bell index 0.
    """

    def __init__(self, node: Node, vertex: Purify, name: Name, parent: Parent, level: int) -> None:
        super().__init__(node, vertex, name, parent)
        self._vertex = vertex
        pumped = vertex.style == "pumped"
        self._level = 1 if pumped else level or vertex.rounds
        self._rounds = vertex.rounds if pumped else 1
        self._needed = PAIRS_PER_ROUND[vertex.scheme]
        self._try = -1

    def start(self) -> None:
        """See `Task`."""
        self._try += 1
        self._begun = self._round = 0
        self._pairs: list[Pair] = []
        self._checks: dict[int, Check] = {}
        self._checking = False
        self._make_one()

    def _make_one(self) -> None:
        vertex, level = (self._vertex, self._level - 1) if self._level > 1 else (self._vertex.of, 0)
        self._begun += 1
        self._child = self.node.begin(vertex, (*self.name, self._begun, self._try), self, level)

    def expects(self, child: Name) -> bool:
        """See `Task`."""
        return (child[-1], child[-2]) > (self._try, self._begun)

    def child_ready(self, pair: Pair) -> None:
        """See `Parent`."""
        self._pairs.append(pair)
        if len(self._pairs) < self._needed:
            self._make_one()
            return
        if self.at_an_end:
            kept, *by = map(self.qubit, self._pairs)
            at_right = self.node.here == self.last
            corrections = tuple(each.bell_index if at_right else 0 for each in self._pairs)
            self.node.check(CheckPair(self._vertex.scheme, kept, tuple(by), corrections), self._checked)
        self._pairs = [replace(self._pairs[0], bell_index=0)]
        self._checking = True
        self._compare()

    def _checked(self, event: Checked) -> None:
        if not self.over:
            side = int(self.node.here == self.last)
            kept = self._pairs[0].name
            self.node.tell(self, Check(kept, self._round, side, event.outcomes, self.node.now_s))

    def receive(self, report: Report) -> bool:
        """See `Task`."""
        if not isinstance(report, Check):
            return super().receive(report)
        when, now = (report.kept[-1], report.round), (self._try, self._round)
        if when == now:
            self._checks[report.side] = report
            self._compare()
        return when <= now

    def _compare(self) -> None:
        """The pairs are compared when both ends know what both have found."""
        if self._checking and len(self._checks) == 2:
            measured_s = max(check.measured_s for check in self._checks.values())
            self.node.at(measured_s + self.node.circuit.flight(self.first, self.last), self, self._conclude)

    def _conclude(self) -> None:
        kept = self._pairs[0]
        if self._checks[0].outcomes != self._checks[1].outcomes:
            self.discard(kept)
            self.start()
            return
        self._round += 1
        self._checking = False
        self._checks = {}
        if self._round == self._rounds:
            self.finish(0, kept.links)
        else:
            self._make_one()

    def give_up(self) -> None:
        """See `Task`."""
        for pair in self._pairs:
            self.discard(pair)
        if not self._checking:
            self._child.stop()


class MultiplexTask(Task):
    """The first pair of several copies.

    The left end says which that is, and the pair is ready when the right end has heard it. Copies of a link need no
    word: both ends hear of them at once.
    """

    def __init__(self, node: Node, vertex: Multiplex, name: Name, parent: Parent) -> None:
        super().__init__(node, vertex, name, parent)
        self._vertex = vertex
        self._needs_word = vertex.tries > 1 and not isinstance(vertex.of, LinkPair)
        self._copies: dict[Name, Task] = {}
        self._ready: dict[Name, Pair] = {}
        self._take: Take | None = None

    def start(self) -> None:
        """See `Task`."""
        for copy in range(self._vertex.tries):
            name = (*self.name, copy, 0)
            self._copies[name] = self.node.begin(self._vertex.of, name, self)

    def child_ready(self, pair: Pair) -> None:
        """See `Parent`."""
        del self._copies[pair.name]
        self._ready[pair.name] = pair
        take = Take(pair.name, self.node.now_s)
        if not self._needs_word:
            self.receive(take)
        elif self._take is None and self.node.here == self.first:
            self.node.tell(self, take)
        else:
            self._settle()

    def receive(self, report: Report) -> bool:
        """See `Task`."""
        if not isinstance(report, Take):
            return super().receive(report)
        self._take = report
        self._drop(report.pair)
        self._settle()
        return True

    def _settle(self) -> None:
        """The copy taken is ready when it is so here, and the word is everywhere."""
        if self._take and self._take.pair in self._ready:
            word_s = self.node.circuit.flight(self.first, self.last) if self._needs_word else 0.0
            self.node.at(self._take.taken_s + word_s, self, self._conclude)

    def _conclude(self) -> None:
        (pair,) = self._ready.values()
        self.finish(pair.bell_index, pair.links)

    def _drop(self, taken: Name | None) -> None:
        for name in [name for name in self._copies if name != taken]:
            self._copies.pop(name).stop()
        for name in [name for name in self._ready if name != taken]:
            self.discard(self._ready.pop(name))

    def give_up(self) -> None:
        """See `Task`."""
        self._drop(None)
