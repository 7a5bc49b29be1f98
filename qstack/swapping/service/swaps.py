"""Swaps: what one node does to join the pairs of several parts.

A *junction* is a node between two parts, and goes by the number of the part on its left. It alone decides what becomes
of its two qubits, once for all, and tells the whole segment. So no conclusion from its word ever has to be withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial, reduce
from operator import xor

from qstack.swapping.plan import Swap
from qstack.swapping.service.messages import Name, Pair, Report, Track
from qstack.swapping.service.physical import Discard, MeasureBell, Measured
from qstack.swapping.service.tasks import Node, Parent, Task

Since = tuple[float, float]
"""When a junction had the pair on its left, and that on its right."""


class SwapTask(Task):
    """Parts joined by a Bell measurement at every junction, as soon as both its pairs are ready.

    When all outcomes are known at both ends, the pair is ready; or, if one has failed, all begins again.
    """

    def __init__(self, node: Node, vertex: Swap, name: Name, parent: Parent) -> None:
        super().__init__(node, vertex, name, parent)
        self.parts = vertex.parts
        self.edges = [vertex.first, *(part.last for part in vertex.parts)]
        self.mine = [p for p in range(len(self.parts)) if self.edges[p] <= node.here <= self.edges[p + 1]]
        self.junction = self.mine[0] if len(self.mine) == 2 else None
        self.ready: dict[int, tuple[Pair, float]] = {}
        self.used: set[int] = set()
        self.tracks: dict[int, Track] = {}
        self._tries = [0] * len(self.parts)
        self._children: dict[int, Task] = {}

    def start(self) -> None:
        """See `Task`."""
        self._begin(self.mine)

    def _begin(self, parts: Iterable[int]) -> None:
        for p in parts:
            self._children[p] = self.node.begin(self.parts[p], self.named(p), self)

    def named(self, part: int) -> Name:
        """The present pair of a part."""
        return (*self.name, part, self._tries[part])

    def lag(self, pair: Name) -> int:
        """How many tries of its part this node is behind that pair; negative if the pair is gone."""
        return pair[-1] - self._tries[pair[-2]]

    def expects(self, child: Name) -> bool:
        """See `Task`."""
        return self.lag(child) > 0

    def child_ready(self, pair: Pair) -> None:
        """See `Parent`."""
        part = pair.name[-2]
        del self._children[part]
        self.ready[part] = (pair, self.node.now_s)
        self.use()
        self._conclude()

    def use(self) -> None:
        """Join the two pairs here if both are ready."""
        j = self.junction
        if j is None or self.used or not self.ready.keys() >= {j, j + 1}:
            return
        (left, left_s), (right, right_s) = self.ready[j], self.ready[j + 1]
        self.used = {j, j + 1}
        self.joining(left, right, (left_s, right_s))
        action = MeasureBell(left.links[-1], right.links[0])
        self.node.measure(action, partial(self._measured, left, right, (left_s, right_s)))

    def joining(self, left: Pair, right: Pair, since_s: Since) -> None:
        """What to say when a measurement starts."""

    def _measured(self, left: Pair, right: Pair, since_s: Since, event: Measured) -> None:
        if not self.over and self.lag(left.name) == self.lag(right.name) == 0:
            track = Track(left, right, since_s, event.succeeded, event.bell_index, self.node.now_s)
            self.node.tell(self, track)

    def receive(self, report: Report) -> bool:
        """See `Task`."""
        if not isinstance(report, Track):
            return super().receive(report)
        lags = self.lag(report.left.name), self.lag(report.right.name)
        if lags == (0, 0):
            self.tracks[report.left.name[-2]] = report
            self._conclude()
        return max(lags) <= 0

    def reach_s(self, junction: int) -> float:
        """How long a junction's word needs to both ends of the segment."""
        here = self.edges[junction + 1]
        return max(self.node.circuit.flight(here, self.first), self.node.circuit.flight(here, self.last))

    def _conclude(self) -> None:
        """Conclude when all outcomes are known at both ends."""
        if len(self.tracks) < len(self.parts) - 1:
            return
        known_s = max(track.measured_s + self.reach_s(j) for j, track in self.tracks.items())
        if self.node.now_s < known_s:
            self.node.at(known_s, self, self._conclude)
        else:
            self.conclude([self.tracks[j] for j in sorted(self.tracks)])

    def conclude(self, tracks: list[Track]) -> None:
        """All has been measured: begin again, or go on, as soon as this node knows of its parts what others know."""
        if not all(track.succeeded for track in tracks):
            self.again(range(len(self.parts)))
        elif not self._children:
            pairs = [tracks[0].left, *(track.right for track in tracks)]
            index = reduce(xor, [pair.bell_index for pair in pairs] + [track.bell_index for track in tracks])
            self.finish(index, tuple(link for pair in pairs for link in pair.links))

    def again(self, parts: Collection[int]) -> None:
        """Begin these parts again from nothing."""
        for part in parts:
            self._drop(part)
            self._tries[part] += 1
        self.tracks = {j: t for j, t in self.tracks.items() if self.lag(t.left.name) == self.lag(t.right.name) == 0}
        self._begin(part for part in self.mine if part in parts)

    def _drop(self, part: int) -> None:
        if part in self._children:
            self._children.pop(part).stop()
        elif part in self.ready:
            (pair, _) = self.ready.pop(part)
            at_left, at_right = (self.node.here == self.edges[part + side] for side in (0, 1))
            if part not in self.used and (at_left or at_right):
                self.node.act(Discard(pair.links[0 if at_left else -1]))
        self.used.discard(part)

    def give_up(self) -> None:
        """See `Task`."""
        for part in self.mine:
            self._drop(part)
