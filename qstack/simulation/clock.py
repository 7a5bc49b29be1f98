"""The clock of a simulation: calls in the order of their times, and among equal times in the order they were made."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Clock:
    """Virtual time.

    Attributes:
        now_s: what time it is.
    """

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0

    def at(self, time_s: float, call: Callable[[], None]) -> None:
        """Call when that time has come."""
        self._made += 1
        heapq.heappush(self._calls, (time_s, self._made, call))

    def run(self) -> None:
        """Go on until nothing is left to do."""
        while self._calls:
            self.now_s, _, call = heapq.heappop(self._calls)
            call()
