"""One node's part in a circuit: the machine that makes end-to-end pairs together with those of the other nodes.

It has no socket, clock, thread or randomness: `handle` takes an event and the time and gives actions; `wake_s` says
when to call again. The clocks of all nodes agree.

The life of a request (words of Kozlowski, Dahlberg and Wehner 2020, "Designing a quantum network protocol"):

1. `Request` comes to the head, which sends FORWARD to all nodes: how many pairs, and when all start.
2. At that time every node begins the tasks of the plan whose segments it lies on; tasks of links `Generate`.
3. Both nodes of a hop ask for a pair by the name of its task; `LinkReady` tells both its id and its Bell index.
4. A node with two pairs that belong together swaps: `MeasureBell`. It sends TRACK to all nodes of the segment: which
   pairs, and the outcome. Everyone adds up Bell indices; nobody corrects.
5. The ends of a segment purify: `CheckPair`. The right end corrects first, so equal outcomes mean success. Both say
   what they found. The left end of a segment says which of several copies is taken.
6. A node whose pairs wait too long gives them up and sends EXPIRE; what has to begin again does so everywhere at once.
7. When the last word about a pair is at both ends, which all nodes know to come at the same time, it is ready.
8. A pair of the whole path is delivered at both ends: `Deliver`, with the same id, Bell index and links. All nodes
   begin the next one.
9. After the last pair the tail sends COMPLETE, and the head says `Done`.
10. Every message is sent until it is acknowledged, and taken once. One about what is over is dropped; one about what a
   node has not come to yet waits there.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable

from qstack.link.service import PairId as LinkPairId
from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, Purify, Swap
from qstack.swapping.service.channel import Channel
from qstack.swapping.service.circuit import Circuit, CircuitError, PairId
from qstack.swapping.service.cutoffs import CircuitCutoffTask, PairCutoffTask
from qstack.swapping.service.messages import Complete, Forward, Message, Name, Packet, Pair, Report
from qstack.swapping.service.physical import (
    Cancel,
    Checked,
    CheckPair,
    Discard,
    Generate,
    LinkReady,
    MeasureBell,
    Measured,
    Wake,
)
from qstack.swapping.service.requests import Deliver, Done, Request, Stop
from qstack.swapping.service.settings import Settings
from qstack.swapping.service.swaps import SwapTask
from qstack.swapping.service.tasks import LinkTask, MultiplexTask, Parent, PurifyTask, Task

Event = Request | Stop | LinkReady | Measured | Checked | Packet | Wake
"""What a machine is told: from above, from the layer below, from another node, or that time has passed."""

Action = Deliver | Done | Generate | Cancel | MeasureBell | CheckPair | Discard | Packet
"""What it wants done: a `Packet` goes to its target, `Deliver` and `Done` above, the rest below."""

Entry = tuple[float, int, Task | None, Callable[[], None]]
"""What to do at a time, for a task if it is not over by then; the number keeps the order."""


class SwapMachine:
    """One node's part in a circuit.

    Args:
        circuit: what all nodes of the path know alike.
        node: this node's name.
        settings: how patient it is.

    Raises:
        CircuitError: the node is not on the path.
    """

    def __init__(self, circuit: Circuit, node: str, settings: Settings | None = None) -> None:
        if node not in circuit.path:
            raise CircuitError(f"{node} is not on the path {' - '.join(circuit.path)}")
        self.circuit = circuit
        self.here = circuit.path.index(node)
        self.now_s = -math.inf
        self.settings = settings or Settings()
        self._tail = len(circuit.path) - 1
        self._channels = {
            place: Channel(self.settings.retry_s) for place in range(len(circuit.path)) if place != self.here
        }
        self._tasks: dict[Name, Task] = {}
        self._due_s = math.inf
        self._agenda: list[Entry] = []
        self._pending: dict[Callable[[], None], float] = {}
        self._entries = 0
        self._measuring: dict[LinkPairId, Callable[[Measured], None]] = {}
        self._checking: dict[LinkPairId, Callable[[Checked], None]] = {}
        self._early: list[Report] = []
        self._links: deque[LinkTask] = deque()
        self._actions: list[Action] = []
        self._requests: deque[Request] = deque()
        self._forwards: deque[Forward] = deque()
        self._serving: Forward | None = None
        self._begun = 0
        self._made = 0
        self._completed: int | None = None
        self._stopped = False

    @property
    def wake_s(self) -> float:
        """When to call `handle` with `Wake` if nothing happens before; inf if never."""
        return min(self._agenda[0][0], self._due_s) if self._agenda else self._due_s

    @property
    def running(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    @property
    def backlog(self) -> int:
        """How many messages are kept: not acknowledged by their receiver, or come too early."""
        return len(self._early) + sum(map(len, self._channels.values()))

    def handle(self, event: Event, now_s: float) -> tuple[Action, ...]:
        """What to do about an event. Times never run backwards.

        Raises:
            CircuitError: a request is for no pair, or comes to another node than the head or after the circuit is taken
                down; or a message makes no sense.
        """
        self.now_s = now_s
        self._actions = []
        self._catch_up(math.nextafter(now_s, -math.inf))
        match event:
            case Packet():
                self._packet(event)
            case LinkReady():
                self._link_ready(event)
            case Measured():
                self._measuring.pop(event.left)(event)
            case Checked():
                self._checking.pop(event.kept)(event)
            case Request():
                self._request(event)
            case Stop():
                self._stop()
            case Wake():
                pass
        self._catch_up(now_s)
        self._send_again()
        return tuple(self._actions)

    def _catch_up(self, until_s: float) -> None:
        """Do what was due by then, and see whether that gives sense to messages that came early."""
        while True:
            while self._agenda and (self._agenda[0][0] <= until_s or _void(self._agenda[0])):
                entry = heapq.heappop(self._agenda)
                time_s, _, _, call = entry
                if self._pending.get(call) == time_s:
                    del self._pending[call]
                    if not _void(entry):
                        call()
            waiting, self._early = self._early, []
            for report in waiting:
                self._report(report)
            if len(self._early) == len(waiting):
                return

    # What tasks use; see `qstack.swapping.service.tasks.Node`.

    def begin(self, vertex: Plan, name: Name, parent: Parent, level: int = 0) -> Task:
        """Begin a task."""
        task: Task
        match vertex:
            case LinkPair():
                task = LinkTask(self, vertex, name, parent)
            case Swap():
                task = SwapTask(self, vertex, name, parent)
            case Purify():
                task = PurifyTask(self, vertex, name, parent, level)
            case Cutoff(scope="circuit"):
                task = CircuitCutoffTask(self, vertex, name, parent)
            case Cutoff():
                task = PairCutoffTask(self, vertex, name, parent)
            case Multiplex():
                task = MultiplexTask(self, vertex, name, parent)
        self._tasks[name] = task
        task.start()
        return task

    def ended(self, task: Task) -> None:
        """A task is over."""
        del self._tasks[task.name]

    def generate(self, link: LinkTask) -> None:
        """Have the link layer make a pair, as soon as all peers keep up."""
        if self._crowded:
            self._links.append(link)
        else:
            link.asked = True
            self._actions.append(link.action)

    @property
    def _crowded(self) -> bool:
        return any(len(channel) > self.settings.window for channel in self._channels.values())

    def act(self, action: Cancel | Discard) -> None:
        """Have this done."""
        self._actions.append(action)

    def measure(self, action: MeasureBell, then: Callable[[Measured], None]) -> None:
        """Have two qubits measured."""
        self._measuring[action.left] = then
        self._actions.append(action)

    def check(self, action: CheckPair, then: Callable[[Checked], None]) -> None:
        """Have a pair checked."""
        self._checking[action.kept] = then
        self._actions.append(action)

    def tell(self, task: Task, report: Report) -> None:
        """Tell all nodes of the task's segment, this one too."""
        for place in range(task.first, task.last + 1):
            if place != self.here:
                self._send(place, report)
        task.receive(report)

    def at(self, time_s: float, task: Task | None, call: Callable[[], None]) -> None:
        """Call when that time has come, or sooner; unless the task is over by then."""
        if self._pending.get(call, math.inf) <= time_s:
            return
        self._pending[call] = time_s
        self._entries += 1
        heapq.heappush(self._agenda, (time_s, self._entries, task, call))
        if len(self._agenda) > 8 * len(self._tasks) + 64:
            self._tidy()

    def _tidy(self) -> None:
        """Forget what was to be done for tasks that are over."""
        self._agenda = [entry for entry in self._agenda if not _void(entry)]
        heapq.heapify(self._agenda)
        self._pending = {call: time_s for time_s, _, _, call in sorted(self._agenda, reverse=True)}

    # Requests, and the pairs of the whole path.

    def _request(self, request: Request) -> None:
        if self.here != 0:
            raise CircuitError(
                f"a request came to {self.circuit.path[self.here]}; ask the head, {self.circuit.path[0]}"
            )
        if request.number < 1:
            raise CircuitError(f"{request.number} pairs; ask for 1 or more")
        if self._stopped:
            raise CircuitError(f"circuit {self.circuit.circuit_id} is taken down; install a new one")
        self._requests.append(request)
        self._serve_next()

    def _serve_next(self) -> None:
        """Begin the next request, if the one before is over."""
        if self._serving is None and self._requests:
            request = self._requests.popleft()
            start_s = self.now_s + self.circuit.flight(0, self._tail)
            forward = Forward(request.request_id, self._begun, request.number, start_s)
            for place in self._channels:
                self._send(place, forward)
            self._forwards.append(forward)
        if self._serving is None and self._forwards:
            self._serving = self._forwards.popleft()
            self.at(self._serving.start_s, None, self._begin_pair)

    def _begin_pair(self) -> None:
        self._begun += 1
        self.begin(self.circuit.plan, (self._begun - 1,), self)

    def child_ready(self, pair: Pair) -> None:
        """A pair of the whole path is ready."""
        serving = self._serving
        assert serving is not None
        self._made += 1
        if self.here in (0, self._tail):
            pair_id = PairId(self.circuit.circuit_id, pair.name[0])
            self._actions.append(Deliver(pair_id, serving.request_id, pair.bell_index, pair.links, self.now_s))
        if self._made < serving.first + serving.number:
            self._begin_pair()
            return
        if self.here == self._tail:
            self._send(0, Complete(serving.request_id))
        self._finish()

    def _finish(self) -> None:
        """End the request here when all its pairs are made; the head waits for the word of the tail."""
        serving = self._serving
        if serving is None or self._made < serving.first + serving.number:
            return
        if self.here == 0:
            if self._completed != serving.request_id:
                return
            self._actions.append(Done(serving.request_id))
        self._serving = None
        self._serve_next()

    def _stop(self) -> None:
        self._stopped = True
        self._links.clear()
        if root := self._tasks.get((self._begun - 1,)):
            root.stop()
        self._agenda.clear()
        self._pending.clear()
        self._early.clear()
        for place in self._channels:
            self._channels[place] = Channel(self.settings.retry_s)

    # What comes in and goes out.

    def _link_ready(self, event: LinkReady) -> None:
        task = self._tasks.get(event.task)
        if isinstance(task, LinkTask):
            task.ready(event)
        else:
            self.act(Discard(event.pair_id))

    def _packet(self, packet: Packet) -> None:
        if self._stopped:
            return
        new = self._channels[self.circuit.path.index(packet.source)].receive(packet, self.now_s)
        while self._links and not self._crowded:
            link = self._links.popleft()
            if not link.over:
                self.generate(link)
        if new:
            self._message(packet.message)

    def _message(self, message: Message | None) -> None:
        match message:
            case Forward():
                self._forwards.append(message)
                self._serve_next()
            case Complete(request_id):
                self._completed = request_id
                self._finish()
            case None:
                pass
            case _:
                self._report(message)

    def _report(self, report: Report) -> None:
        """Give a report to its task. Keep it if that has not begun yet, or is behind; drop it if that is over."""
        task = self._tasks.get(report.task)
        if not (task.receive(report) if task else self._over(report.task)):
            self._early.append(report)

    def _over(self, name: Name) -> bool:
        """Whether a task that does not run here never will."""
        for size in range(1, len(name), 2):
            above = self._tasks.get(name[:size])
            if above is None:
                return name[0] < self._begun
            if name[: size + 2] not in self._tasks:
                return not above.expects(name[: size + 2])
        return name[0] < self._begun

    def _send(self, place: int, message: Message) -> None:
        self._post(place, self._channels[place].number(message, self.now_s), message)

    def _send_again(self) -> None:
        """Send what is due for want of an acknowledgement, either way; and see when something is next."""
        for place, channel in self._channels.items():
            if channel.due_s <= self.now_s:
                for number, message in channel.due(self.now_s):
                    self._post(place, number, message)
        self._due_s = min([channel.due_s for channel in self._channels.values()])

    def _post(self, place: int, number: int, message: Message | None) -> None:
        path = self.circuit.path
        answer = self._channels[place].answer()
        self._actions.append(Packet(self.circuit.circuit_id, path[self.here], path[place], message, number, answer))


def _void(entry: Entry) -> bool:
    """Whether the task of that entry is over."""
    task = entry[2]
    return task is not None and task.over
