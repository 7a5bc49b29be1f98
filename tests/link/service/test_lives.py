"""What becomes of pairs and requests when heralds are lost, qubits age and nodes crash."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain, repeat

import pytest

from qstack.link.service import Done, ErrorCode, Herald, LinkMachine, Option, Settings, Wake
from tests.link.service.judge import delivered, good_pairs, judge
from tests.link.service.world import MEASURED, PREPARED, SETTINGS, Node, Schedule, World

NEVER = 3
"""Index of the `HOLDS` of a qubit that is kept until it expires."""


def met(schedule: Schedule | None = None, settings: Settings | None = None) -> World:
    """A world of two ends that have heard of each other, at 10 s."""
    return World(schedule or Schedule(), settings).play(10.0)


def events(node: Node) -> list[str]:
    """What the layer above heard of pairs, in order."""
    return [
        f"{'expire' if hasattr(action, 'code') else 'ok'} {action.pair_id.sequence_number}"
        for *_, action in node.log
        if getattr(action, "pair_id", None)
    ]


@pytest.mark.parametrize("loser", ["alice", "bob"])
@pytest.mark.parametrize("wishes", [{}, MEASURED, PREPARED])
def test_a_pair_that_only_one_end_heard_of_is_taken_back_and_made_again(loser: str, wishes: dict) -> None:
    lost = [0, 1, 0] if loser == "alice" else [0, 0, 1]
    world = met(Schedule(heralds=[0, 0, 0, *lost]))
    world.create("alice", number=3, **wishes)
    world.play()
    winner = world.nodes[world.peer(loser)]
    assert events(world.nodes[loser]) == ["ok 1", "ok 3", "ok 4"]
    assert events(winner) == ["ok 1", "ok 2", "expire 2", "ok 3", "ok 4"]
    (error,) = winner.errors
    assert error.why == f"{loser} does not have it, or no longer"
    assert error.pair_id == winner.oks[1].pair_id
    judge(world)


def test_who_lost_a_herald_need_not_hear_another_one() -> None:
    world = met(Schedule(heralds=[0, 0, 1]))
    world.create("bob", number=1)
    world.play(15.0)
    assert events(world.alice) == ["ok 1"]
    world.dark_from_s = 15.0
    world.play()
    assert events(world.alice) == ["ok 1", "expire 1"]
    assert world.bob.oks == []
    world.light()
    judge(world.play())


def test_a_herald_that_comes_after_the_report_of_the_peer_is_too_late() -> None:
    world = met(Schedule(heralds=[0, 0, 3]))
    world.create("alice", number=1)
    world.play()
    assert events(world.alice) == ["ok 1", "expire 1", "ok 2"]
    assert events(world.bob) == ["ok 2"]
    judge(world)


def test_a_herald_heard_twice_is_one_pair() -> None:
    world = met(Schedule(heralds=[0, 2, 4, 0, 2, 2]))
    world.create("alice", number=4, **MEASURED)
    world.play()
    assert events(world.alice) == events(world.bob) == ["ok 1", "ok 2", "ok 3", "ok 4"]
    judge(world)


def test_a_herald_for_what_is_not_attempted_is_not_taken() -> None:
    world = met()
    world.create("alice", number=1)
    world.play(12.0)
    assert world.alice.run is not None
    request = world.alice.run.generate.request
    world.handle("alice", Herald(1, request._replace(create_id=7), (0, 0)))
    assert world.alice.oks == []
    world.sequence_number = 1
    judge(world.play())


def test_a_late_end_keeps_the_pairs_that_both_have() -> None:
    """Both heard the herald of the last pair, but the time is over before either knows of the other."""
    world = met(Schedule(attempts=[7]))
    world.create("alice", number=1, max_time_s=11.75)
    world.play(21.5)
    assert events(world.alice) == events(world.bob) == ["ok 1"]
    world.play()
    assert world.alice.codes == world.bob.codes == [ErrorCode.TIMEOUT]
    assert len(good_pairs(world)) == 1
    judge(world)


@pytest.mark.parametrize("skew_s", [-20.0, 20.0])
def test_the_clock_of_the_leader_counts(skew_s: float) -> None:
    """By bob's clock the time is over before the pair is made, or long after."""
    world = met(Schedule(attempts=[7], skew_s=skew_s))
    world.create("alice", max_time_s=30.0)
    world.play(20.5)
    assert world.bob.ended == []
    world.play()
    assert world.alice.ended == world.bob.ended == [Done(create_id=0, origin_node_id="alice")]
    judge(world)


