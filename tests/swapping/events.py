"""A slow judge of plans: one pair at a time, event by event, with messages and timers, and states of its own.

It reads the JSON of a plan, makes every attempt of a link one by one, and moves qubits, messages and timers through a
queue. States are weights of the four Bell states; what gates do to them is worked out on density matrices. Nothing
here is taken from the sampler.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from qstack.swapping import Chain, Station
from tests.swapping import density

Noise = tuple[float, float, float]
Json = dict[str, Any]
XOR = np.array([[i ^ j for j in range(4)] for i in range(4)])


@dataclass
class Pair:
    """A pair between two nodes; `aged` says until when its left and its right qubit have decayed."""

    ends: list[int]
    weights: np.ndarray
    aged: list[float]


Done = Callable[[Pair], None]


class Task:
    """What is under way; once stopped, its events do nothing any more."""

    def __init__(self) -> None:
        self.alive = True
        self.below: list[Task] = []

    def stop(self) -> None:
        self.alive = False
        for task in self.below:
            task.stop()


class Judge:
    """Makes pairs by a plan on a chain, one after the other."""

    def __init__(self, chain: Chain, plan: Any, seed: int) -> None:
        self.chain = chain
        self.plan: Json = json.loads(plan.to_json())
        self.rng = np.random.default_rng(seed)
        self.now = 0.0
        self.queue: list[tuple[float, bool, int, Callable[[], None]]] = []
        self.number = itertools.count()

    def make(self) -> tuple[float, np.ndarray]:
        """How long the next pair takes, and its state when it is ready."""
        made: list[Pair] = []
        self.now, self.queue = 0.0, []
        self.start(self.plan, Task(), made.append)
        while not made:
            self.now, _, _, event = heapq.heappop(self.queue)
            event()
        return self.now, made[0].weights

    def after(self, wait: float, task: Task, event: Callable[[], None], timer: bool = False) -> None:
        """At the same moment timers come last; moments that differ by rounding are the same."""

        def if_alive() -> None:
            if task.alive:
                event()

        heapq.heappush(self.queue, (round(self.now + wait, 10), timer, next(self.number), if_alive))

    def flight(self, a: int, b: int) -> float:
        return sum(self.chain.flight_s[min(a, b) : max(a, b)])

    def age(self, pair: Pair, side: int) -> None:
        station = self.chain.stations[pair.ends[side]]
        pair.weights = convolved(pair.weights, relaxation(station, self.now - pair.aged[side]))
        pair.aged[side] = self.now

    def start(self, plan: Json, task: Task, done: Done) -> None:
        {"link": Link, "swap": Swap, "cutoff": Swap, "purify": Purify, "multiplex": Multiplex}[plan["op"]](
            self, plan, task, done
        )


class Link:
    def __init__(self, judge: Judge, plan: Json, task: Task, done: Done) -> None:
        hop = plan["hop"]
        model = judge.chain.links[hop]

        def attempt() -> None:
            judge.after(model.attempt_time_s, task, over)

        def over() -> None:
            if judge.rng.random() >= model.success_probability:
                attempt()
                return
            ready = [judge.now - stored for stored in model.stored_s]
            pair = Pair([hop, hop + 1], model.state, ready)
            judge.age(pair, 0)
            judge.age(pair, 1)
            done(pair)

        attempt()


class Swap:
    """With or without a cutoff. Parts are numbered from the left; measurement m lies between parts m and m + 1."""

    def __init__(self, judge: Judge, plan: Json, task: Task, done: Done) -> None:
        self.judge, self.task, self.done = judge, task, done
        self.age_s, self.scope = plan.get("age_s"), plan.get("scope")
        self.parts = plan["of"]["parts"] if plan["op"] == "cutoff" else plan["parts"]
        self.spans = [span(part) for part in self.parts]
        self.ends = self.spans[0][0], self.spans[-1][1]
        self.making: list[Task] = []
        self.measuring: list[Task] = []
        self.begin()

    def stop_all(self) -> None:
        for each in (*self.making, *self.measuring):
            each.stop()

    def begin(self) -> None:
        self.stop_all()
        count = len(self.parts)
        self.making = [Task() for _ in range(count)]
        self.ready: list[float | None] = [None] * count
        self.pair: list[Pair | None] = [None] * count
        self.outcome: list[bool | None] = [None] * (count - 1)
        self.heard: set[tuple[int, int]] = set()
        self.measuring = [Task() for _ in range(count - 1)]
        for p in range(count):
            self.begin_part(p)

    def begin_part(self, p: int) -> None:
        task = Task()
        self.making[p] = task
        self.task.below.append(task)
        self.judge.start(self.parts[p], task, lambda pair: self.part_ready(p, pair))

    def part_ready(self, p: int, pair: Pair) -> None:
        judge = self.judge
        self.pair[p], self.ready[p] = pair, judge.now
        for m in (p - 1, p):
            if 0 <= m < len(self.outcome) and self.ready[m] is not None and self.ready[m + 1] is not None:
                operation = judge.chain.stations[self.spans[m][1]].operation_time_s
                self.task.below.append(self.measuring[m])
                judge.after(operation, self.measuring[m], lambda m=m: self.measured(m))
        if self.scope == "circuit" and sum(each is not None for each in self.ready) == 1:
            judge.after(self.age_s, self.making[p], self.all_too_old, timer=True)
        if self.scope == "pair":
            judge.after(self.age_s, self.making[p], lambda: self.too_old(p), timer=True)

    def measured(self, m: int) -> None:
        judge, node = self.judge, self.spans[m][1]
        left, right = self.pair[m], self.pair[m + 1]
        judge.age(left, 1)
        judge.age(right, 0)
        station = judge.chain.stations[node]
        weights = np.einsum("i,j,ijk->k", left.weights, right.weights, swap_table(noise(station)))
        joined = Pair([left.ends[0], right.ends[1]], weights, [left.aged[0], right.aged[1]])
        self.pair = [joined if each is left or each is right else each for each in self.pair]
        self.outcome[m] = judge.rng.random() < station.swap_success
        for end in self.ends:
            judge.after(judge.flight(node, end), self.measuring[m], lambda end=end: self.told(m, end))

    def told(self, m: int, end: int) -> None:
        self.heard.add((m, end))
        if len(self.heard) < 2 * len(self.outcome):
            return
        if not all(self.outcome):
            self.begin()
            return
        pair = self.pair[0]
        self.judge.age(pair, 0)
        self.judge.age(pair, 1)
        self.done(pair)

    def all_too_old(self) -> None:
        """Decided when word of the first pair has crossed the nodes that measure, or at the cutoff if that is later."""
        if all(each is not None for each in self.ready):
            return
        nodes = [last for _, last in self.spans[:-1]]
        crossed = self.judge.flight(nodes[0], nodes[-1])
        far = max(0.0, crossed - self.age_s) + max(self.judge.flight(n, end) for n in nodes for end in self.ends)
        self.stop_all()
        self.judge.after(far, self.task, self.begin)

    def too_old(self, p: int) -> None:
        a = b = p
        while a > 0 and self.ready[a - 1] is not None:
            a -= 1
        while b < len(self.parts) - 1 and self.ready[b + 1] is not None:
            b += 1
        if b - a == len(self.parts) - 1:
            return
        for m in range(a, b):
            self.measuring[m].stop()
            self.measuring[m] = Task()
            self.heard -= {(m, end) for end in self.ends}
        far = self.judge.flight(self.spans[a][0], self.spans[b][1])
        for q in range(a, b + 1):
            self.making[q].stop()
            self.ready[q] = self.pair[q] = None
            self.judge.after(far, self.task, lambda q=q: self.begin_part(q))


class Purify:
    def __init__(self, judge: Judge, plan: Json, task: Task, done: Done) -> None:
        self.judge, self.plan, self.task = judge, plan, task
        self.first, self.last = span(plan)
        if plan["style"] == "pumped":
            self.rounds(plan["rounds"], self.fresh, done)
        else:
            self.nested(plan["rounds"], done)

    def fresh(self, done: Done) -> None:
        task = Task()
        self.task.below.append(task)
        self.judge.start(self.plan["of"], task, done)

    def nested(self, rounds: int, done: Done) -> None:
        if rounds == 0:
            self.fresh(done)
        else:
            self.rounds(1, lambda ready: self.nested(rounds - 1, ready), done)

    def rounds(self, number: int, make: Callable[[Done], None], done: Done) -> None:
        """Keep the first pair made and purify it so often with others; begin again when a round fails."""
        needed = 3 if self.plan["scheme"] == "double_selection" else 2

        def collect(pairs: list[Pair], left: int) -> None:
            if left == 0:
                done(pairs[0])
            elif len(pairs) < needed:
                make(lambda pair: collect([*pairs, pair], left))
            else:
                compare(pairs, left)

        def compare(pairs: list[Pair], left: int) -> None:
            judge = self.judge
            ends = [judge.chain.stations[node] for node in (self.first, self.last)]
            for pair in pairs:
                judge.age(pair, 0)
                judge.age(pair, 1)
            kept = purify_table(self.plan["scheme"], noise(ends[0]), noise(ends[1]))
            for pair in pairs:
                kept = np.tensordot(pair.weights, kept, 1)
            works = judge.rng.random() < kept.sum()
            pair = Pair([self.first, self.last], kept / kept.sum(), [judge.now, judge.now])
            wait = max(end.operation_time_s for end in ends) + judge.flight(self.first, self.last)
            judge.after(wait, self.task, lambda: over(pair if works else None, left))

        def over(pair: Pair | None, left: int) -> None:
            if pair is None:
                collect([], number)
                return
            self.judge.age(pair, 0)
            self.judge.age(pair, 1)
            collect([pair], left - 1)

        collect([], number)


class Multiplex:
    def __init__(self, judge: Judge, plan: Json, task: Task, done: Done) -> None:
        copies = [Task() for _ in range(plan["tries"])]

        first_node, last_node = span(plan)
        says_so = len(copies) > 1 and plan["of"]["op"] != "link"
        word_s = judge.flight(first_node, last_node) if says_so else 0.0

        def known(pair: Pair) -> None:
            judge.age(pair, 0)
            judge.age(pair, 1)
            done(pair)

        def first(pair: Pair) -> None:
            for copy in copies:
                copy.stop()
            judge.after(word_s, task, lambda: known(pair))

        for copy in copies:
            task.below.append(copy)
            judge.start(plan["of"], copy, first)


def span(plan: Json) -> tuple[int, int]:
    """The nodes at the two ends of a plan."""
    if plan["op"] == "link":
        return plan["hop"], plan["hop"] + 1
    parts = plan.get("parts") or [plan["of"]]
    return span(parts[0])[0], span(parts[-1])[1]


def noise(station: Station) -> Noise:
    return station.gate1_depolarizing, station.gate2_depolarizing, station.readout_error


def relaxation(station: Station, time: float) -> np.ndarray:
    """Probabilities of I, X, Z and Y (in the order of Bell states) of the twirled storage of one qubit."""
    flip = (1 - math.exp(-time / station.t1_s)) / 4
    phase = (1 - math.exp(-time / station.t2_s)) / 2 - flip
    return np.array([1 - 2 * flip - phase, flip, phase, flip])


def convolved(weights: np.ndarray, pauli: np.ndarray) -> np.ndarray:
    return np.array([sum(weights[i] * pauli[XOR[i, k]] for i in range(4)) for k in range(4)])


@cache
def swap_table(errors: Noise) -> np.ndarray:
    """Weights of the pair that a noisy Bell measurement leaves of two Bell states, shape (4, 4, 4)."""
    pure = [density.mixture(weights) for weights in np.eye(4)]
    return np.array([[density.weights_of(density.swapped(a, b, *errors)) for b in pure] for a in pure])


@cache
def purify_table(scheme: str, left: Noise, right: Noise) -> np.ndarray:
    """Weights of the pair kept, times the chance of success, for Bell states that go in: shape (4, ..., 4)."""
    ends = (left, right)
    prepare = density.made_werner if scheme == "bbpssw" else density.turned
    pure = [prepare(density.mixture(weights), ends) for weights in np.eye(4)]
    needed = 3 if scheme == "double_selection" else 2
    table = np.empty((4,) * (needed + 1))
    for states in itertools.product(range(4), repeat=needed):
        with np.errstate(invalid="ignore"):
            rho, chance = density.selected([pure[state] for state in states], ends)
        kept = density.weights_of(rho)
        if scheme == "bbpssw":
            kept = np.array([kept[0], *[(1 - kept[0]) / 3] * 3])
        table[states] = kept * chance if chance > 0 else 0.0
    return table
