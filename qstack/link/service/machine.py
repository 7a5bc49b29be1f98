"""One end of a link's service: the machine that turns requests into pairs, and agrees with its peer on each.

It has no socket, clock, thread or randomness: `handle` takes an event and the time and gives actions; `wake_s` says
when to call again. The end with the smaller node id leads: it orders the queue and says when a request ends.

The life of a request:

1. `Create` comes from above; `Created` gives its number. What cannot be done is refused at once, with an `Error`.
2. It is put into the queue, not ready yet, and the peer is told: `Add`.
3. The peer checks it too and answers `End` (refused), or queues it and answers `Accept`; the leader says where.
4. Both ends compute whose turn it is from the queue and the free slots, and `Generate` for that request.
5. The midpoint heralds a pair only while both do. Who hears it delivers `Ok` and reports GOT.
6. Who is told GOT of a pair that it has not heard answers EXPIRED: the other end takes it back with an `Error` EXPIRE,
   and the pair is made again. A pair that both have is settled.
7. A stored pair older than the cutoff expires at both ends; if it was settled and delivered, it still counts.
8. The pairs of an atomic request are held back; only the leader expires these, and `End` delivers them all.
9. When all pairs are settled, or the deadline has passed, the leader says `End`; each end says `Done` or `Error`.
10. If the peer restarts or stays silent, all requests end with `Error` OTHER, and all pairs that are left expire.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from qstack.link.errors import LinkError, need_count
from qstack.link.service.channel import Channel
from qstack.link.service.facts import LinkFacts, Objection, malformed, unsupported, without_memory
from qstack.link.service.messages import Accept, Add, End, Frame, Hello, Message, Place, Report, State
from qstack.link.service.pairs import Pair
from qstack.link.service.physical import Generate, Herald, Stop
from qstack.link.service.queue import Entry, Queue
from qstack.link.service.requests import (
    Create,
    Created,
    Direction,
    Done,
    Error,
    ErrorCode,
    Ok,
    PairId,
    Release,
    Request,
    RequestId,
)
from qstack.link.service.settings import Settings


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing but time has passed."""


Event = Create | Release | Herald | Frame | Wake
"""What a machine is told: from above, from the physical layer, from the peer, or that time has passed."""

Action = Created | Ok | Done | Error | Generate | Stop | Frame
"""What it wants done: a `Frame` goes to the peer, `Generate` and `Stop` to the physical layer, the rest above."""


