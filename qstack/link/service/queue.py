"""The queue of requests, equal at both ends, and whose turn it is: a function of the queue alone.

Priorities are strict. Within one, purposes share by self-clocked fair queueing (Golestani 1994): the next pair of a
purpose is due in virtual time `step` = 1 / weight after the one before it, and the earliest is next. The clock is the
latest due time reached; a purpose that joins starts there. Only the leader keeps clock and accounts; the follower
computes with those it is told. Requests of one purpose are served in the order in which the leader took them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from qstack.link.service.facts import Option
from qstack.link.service.messages import Account, Place
from qstack.link.service.requests import Create, Direction, Request, RequestId

Share = tuple[int, int]
"""What has an account: a purpose, in a priority."""


@dataclass(slots=True)
class Entry:
    """A request in the queue.

    Attributes:
        request: what was asked.
        turn: its turn among those of its purpose.
        option: how its pairs are made.
        direction: whether this end created it.
        ready: whether both ends have it.
        made: pairs this end has heard of and not lost.
        settled: those of them that the peer has heard of too.
    """

    request: Request
    turn: int
    option: Option
    direction: Direction
    ready: bool
    made: int = 0
    settled: int = 0

    @property
    def create(self) -> Create:
        """What was asked."""
        return self.request.create

    @property
    def remaining(self) -> int:
        """How many pairs are to be made."""
        return self.create.number - self.made

    @property
    def holds_the_line(self) -> bool:
        """Whether nothing else may be made before it ends; atomic ones hold it lest two of them wait for each other."""
        return self.made > 0 and (self.create.atomic or self.create.consecutive)

    @property
    def stores_here(self) -> bool:
        """Whether this end keeps its qubits."""
        return not self.create.bases_of(self.direction)

    @property
    def stores_there(self) -> bool:
        """Whether the peer keeps its qubits."""
        return not self.create.bases_of(self.direction.other)

    def fits(self, free_here: int, free_there: int) -> bool:
        """Whether both ends have the slots it needs to go on."""
        needed = self.remaining if self.create.atomic else 1
        return free_here >= needed * self.stores_here and free_there >= needed * self.stores_there


class Queue:
    """The requests that wait or are served at one end.

    Args:
        weights: share of the link per purpose, among those of one priority; 1 if not given.
    """

    def __init__(self, weights: Mapping[int, float]) -> None:
        self._weights = weights
        self._entries: dict[RequestId, Entry] = {}
        self._accounts: dict[Share, Account] = {}
        self._clock: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def get(self, request: RequestId) -> Entry | None:
        """The entry of that name, if it is here."""
        return self._entries.get(request)

    def place(self, create: Create) -> Place:
        """Where a new request stands: behind all others of its purpose."""
        return Place(max((entry.turn for entry in self), default=0) + 1, self._account(create))

    def put(self, entry: Entry, place: Place) -> None:
        """Put a request there, in the queue or within it."""
        entry.turn = place.turn
        self._entries[entry.request.id] = entry
        self._accounts[_share(entry.create)] = place.account

    def remove(self, entry: Entry, account: Account | None = None) -> Account | None:
        """Take a request out.

        Args:
            entry: which.
            account: what the leader says of its purpose from now on.

        Returns:
            That, or what is reckoned here; None if no request of its purpose is left.
        """
        del self._entries[entry.request.id]
        share = _share(entry.create)
        old = self._accounts.pop(share)
        if self._same(entry.create):
            self._accounts[share] = account or replace(old, start=old.start + entry.made * old.step)
        if not any(other.create.priority == entry.create.priority for other in self):
            self._clock.pop(entry.create.priority, None)
        return self._accounts.get(share)

    def count(self, entry: Entry) -> None:
        """One more pair is made for it."""
        entry.made += 1
        priority = entry.create.priority
        self._clock[priority] = max(self._clock.get(priority, 0.0), self.due(entry.create))

    def due(self, create: Create) -> float:
        """When the next pair of its purpose is due, in virtual time."""
        account = self._account(create)
        return account.start + account.step * sum(entry.made for entry in self._same(create))

    def next(self, free_here: int, free_there: int) -> Entry | None:
        """For whom the next attempt is.

        Who waits for memory lets those pass who need none, but nobody who would take it away.
        """
        due = {share: self.due(create) for share, create in {_share(e.create): e.create for e in self}.items()}
        ready = sorted(
            (entry for entry in self if entry.ready),
            key=lambda entry: (-entry.create.priority, due[_share(entry.create)], entry.turn),
        )
        line = [entry for entry in ready if entry.holds_the_line][:1] or ready
        memory = True
        for entry in line:
            if not entry.remaining:
                continue
            fits = entry.fits(free_here, free_there)
            if fits and (memory or not (entry.stores_here or entry.stores_there)):
                return entry
            memory &= fits
        return None

    def wait_s(self, create: Create, option: Option) -> float:
        """Mean time until a new request would have its last pair.

        Slots that are taken are left out, and so is what a cutoff destroys.
        """
        last = self._begin(create, math.inf) + (create.number - 1) * self._account(create).step
        before = sum(self._before(entry, create.priority, last) * entry.option.mean_time_s for entry in self)
        return before + create.number * option.mean_time_s

    def _before(self, entry: Entry, priority: int, last: float) -> int:
        """How many pairs an entry gets before one of that priority that is due at `last`."""
        if entry.holds_the_line or entry.create.priority > priority:
            return entry.remaining
        begin = self._begin(entry.create, entry.turn)
        if entry.create.priority < priority or begin > last:
            return 0
        return min(entry.remaining, int((last - begin) / self._account(entry.create).step) + 1)

    def _begin(self, create: Create, turn: float) -> float:
        """When the next pair of a request is due, after what its purpose waits for with earlier turns."""
        waiting = sum(entry.remaining for entry in self._same(create) if entry.turn < turn)
        return self.due(create) + waiting * self._account(create).step

    def _account(self, create: Create) -> Account:
        """That of its purpose, or a new one that joins now."""
        new = Account(self._clock.get(create.priority, 0.0), 1 / self._weights.get(create.purpose_id, 1.0))
        return self._accounts.get(_share(create), new)

    def _same(self, create: Create) -> list[Entry]:
        return [entry for entry in self if _share(entry.create) == _share(create)]


def _share(create: Create) -> Share:
    return create.priority, create.purpose_id