def test_qubits_expire_at_both_ends_and_are_not_made_again() -> None:
    world = met(Schedule(holds=[NEVER] * 4, cutoff_s=8.0))
    world.create("alice", number=2)
    world.play()
    for node in world.nodes.values():
        assert events(node) == ["ok 1", "ok 2", "expire 1", "expire 2"]
        assert {error.why for error in node.errors} == {"it is older than 8.0 s"}
        times = {action.pair_id: time_s for time_s, _, _, action in node.log if hasattr(action, "code")}
        assert [times[ok.pair_id] - ok.time_of_goodness_s for ok in node.oks] == [8.0, 8.0]
        assert node.ended == [Done(create_id=0, origin_node_id="alice")]
    judge(world)


@pytest.mark.parametrize("late", ["alice", "bob"])
def test_who_heard_later_gives_up_a_qubit_with_the_other_end(late: str) -> None:
    """It hears of the pair four seconds later, and would keep it four seconds longer; the pair counts all the same."""
    fates = [3, 0] if late == "alice" else [0, 3]
    world = met(Schedule(holds=[NEVER] * 9, cutoff_s=8.0, heralds=[0, *fates], attempts=[0, 7]))
    world.create("alice", number=2)
    world.play(13.5)
    world.frames = chain([3], repeat(0))
    world.play()
    early = world.peer(late)
    assert [events(node) for node in world.nodes.values()] == [["ok 1", "expire 1", "ok 2", "expire 2"]] * 2
    assert world.nodes[early].errors[0].why == "it is older than 8.0 s"
    assert world.nodes[late].errors[0].why == f"{early} does not have it, or no longer"
    judge(world)


@pytest.mark.parametrize("early", ["alice", "bob"])
def test_a_pair_expires_once_even_if_the_other_end_never_had_it(early: str) -> None:
    """The report of it takes longer than its qubit lives."""
    fates = [0, 1] if early == "alice" else [1, 0]
    world = met(Schedule(holds=[NEVER] * 9, cutoff_s=8.0, heralds=[0, *fates]))
    world.create("alice")
    world.play(13.5)
    world.frames = chain([7] * 4, repeat(0))
    world.play()
    assert events(world.nodes[early]) == ["ok 1", "expire 1", "ok 2", "expire 2"]
    judge(world)


def test_a_used_qubit_does_not_expire_with_the_other_half() -> None:
    world = met(Schedule(holds=[0, NEVER], cutoff_s=8.0))
    world.create("alice", number=1)
    world.play()
    assert events(world.alice) == ["ok 1"]
    assert events(world.bob) == ["ok 1", "expire 1"]
    judge(world)


def test_a_qubit_that_was_used_before_its_other_half_was_missed_expires_all_the_same() -> None:
    world = met(Schedule(holds=[1], heralds=[0, 0, 1]))
    world.create("alice", number=1)
    world.play()
    assert events(world.alice) == ["ok 1", "expire 1", "ok 2"]
    judge(world)


def test_full_memories_wait_for_slots_and_others_pass() -> None:
    world = met(Schedule(slots=(1, 1), holds=[2] * 4))
    world.create("alice", number=2, purpose_id=1)
    world.create("alice", number=2, purpose_id=2, **MEASURED)
    world.play()
    assert [ok.purpose_id for ok in world.alice.oks] == [1, 2, 2, 1]
    judge(world)


