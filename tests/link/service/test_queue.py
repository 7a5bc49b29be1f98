"""Whose turn it is."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qstack.link.service import Basis, Create, Direction, Kind, Option, RequestId
from qstack.link.service.queue import Entry, Queue
from qstack.link.service.requests import Request

OPTION = Option(0.9, 0.25, 1.0)
MEASURED = {"kind": Kind.MEASURE, "bases": (Basis.Z,), "peer_bases": (Basis.Z,)}


class Line:
    """A queue that is served by hand: requests are named by numbers, pairs never fail."""

    def __init__(self, weights: dict[int, float] | None = None) -> None:
        self.queue = Queue(weights or {})
        self.added = 0

    def add(self, number: int = 1, **wishes: Any) -> int:
        create = Create(remote_node_id="bob", number=number, **wishes)
        request = Request(RequestId("alice", 1, self.added), create, 0.0)
        place = self.queue.place(create)
        self.queue.put(Entry(request, place.turn, OPTION, Direction.LOCAL, ready=True), place)
        self.added += 1
        return self.added - 1

    def entry(self, create_id: int) -> Entry:
        entry = self.queue.get(RequestId("alice", 1, create_id))
        assert entry is not None
        return entry

    def turn(self, here: int = 9, there: int = 9) -> int | None:
        entry = self.queue.next(here, there)
        return None if entry is None else entry.request.id.create_id

    def serve(self, pairs: int) -> list[int]:
        """For whom the next pairs are; who has all its pairs leaves."""
        served = []
        for _ in range(pairs):
            entry = self.queue.next(9, 9)
            assert entry is not None
            served.append(entry.request.id.create_id)
            self.queue.count(entry)
            if not entry.remaining:
                self.queue.remove(entry)
        return served


def test_higher_priorities_go_first_and_what_is_not_ready_waits() -> None:
    line = Line()
    low, high, higher = (line.add(2, priority=priority) for priority in (-1, 0, 5))
    line.entry(higher).ready = False
    assert line.serve(1) == [high]
    line.entry(higher).ready = True
    assert line.serve(5) == [higher, higher, high, low, low]
    assert line.turn() is None


def test_one_purpose_is_served_in_the_order_of_asking() -> None:
    line = Line()
    asked = [line.add(2) for _ in range(4)]
    assert line.serve(8) == [create_id for create_id in asked for _ in range(2)]


@given(st.dictionaries(st.integers(0, 5), st.sampled_from((0.5, 1.0, 2.0, 3.0)), min_size=1), st.integers(1, 60))
def test_purposes_share_by_weight_at_every_moment(weights: dict[int, float], pairs: int) -> None:
    """No purpose is ever more than one pair of its own ahead."""
    line = Line(weights)
    purposes = {line.add(1000, purpose_id=purpose): purpose for purpose in weights}
    served = Counter(purposes[create_id] for create_id in line.serve(pairs))
    turns = [served[purpose] / weight for purpose, weight in weights.items()]
    assert max(turns) - min(turns) <= max(1 / weight for weight in weights.values()) + 1e-9


def test_shares_of_weights_one_and_three_are_exact() -> None:
    line = Line({7: 3.0})
    one, three = line.add(1000, purpose_id=1), line.add(1000, purpose_id=7)
    assert Counter(line.serve(400)) == {one: 100, three: 300}


def test_many_small_requests_get_no_more_than_one_large_one() -> None:
    line = Line()
    large = line.add(1000, purpose_id=1)
    served: Counter[bool] = Counter()
    for _ in range(10):
        line.add(10, purpose_id=2)
    for _ in range(60):
        (create_id,) = line.serve(1)
        served[create_id == large] += 1
    assert served == {True: 30, False: 30}


def test_who_asks_for_one_pair_at_a_time_starves_nobody() -> None:
    line = Line()
    large = line.add(1000, purpose_id=1)
    line.add(1, purpose_id=2)
    served: Counter[bool] = Counter()
    for _ in range(100):
        (create_id,) = line.serve(1)
        served[create_id == large] += 1
        if create_id != large:
            line.add(1, purpose_id=2)
    assert abs(served[True] - 50) <= 1


def test_who_comes_late_has_no_claim_to_the_past() -> None:
    line = Line()
    early = line.add(1000, purpose_id=1)
    line.serve(500)
    late = line.add(1000, purpose_id=2)
    served = Counter(line.serve(100))
    assert abs(served[early] - served[late]) <= 1


def test_a_request_that_ends_early_costs_its_purpose_what_it_got() -> None:
    line = Line()
    other = line.add(1000, purpose_id=1)
    early = line.add(1000, purpose_id=2)
    next_one = line.add(1000, purpose_id=2)
    line.serve(100)
    line.queue.remove(line.entry(early))
    served = Counter(line.serve(100))
    assert abs(served[other] - served[next_one]) <= 1


def test_the_leader_says_what_a_purpose_has_had() -> None:
    """Two ends that differ by a pair at the end of a request, or at its beginning, agree again."""
    leader, follower = Line(), Line()
    for line in (leader, follower):
        line.add(5, purpose_id=1)
        line.add(5, purpose_id=1)
        line.add(5, purpose_id=2)
    leader.serve(3)
    follower.serve(1)
    said = leader.queue.remove(leader.entry(0))
    assert said is not None
    assert follower.queue.remove(follower.entry(0), said) == said
    assert leader.queue.due(leader.entry(1).create) == follower.queue.due(follower.entry(1).create) == 2.0
    assert leader.queue.remove(leader.entry(1)) is None


def test_memory_lets_pass_within_a_purpose_too_and_it_counts() -> None:
    line = Line()
    line.add(5, purpose_id=1)
    other = line.add(5, purpose_id=2, **MEASURED)
    measure = line.add(5, purpose_id=1, **MEASURED)
    served = []
    for _ in range(4):
        turn = line.turn(here=0)
        assert turn is not None
        served.append(turn)
        line.queue.count(line.entry(turn))
    assert sorted(served) == [other, other, measure, measure]


def test_consecutive_pairs_hold_the_line_even_against_higher_priorities() -> None:
    line = Line()
    plain, block = line.add(9, purpose_id=1), line.add(3, purpose_id=2, consecutive=True)
    first = line.serve(3)
    assert block in first
    begun = line.entry(block)
    high = line.add(1, priority=1)
    while begun.remaining:
        assert line.turn() == block
        line.queue.count(begun)
    # All are made, not all are settled: one may have to be made again, so nobody else may go on yet.
    assert line.turn() is None
    line.queue.remove(begun)
    assert line.serve(2) == [high, plain]


def test_who_waits_for_memory_lets_pass_who_needs_none() -> None:
    line = Line()
    keep = line.add(purpose_id=1)
    line.add(purpose_id=2)
    measure = line.add(purpose_id=3, **MEASURED)
    assert line.turn() == keep
    assert line.turn(here=0) == line.turn(there=0) == measure
    line.queue.remove(line.entry(measure))
    assert line.turn(here=0) is None
    prepare = line.add(priority=2, kind=Kind.PREPARE, bases=(Basis.Z,))
    assert line.turn(here=0) == prepare
    assert line.turn(there=0) is None


def test_nobody_takes_the_slots_that_an_atomic_request_waits_for() -> None:
    line = Line()
    atomic = line.add(3, priority=1, atomic=True)
    line.add(1)
    measure = line.add(1, **MEASURED)
    assert line.turn(here=2) == measure
    assert line.turn(there=2) == measure
    assert line.turn(here=3, there=3) == atomic
    line.queue.count(line.entry(atomic))
    assert line.turn(here=2, there=2) == atomic


def test_two_atomic_requests_do_not_wait_for_each_other() -> None:
    line = Line()
    begun = line.add(2, atomic=True)
    line.queue.count(line.entry(begun))
    line.add(2, atomic=True, priority=1)
    assert line.turn(here=1, there=1) == begun


def test_waiting_counts_only_what_goes_before() -> None:
    line = Line()
    mean_s = OPTION.mean_time_s
    line.add(10, purpose_id=1)
    line.add(6, purpose_id=1, priority=1)
    line.add(50, purpose_id=1, priority=-1)

    def wait_s(number: int, **wishes: Any) -> float:
        create = Create(remote_node_id="bob", number=number, **wishes)
        return line.queue.wait_s(create, OPTION) / mean_s

    assert mean_s == 4.0
    assert wait_s(2, purpose_id=1) == 6 + 10 + 2
    assert wait_s(2, purpose_id=1, priority=1) == 6 + 2
    assert wait_s(2, purpose_id=1, priority=2) == 2
    # Another purpose shares from now on: two pairs of its own, two of the other one's ten.
    assert wait_s(2, purpose_id=2) == 6 + 2 + 2
    assert wait_s(30, purpose_id=2) == 6 + 10 + 30
    line.serve(6 + 4)
    assert wait_s(2, purpose_id=2) == 2 + 2


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 1)), min_size=1, max_size=8))
def test_the_expected_wait_is_what_serving_takes(requests: list[tuple[int, int, int]]) -> None:
    """Without later arrivals the last request is done after exactly the pairs it was told, within ties."""
    line = Line()
    for purpose, number, priority in requests:
        create = Create(remote_node_id="bob", number=number, purpose_id=purpose, priority=priority)
        expected = line.queue.wait_s(create, OPTION) / OPTION.mean_time_s
        last = line.add(number, purpose_id=purpose, priority=priority)
    served = line.serve(sum(number for _, number, _ in requests))
    took = max(index for index, create_id in enumerate(served) if create_id == last) + 1
    ties = len({purpose for purpose, _, priority in requests if priority == requests[-1][2]}) - 1
    assert expected - ties <= took <= expected
    assert math.isfinite(expected)
