"""Swaps whose pairs may not grow too old: what one node does for them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from qstack.swapping.plan import Cutoff
from qstack.swapping.service.messages import Expire, Hold, Join, Name, Pair, Report, Track
from qstack.swapping.service.swaps import Since, SwapTask
from qstack.swapping.service.tasks import Node, Parent

CLOCKS_S = 1e-9
"""Clocks of different nodes agree no better: a pair that is ready so little after a cutoff is ready in time."""


class CircuitCutoffTask(SwapTask):
    """A swap that begins again as a whole if not all its pairs are ready soon after the first of them.

    Every junction tells when it has the first of its two pairs. One that has not had both by `age_s` after the first of
    all pairs that it has heard of, says so then. All begin again when that word is everywhere, even if the junction had
    to hear of the first pair from the junction farthest away.
    """

    def __init__(self, node: Node, vertex: Cutoff, name: Name, parent: Parent) -> None:
        super().__init__(node, vertex.of, name, parent)
        self._age_s = vertex.age_s + CLOCKS_S
        heard_s = node.circuit.flight(self.edges[1], self.edges[-2])
        said_s = max(self.reach_s(j) for j in range(len(self.parts) - 1))
        self._pause_s = max(self._age_s, heard_s) + said_s
        self._forget()

    def _forget(self) -> None:
        self._first_s = math.inf
        self._expired = False

    def child_ready(self, pair: Pair) -> None:
        """See `Parent`."""
        super().child_ready(pair)
        if self.junction is not None and len(self.ready) == 1:
            self.node.tell(self, Hold(pair.name, self.node.now_s))

    def receive(self, report: Report) -> bool:
        """See `Task`."""
        if not isinstance(report, Hold | Expire):
            return super().receive(report)
        if self.lag(report.pair) == 0:
            self._expired |= isinstance(report, Expire)
            self._heard_of(report.since_s)
        return self.lag(report.pair) <= 0

    def _heard_of(self, since_s: float) -> None:
        """A pair was ready at that time."""
        self._first_s = min(self._first_s, since_s)
        self._review()

    def _review(self) -> None:
        """See whether all begin again, and whether this junction has been too late."""
        late_s, again_s = self._first_s + self._age_s, self._first_s + self._pause_s
        if self._expired and self.node.now_s >= again_s:
            self.again(range(len(self.parts)))
        elif self._expired:
            self.node.at(again_s, self, self._review)
        elif self.junction is not None and self.node.now_s < late_s:
            self.node.at(late_s, self, self._review)
        elif self.junction is not None and self._ready_s() > late_s:
            self.node.tell(self, Expire(self.named(self.junction), self._first_s))

    def _ready_s(self) -> float:
        """When this junction had both its pairs."""
        return max(since_s for _, since_s in self.ready.values()) if len(self.ready) == 2 else math.inf

    def conclude(self, tracks: list[Track]) -> None:
        """See `SwapTask`; that all are measured does not mean that all were in time."""
        since_s = [each for track in tracks for each in track.since_s]
        self._expired |= max(since_s) > min(since_s) + self._age_s
        if self._expired:
            self._heard_of(min(since_s))
        else:
            super().conclude(tracks)

    def again(self, parts: Collection[int]) -> None:
        """See `SwapTask`."""
        self._forget()
        super().again(parts)


class PairCutoffTask(SwapTask):
    """A swap whose parts begin again singly when their pairs are too old, together with those they are joined to.

    Every junction tells when it starts to measure, and so all learn of *runs*: pairs that are joined and share their
    fate. A pair that waits at a junction is as old as the oldest of its run. If it is too old, the junction gives it up
    and says so; the parts of the run begin again when that word has gone from end to end of the run. A junction that
    has not heard of it yet may still join the run to one pair more, which is lost as well.
    """

    def __init__(self, node: Node, vertex: Cutoff, name: Name, parent: Parent) -> None:
        super().__init__(node, vertex.of, name, parent)
        self._age_s = vertex.age_s + CLOCKS_S
        self._joins: dict[int, Join] = {}
        self._expired: dict[int, float] = {}

    def child_ready(self, pair: Pair) -> None:
        """See `Parent`."""
        super().child_ready(pair)
        self._review()

    def use(self) -> None:
        """See `SwapTask`; what is given up is not joined."""
        if not self._expired.keys() & self.ready.keys():
            super().use()

    def joining(self, left: Pair, right: Pair, since_s: Since) -> None:
        """See `SwapTask`."""
        self.node.tell(self, Join(left.name, right.name, since_s, self.node.now_s))

    def receive(self, report: Report) -> bool:
        """See `Task`."""
        match report:
            case Join(left, right):
                lags = self.lag(left), self.lag(right)
                if max(lags) == 0:
                    self._joins[left[-2]] = report
            case Expire(pair):
                lags = (self.lag(pair),) * 2
                if max(lags) == 0:
                    self._expired[pair[-2]] = report.since_s + self._age_s
            case _:
                return super().receive(report)
        self._review()
        return max(lags) <= 0

    def _runs(self) -> Iterator[range]:
        """Parts whose pairs are joined."""
        first = 0
        for part in range(len(self.parts)):
            join = self._joins.get(part)
            if join is None or not self.lag(join.left) == self.lag(join.right) == 0:
                yield range(first, part + 1)
                first = part + 1

    def _review(self) -> None:
        """See which runs are given up, and whether this junction gives one up now."""
        for junction, join in list(self._joins.items()):
            left_gone, right_gone = self.lag(join.left) < 0, self.lag(join.right) < 0
            if left_gone and right_gone:
                del self._joins[junction]
            elif left_gone or right_gone:
                self._expired.setdefault(junction + left_gone, join.joined_s)
        for run in list(self._runs()):
            given_up_s = min((self._expired[part] for part in run if part in self._expired), default=None)
            if given_up_s is not None:
                self._give_up(run, given_up_s)
            elif self._too_old(run):
                return

    def _give_up(self, run: range, given_up_s: float) -> None:
        self._expired |= dict.fromkeys(run, given_up_s)
        again_s = given_up_s + self.node.circuit.flight(self.edges[run.start], self.edges[run.stop])
        if self.node.now_s < again_s:
            self.node.at(again_s, self, self._review)
        else:
            self.again(run)

    def _too_old(self, run: range) -> bool:
        """Whether a pair of the run waits here and has just been given up."""
        waiting = next((part for part in run if part in self.ready and part not in self.used), None)
        if self.junction is None or waiting is None:
            return False
        joins = [self._joins[junction] for junction in run[:-1]]
        since_s = min(self.ready[waiting][1], *(each for join in joins for each in join.since_s), math.inf)
        if self.node.now_s < since_s + self._age_s:
            self.node.at(since_s + self._age_s, self, self._review)
            return False
        self.node.tell(self, Expire(self.named(waiting), since_s))
        return True

    def again(self, parts: Collection[int]) -> None:
        """See `SwapTask`."""
        for part in parts:
            self._expired.pop(part, None)
        super().again(parts)