def test_atomic_pairs_are_delivered_together_and_made_again_until_they_live_together() -> None:
    # The second pair takes eight attempts: the first is too old by then.
    world = met(Schedule(attempts=[0, 7], cutoff_s=8.0))
    world.create("bob", number=2, atomic=True)
    world.play()
    for node in world.nodes.values():
        assert events(node) == ["ok 2", "ok 3"]
        assert node.codes == []
        assert len({moment for _, _, moment, action in node.log if action in node.oks}) == 1
        assert node.oks[1].time_of_goodness_s - node.oks[0].time_of_goodness_s < 8.0
    judge(world)


def test_atomic_pairs_wait_for_the_word_of_the_leader_beyond_their_cutoff() -> None:
    # Alice knows at 21 s that both are there; her word takes a second, when the first pair is eight seconds old.
    world = met(Schedule(attempts=[0, 4], cutoff_s=8.0))
    world.create("alice", number=2, atomic=True)
    world.play()
    assert events(world.alice) == events(world.bob) == ["ok 1", "ok 2", "expire 1"]
    assert [time_s for time_s, *_, action in world.bob.log if action in world.bob.oks] == [22.0, 22.0]
    judge(world)


def test_atomic_pairs_of_which_one_is_lost_are_completed_first() -> None:
    world = met(Schedule(heralds=[0, 0, 0, 0, 1, 0]))
    world.create("alice", number=2, atomic=True)
    world.play()
    assert events(world.alice) == events(world.bob) == ["ok 1", "ok 3"]
    judge(world)


def test_consecutive_pairs_against_a_request_of_higher_priority() -> None:
    world = met(Schedule(slots=(3, 3)))
    world.create("alice", number=3, consecutive=True)
    world.play(15.0)
    world.create("bob", number=2, priority=1)
    world.play()
    assert [key[0] for _, key in good_pairs(world)] == ["alice"] * 3 + ["bob"] * 2
    judge(world)


def test_higher_priorities_interrupt_plain_requests() -> None:
    world = met()
    world.create("alice", number=8, **MEASURED)
    world.play(17.0)
    world.create("bob", number=2, priority=1, **MEASURED)
    world.play()
    order = "".join(key[0][0] for _, key in good_pairs(world))
    assert "bb" in order
    assert 1 <= order.index("bb") <= 4
    assert sorted(order) == sorted("aaaaaaaabb")
    judge(world)


def test_requests_that_cross_stand_where_the_leader_says() -> None:
    world = met(Schedule(dark_from_s=0.0))
    for name in ("bob", "alice", "bob"):
        world.create(name, number=3)
    world.play()
    turns = [{entry.request.id[::2]: entry.turn for entry in node.machine.queue} for node in world.nodes.values()]
    assert turns == [{("alice", 0): 1, ("bob", 0): 2, ("bob", 1): 3}] * 2


def test_a_purpose_has_had_what_the_leader_says() -> None:
    """When the time of the first request is over, alice counts a pair of it that bob never heard of."""
    world = met(Schedule(heralds=[0, 0, 1], dark_from_s=13.5))
    world.create("alice", max_time_s=5.5)
    world.create("alice", number=5)
    world.play()
    assert world.alice.codes == [ErrorCode.TIMEOUT, ErrorCode.EXPIRE]
    for node in world.nodes.values():
        (entry,) = node.machine.queue
        assert node.machine.queue.due(entry.create) == 1.0
    world.light()
    judge(world.play())


def test_the_weights_of_the_leader_count() -> None:
    world = met(settings=replace(SETTINGS, weights={1: 4.0}))
    world.bob.machine = LinkMachine("bob", "alice", world.bob.facts, 2, SETTINGS)
    world.handle("bob", Wake())
    world.play(15.0)
    world.create("bob", number=50, purpose_id=1, **MEASURED)
    world.create("alice", number=50, purpose_id=2, **MEASURED)
    world.play(200.0)
    shares = Counter(ok.purpose_id for ok in world.bob.oks[:50])
    assert abs(shares[1] - 40) <= 2


