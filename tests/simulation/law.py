"""When a pair of a plan is ready, by the words of the plan alone: an independent reference without machines.

Every link pair takes as long as `took_s` says for its hop and its start, every swap and every purification succeeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, Purify

PAIRS = {"dejmps": 2, "bbpssw": 2, "double_selection": 3}
MOST_ROUNDS = 60
CLOCKS_S = 1e-9
"""Machines give up so much later than the plan says."""


class Hopeless(Exception):
    """The cutoff is never met."""


@dataclass(frozen=True)
class Law:
    took_s: Callable[[int, float], float]
    flight_s: Sequence[float]
    operation_s: Sequence[float]

    def flight(self, one: int, other: int) -> float:
        return sum(self.flight_s[min(one, other) : max(one, other)])

    def ready(self, plan: Plan, start_s: float) -> float:
        match plan:
            case LinkPair(hop=hop):
                return start_s + self.took_s(hop, start_s)
            case Cutoff(scope="circuit"):
                return self.circuit(plan, start_s)
            case Cutoff():
                return self.singly(plan, start_s)
            case Purify(style="nested"):
                return self.nested(plan, plan.rounds, start_s)
            case Purify():
                return self.pumped(plan, start_s)
            case Multiplex():
                needs_word = plan.tries > 1 and not isinstance(plan.of, LinkPair)
                return self.ready(plan.of, start_s) + needs_word * self.flight(plan.first, plan.last)
        return self.joined(plan, [self.ready(part, start_s) for part in plan.children])

    def joined(self, swap: Plan, ready_s: Sequence[float]) -> float:
        known_s = 0.0
        for k, part in enumerate(swap.children[:-1]):
            node = part.last
            farther = max(self.flight(node, swap.first), self.flight(node, swap.last))
            known_s = max(known_s, max(ready_s[k : k + 2]) + self.operation_s[node] + farther)
        return known_s

    def circuit(self, plan: Cutoff, start_s: float) -> float:
        junctions = [part.last for part in plan.of.parts[:-1]]
        age_s = plan.age_s + CLOCKS_S
        for _ in range(MOST_ROUNDS):
            ready_s = [self.ready(part, start_s) for part in plan.of.parts]
            if max(ready_s) <= min(ready_s) + age_s:
                return self.joined(plan.of, ready_s)
            heard_s = self.flight(junctions[0], junctions[-1])
            said_s = max(self.flight(node, end) for node in junctions for end in (plan.first, plan.last))
            start_s = min(ready_s) + max(age_s, heard_s) + said_s
        raise Hopeless

    def singly(self, plan: Cutoff, start_s: float) -> float:
        parts = plan.of.parts
        ready_s = [self.ready(part, start_s) for part in parts]
        for _ in range(MOST_ROUNDS):
            limit_s = min(ready_s) + plan.age_s + CLOCKS_S
            oldest = ready_s.index(min(ready_s))
            run = [oldest]
            while run[0] > 0 and ready_s[run[0] - 1] <= limit_s:
                run.insert(0, run[0] - 1)
            while run[-1] < len(parts) - 1 and ready_s[run[-1] + 1] <= limit_s:
                run.append(run[-1] + 1)
            if len(run) == len(parts):
                return self.joined(plan.of, ready_s)
            again_s = limit_s + self.flight(parts[run[0]].first, parts[run[-1]].last)
            for part in run:
                ready_s[part] = self.ready(parts[part], again_s)
        raise Hopeless

    def compare_s(self, plan: Purify) -> float:
        ends = plan.first, plan.last
        return max(self.operation_s[end] for end in ends) + self.flight(*ends)

    def nested(self, plan: Purify, rounds: int, start_s: float) -> float:
        if rounds == 0:
            return self.ready(plan.of, start_s)
        for _ in range(PAIRS[plan.scheme]):
            start_s = self.nested(plan, rounds - 1, start_s)
        return start_s + self.compare_s(plan)

    def pumped(self, plan: Purify, start_s: float) -> float:
        start_s = self.ready(plan.of, start_s)
        for _ in range(plan.rounds):
            for _ in range(PAIRS[plan.scheme] - 1):
                start_s = self.ready(plan.of, start_s)
            start_s += self.compare_s(plan)
        return start_s


def waves(hop: int, start_s: float) -> float:
    """Between a half and two and a half milliseconds; equal starts take equally long, near ones nearly so."""
    return 1e-3 * (1.5 + math.sin(7 * hop + 700 * start_s))