class LinkMachine:
    """One end of a link's service.

    Args:
        node_id: this node.
        peer_id: the node at the other end.
        facts: what the link can do.
        epoch: 1 or more, and above every one this node has had: the time of its start in milliseconds, for instance.
            It grows by one whenever the machine gives up on a silent peer.
        settings: how patient and how roomy this end is.

    Raises:
        LinkError: a node is linked to itself, or the epoch is below 1.
    """

    def __init__(
        self, node_id: str, peer_id: str, facts: LinkFacts, epoch: int, settings: Settings | None = None
    ) -> None:
        if node_id == peer_id:
            raise LinkError(f"{node_id} is linked to itself; give two nodes")
        need_count("epoch", epoch)
        self.node_id = node_id
        self.peer_id = peer_id
        self.leads = node_id < peer_id
        self.facts = facts
        self.settings = settings or Settings()
        self.queue = Queue(self.settings.weights)
        self._channel = Channel(epoch, self.settings.retry_s, self.settings.retries)
        self._create_id = 0
        self._heard = -1
        self._pairs: dict[int, Pair] = {}
        self._there: set[int] = set()
        self._attempt: Generate | None = None
        self._actions: list[Action] = []
        self._now_s = -math.inf

    @property
    def epoch(self) -> int:
        """This end's life."""
        return self._channel.epoch

    @property
    def free_slots(self) -> frozenset[int]:
        """The memory slots that hold no qubit of a pair."""
        return frozenset(range(self.facts.slots)) - {p.slot for p in self._pairs.values() if p.slot is not None}

    @property
    def free_peer_slots(self) -> int:
        """How many slots the peer has free, as far as is known here."""
        return self.facts.peer_slots - len(self._there)

    @property
    def wake_s(self) -> float:
        """When to call `handle` with `Wake` if nothing happens before: at once (-inf), as a new machine, or never."""
        deadlines = (entry.request.deadline_s for entry in self.queue if self.leads)
        cutoffs = (self._cutoff_s(pair) for pair in self._pairs.values())
        return min(self._channel.due_s, min(deadlines, default=math.inf), min(cutoffs, default=math.inf))

    def handle(self, event: Event, now_s: float) -> tuple[Action, ...]:
        """What to do about an event. Times never run backwards.

        Raises:
            LinkError: the physical layer has measured a qubit it had to keep, or kept one it had to measure.
        """
        self._now_s = now_s
        self._actions = []
        self._watch_clock()
        match event:
            case Create():
                self._create(event)
            case Release():
                self._release(event.pair_id)
            case Herald():
                self._herald(event)
            case Frame():
                self._frame(event)
            case Wake():
                pass
        self._pairs = {number: pair for number, pair in self._pairs.items() if not pair.over}
        self._aim()
        if frame := self._channel.flush(now_s):
            self._actions.append(frame)
        return tuple(self._actions)

    def _watch_clock(self) -> None:
        if self._channel.silent(self._now_s) and (self.queue or self._pairs):
            self._channel = Channel(self.epoch + 1, self.settings.retry_s, self.settings.retries)
            self._forget(f"{self.peer_id} does not answer")
        for entry in self.queue:
            if self.leads and entry.request.deadline_s <= self._now_s:
                why = f"{entry.settled} of {entry.create.number} pairs were made in {entry.create.max_time_s} s"
                self._decide(entry, ErrorCode.TIMEOUT, why)
        for pair in list(self._pairs.values()):
            if self._cutoff_s(pair) <= self._now_s:
                self._cut_off(pair)

    def _create(self, create: Create) -> None:
        request = Request(RequestId(self.node_id, self.epoch, self._create_id), create, self._now_s)
        self._create_id += 1
        self._actions.append(Created(request.id.create_id))
        match malformed(create, self.peer_id) or self._admit(request, Direction.LOCAL):
            case Place() as place:
                self._channel.send(Add(request, place if self.leads else None))
            case Objection(code, why):
                self._fail(request.id, code, why)

    def _admit(self, request: Request, direction: Direction, place: Place | None = None) -> Place | Objection:
        """Put a request into the queue, there if the leader has said so, or say why not."""
        create = request.create
        option = self.facts.option_for(create)
        if option is None:
            why = f"fidelity {create.minimum_fidelity} is asked, {self.facts.best_fidelity} is the best there is"
            return Objection(ErrorCode.UNSUPP, why)
        if objection := unsupported(create, option, self.facts.cutoff_s) or without_memory(
            create, direction, self.facts
        ):
            return objection
        if max(len(self.queue), self._channel.backlog) >= self.settings.queue_limit:
            return Objection(ErrorCode.OTHER, f"{self.settings.queue_limit} requests are waiting at {self.node_id}")
        left_s = request.deadline_s - self._now_s
        if left_s <= 0:
            return Objection(ErrorCode.TIMEOUT, f"the request came to {self.node_id} {-left_s} s too late")
        wait_s = self.queue.wait_s(create, option)
        if wait_s > left_s:
            return Objection(ErrorCode.NOTIME, f"{wait_s:.3g} s are needed under the present load, {left_s:.3g} s left")
        place = place or self.queue.place(create)
        self.queue.put(Entry(request, place.turn, option, direction, ready=direction is Direction.REMOTE), place)
        return place

    def _release(self, pair_id: PairId) -> None:
        pair = self._pairs.get(pair_id.sequence_number)
        if pair and pair.ok.pair_id == pair_id and pair.delivered and pair.slot is not None:
            self._tell(pair.number, State.FREED)
            pair.slot = None

    def _herald(self, herald: Herald) -> None:
        attempt, entry = self._attempt, self.queue.get(herald.request)
        stale = herald.sequence_number <= self._heard
        self._heard = max(self._heard, herald.sequence_number)
        if entry is None or attempt is None or attempt.request != herald.request:
            return
        self._attempt = None
        if stale:
            return
        if (herald.outcome is None) != entry.stores_here:
            raise LinkError(f"{herald} should {'not ' * entry.stores_here}bring an outcome; do as {attempt} says")
        pair = self._pair(herald, entry, attempt.slot)
        self._pairs[pair.number] = pair
        if entry.stores_there:
            self._there.add(pair.number)
        self.queue.count(entry)
        self._tell(pair.number, State.GOT)
        if not entry.create.atomic:
            self._deliver(pair)

    def _pair(self, herald: Herald, entry: Entry, slot: int | None) -> Pair:
        epochs = (self.epoch, self._channel.peer_epoch)
        ok = Ok(
            pair_id=PairId(self.facts.link_id, epochs if self.leads else epochs[::-1], herald.sequence_number),
            create_id=entry.request.id.create_id,
            directionality=entry.direction,
            purpose_id=entry.create.purpose_id,
            remote_node_id=self.peer_id,
            goodness=entry.option.fidelity,
            time_of_goodness_s=self._now_s,
            bell_state=herald.bell_state,
            logical_qubit_id=slot,
            measurement_outcome=herald.outcome,
            measurement_basis=herald.basis,
        )
        return Pair(entry.request.id, ok, entry.stores_here or entry.stores_there, slot)

    def _frame(self, frame: Frame) -> None:
        received = self._channel.receive(frame, self._now_s)
        if received.restarted:
            self._forget(f"{self.peer_id} has restarted")
        for message in received.messages:
            self._message(message)

    def _message(self, message: Message) -> None:
        match message:
            case Hello():
                pass
            case Add():
                self._add(message)
            case Accept(request, place):
                if entry := self.queue.get(request):
                    entry.ready = True
                    if place:
                        self.queue.put(entry, place)
            case End(request, code, why, account):
                if entry := self.queue.get(request):
                    self.queue.remove(entry, account)
                    self._finish(entry.request.id, code, why)
            case Report(number, State.GOT):
                self._got(number)
            case Report(number, State.FREED):
                self._there.discard(number)
            case Report(number, State.EXPIRED):
                self._there.discard(number)
                if pair := self._pairs.get(number):
                    self._lose(pair, f"{self.peer_id} does not have it, or no longer")

    def _add(self, message: Add) -> None:
        request = message.request
        admitted = malformed(request.create, self.node_id)
        if not (admitted or self.settings.accepts(request.create)):
            admitted = Objection(ErrorCode.REJECTED, f"{self.node_id} refuses purpose {request.create.purpose_id}")
        match admitted or self._admit(request, Direction.REMOTE, message.place):
            case Place() as place:
                self._channel.send(Accept(request.id, place if self.leads else None))
            case Objection(code, why):
                self._channel.send(End(request.id, code, why))

    def _got(self, number: int) -> None:
        pair = self._pairs.get(number)
        if pair is None:
            self._heard = max(self._heard, number)
            self._tell(number, State.EXPIRED)
            return
        pair.settled = True
        if entry := self.queue.get(pair.request):
            entry.settled += 1
            if self.leads and entry.settled == entry.create.number:
                self._decide(entry)

    def _decide(self, entry: Entry, code: ErrorCode | None = None, why: str = "") -> None:
        """End a request, as the leader."""
        account = self.queue.remove(entry)
        self._channel.send(End(entry.request.id, code, why, account))
        self._finish(entry.request.id, code, why)

    def _finish(self, request: RequestId, code: ErrorCode | None, why: str) -> None:
        for pair in [pair for pair in self._pairs.values() if pair.request == request and not pair.delivered]:
            if code is None:
                self._deliver(pair)
            else:
                self._drop(pair)
        if code is None:
            self._actions.append(Done(create_id=request.create_id, origin_node_id=request.node_id))
        else:
            self._fail(request, code, why)

    def _fail(self, request: RequestId, code: ErrorCode, why: str) -> None:
        error = Error(code=code, why=why, create_id=request.create_id, origin_node_id=request.node_id)
        self._actions.append(error)

    def _deliver(self, pair: Pair) -> None:
        pair.delivered = True
        self._actions.append(pair.ok)

    def _cutoff_s(self, pair: Pair) -> float:
        """When this end lets a pair expire: its own qubit's time, or as the leader that of a pair held back."""
        expires = pair.slot is not None if pair.delivered else pair.ages and self.leads
        return pair.ok.time_of_goodness_s + self.facts.cutoff_s if expires else math.inf

    def _cut_off(self, pair: Pair) -> None:
        self._tell(pair.number, State.EXPIRED)
        self._there.discard(pair.number)
        if pair.delivered:
            self._actions.append(pair.expiry(f"it is older than {self.facts.cutoff_s} s"))
            pair.expired = True
            pair.slot = None
        else:
            self._lose(pair, "")

    def _lose(self, pair: Pair, why: str) -> None:
        """Give up a pair for good, and make it again if its request does not count it."""
        self._drop(pair)
        entry = self.queue.get(pair.request)
        if entry and not pair.counts:
            entry.made -= 1
            entry.settled -= pair.settled
        if pair.delivered and not pair.expired:
            self._actions.append(pair.expiry(why))

    def _drop(self, pair: Pair) -> None:
        del self._pairs[pair.number]
        self._there.discard(pair.number)

    def _forget(self, why: str) -> None:
        """Begin anew, with a peer that may know nothing of what was."""
        for pair in self._pairs.values():
            if pair.delivered and not pair.expired:
                self._actions.append(pair.expiry(why))
        self._pairs.clear()
        self._there.clear()
        for entry in self.queue:
            self.queue.remove(entry)
            self._fail(entry.request.id, ErrorCode.OTHER, why)

    def _tell(self, number: int, state: State) -> None:
        self._channel.send(Report(number, state))

    def _aim(self) -> None:
        """Have the physical layer attempt for whose turn it is."""
        free = self.free_slots
        unsettled = sum(not pair.settled for pair in self._pairs.values())
        settles = unsettled < self.settings.unsettled_limit
        entry = self.queue.next(len(free), self.free_peer_slots) if settles else None
        wanted = self._generate(entry, free) if entry else None
        if wanted != self._attempt:
            self._actions.append(wanted or Stop())
        self._attempt = wanted

    def _generate(self, entry: Entry, free: frozenset[int]) -> Generate:
        attempt = self._attempt
        if attempt and attempt.request == entry.request.id:
            return attempt
        slot = min(free) if entry.stores_here else None
        return Generate(entry.request.id, entry.option, slot, entry.create.bases_of(entry.direction))
