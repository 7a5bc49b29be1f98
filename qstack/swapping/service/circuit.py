"""What every node of a circuit has to know alike before a request can start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from qstack.errors import InputError
from qstack.swapping.plan import Plan


class CircuitError(InputError):
    """A circuit is put together wrongly, or is asked for what it cannot do."""


@dataclass(frozen=True, slots=True)
class PairId:
    """Names an end-to-end pair for ever, and the same at both ends.

    Attributes:
        circuit_id: the circuit that made it.
        number: counts the pairs of the circuit, over all its requests.
    """

    circuit_id: str
    number: int


@dataclass(frozen=True)
class Circuit:
    """A path with a plan, installed at every node of the path.

    Attributes:
        circuit_id: its name; never used again, not even after the circuit is gone.
        path: node names from one end to the other. The first is the head, which starts requests.
        plan: how each end-to-end pair is made.
        flight_s: flight time of a classical message along each hop.
    """

    circuit_id: str
    path: tuple[str, ...]
    plan: Plan
    flight_s: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse circuits whose parts do not fit.

        Raises:
            CircuitError: numbers do not fit, a name comes twice, a time is negative, or the plan is for another path.
        """
        hops = len(self.path) - 1
        if not len(self.flight_s) == hops >= 1:
            raise CircuitError(
                f"{len(self.path)} nodes and {len(self.flight_s)} flight times; give two or more nodes, a time per hop"
            )
        if len(set(self.path)) < len(self.path):
            raise CircuitError(f"path {' - '.join(self.path)}: a node comes twice")
        if not all(0 <= each_s < math.inf for each_s in self.flight_s):
            raise CircuitError(f"flight times {self.flight_s}; give 0 or more seconds for each hop")
        if (self.plan.first, self.plan.last) != (0, hops):
            raise CircuitError(
                f"the plan leads from node {self.plan.first} to {self.plan.last}, the path from 0 to {hops}"
            )

    @cached_property
    def _at_s(self) -> tuple[float, ...]:
        """How far each node is from the head."""
        at_s = [0.0]
        for flight_s in self.flight_s:
            at_s.append(at_s[-1] + flight_s)
        return tuple(at_s)

    def flight(self, one: int, other: int) -> float:
        """Flight time between two nodes of the path, in seconds."""
        return abs(self._at_s[one] - self._at_s[other])