def test_purposes_of_both_ends_share_by_weight_while_both_wait() -> None:
    world = met(settings=replace(SETTINGS, weights={1: 3.0}))
    world.create("alice", number=90, purpose_id=1, **MEASURED)
    world.create("bob", number=90, purpose_id=2, **MEASURED)
    world.play()
    shares = Counter(key[0] for _, key in good_pairs(world)[:80])
    assert abs(shares["alice"] - 60) <= 2
    judge(world)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_crash_ends_what_was_and_the_new_life_works(name: str) -> None:
    world = met(Schedule(holds=[2] * 9, slots=(4, 4), crashes=[(17.0, name)]))
    world.create("alice", number=9, max_time_s=100.0)
    world.create("bob", number=1, priority=1)
    world.play(20.0)
    survivor = world.nodes[world.peer(name)]
    left = {ok.pair_id for ok in survivor.oks}
    assert {error.pair_id for error in survivor.errors if error.pair_id} == left
    assert len(left) >= 1
    assert {error.why for error in survivor.errors} == {f"{name} has restarted"}
    assert Counter(survivor.codes) == {ErrorCode.EXPIRE: len(left), ErrorCode.OTHER: 1}
    assert survivor.ended[0] == Done(create_id=0, origin_node_id="bob")
    for node in world.nodes.values():
        assert len(node.machine.free_slots) == node.machine.free_peer_slots == 4
    world.create(name, number=2)
    judge(world.play())
    assert survivor.oks[-1].pair_id.epochs == ((2, 1) if name == "alice" else (1, 2))


def test_a_node_that_comes_back_with_its_old_epoch_is_as_good_as_silent() -> None:
    world = met(Schedule(holds=[NEVER] * 2, cutoff_s=5000.0))
    world.create("bob")
    world.play(20.0)
    assert len(world.bob.held) == 1
    alice = world.alice
    alice.machine = LinkMachine("alice", "bob", alice.facts, 1, world.settings)
    alice.life += 1
    alice.held.clear()
    world.handle("alice", Wake())
    world.create("alice")
    judge(world.play(1000.0))
    assert world.bob.codes[0] is ErrorCode.EXPIRE
    assert alice.codes == [ErrorCode.OTHER]
    world.create("alice")
    judge(world.play())
    assert delivered(alice).keys() & delivered(world.bob).keys()


def test_who_is_not_answered_makes_only_so_many_pairs() -> None:
    world = met(settings=replace(SETTINGS, unsettled_limit=5, retries=20))
    world.create("alice", number=100, **MEASURED)
    world.play(12.0)
    world.frames = repeat(1)
    world.play(200.0)
    assert len(world.alice.oks) == len(world.bob.oks) == 5
    world.frames = repeat(0)
    judge(world.play())
    assert len(good_pairs(world)) == 100


def test_a_quiet_link_says_nothing() -> None:
    world = met()
    handled = world.handled
    world.play()
    assert world.handled == handled
    assert all(node.machine.wake_s == float("inf") for node in world.nodes.values())


def test_the_same_events_give_the_same_actions() -> None:
    logs = []
    for _ in range(2):
        world = met(Schedule(frames=[1, 4, 2, 7, 5] * 9, heralds=[3, 1, 4, 2, 0] * 5, cutoff_s=15.0))
        world.create("alice", number=4)
        world.create("bob", number=3, atomic=True, **MEASURED)
        world.play()
        logs.append([node.log for node in world.nodes.values()])
    assert logs[0] == logs[1]


def test_faster_attempts_come_with_brighter_options() -> None:
    world = World(Schedule(), options=(Option(0.99, 0.01, 1.0), Option(0.7, 0.5, 1.0))).play(10.0)
    world.create("alice", minimum_fidelity=0.9)
    world.create("alice", minimum_fidelity=0.5, purpose_id=1)
    world.play()
    assert {ok.purpose_id: ok.goodness for ok in world.bob.oks} == {0: 0.99, 1: 0.7}
