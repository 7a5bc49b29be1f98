"""What the layer above hears: replies of each kind, and each error with its reason."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from qstack.errors import InputError
from qstack.link.service import (
    Basis,
    Create,
    Direction,
    Done,
    Error,
    ErrorCode,
    Generate,
    Herald,
    Kind,
    LinkFacts,
    LinkMachine,
    Ok,
    Option,
    Release,
    RequestId,
    Settings,
)
from tests.link.service.judge import judge
from tests.link.service.world import MEASURED, OPTION, PREPARED, SETTINGS, Node, Schedule, World

DIM, BRIGHT = Option(0.95, 0.1, 1.0), Option(0.8, 0.5, 1.0)


def met(
    schedule: Schedule | None = None, settings: Settings | None = None, options: tuple[Option, ...] = (OPTION,)
) -> World:
    """A world of two ends that have heard of each other, at 10 s."""
    return World(schedule or Schedule(), settings, options).play(10.0)


def only_error(node: Node) -> Error:
    (error,) = node.errors
    return error


def test_the_codes_are_numbered_as_in_the_paper() -> None:
    names = ["UNSUPP", "NOTIME", "NORES", "TIMEOUT", "REJECTED", "OTHER", "EXPIRE", "CREATE"]
    assert [code.name for code in sorted(ErrorCode)] == names
    assert [int(code) for code in sorted(ErrorCode)] == list(range(8))


def test_create_and_keep() -> None:
    # The first number of a success is its Bell state.
    world = met(Schedule(heralds=(2, 0, 0, 1, 0, 0)))
    number = world.create("bob", number=2, purpose_id=5, max_time_s=100.0)
    world.play()
    alice, bob = (node.oks for node in world.nodes.values())
    for mine, other in ((bob, alice), (alice, bob)):
        assert [ok.bell_state for ok in mine] == [(1, 0), (0, 1)]
        assert [ok.pair_id for ok in mine] == [ok.pair_id for ok in other]
        assert [ok.logical_qubit_id for ok in mine] == [0, 1]
    for ok in alice + bob:
        assert ok.create_id == number
        assert ok.purpose_id == 5
        assert ok.goodness == 0.9
        assert ok.measurement_outcome is ok.measurement_basis is None
        assert ok.pair_id.link_id == "alice-bob"
        assert ok.sequence_number == ok.pair_id.sequence_number
    assert {ok.directionality for ok in bob} == {Direction.LOCAL}
    assert {ok.directionality for ok in alice} == {Direction.REMOTE}
    assert {ok.remote_node_id for ok in bob} == {"alice"}
    # Asked at 10 s, accepted at 11, which bob knows at 12; an attempt and the way of its herald take a second each.
    assert [ok.time_of_goodness_s for ok in bob] == [14.0, 16.0]
    assert bob[0].pair_id.epochs == (1, 1)
    assert world.alice.ended == world.bob.ended == [Done(create_id=number, origin_node_id="bob")]
    judge(world)


def test_measure_directly() -> None:
    world = met(Schedule(heralds=(1, 0, 0, 2, 0, 0)))
    world.create("alice", number=2, kind=Kind.MEASURE, bases=(Basis.X, Basis.Z), peer_bases=(Basis.Z_PLUS_X,))
    world.play()
    assert [(ok.measurement_basis, ok.measurement_outcome) for ok in world.alice.oks] == [("Z", 1), ("X", 0)]
    assert [ok.measurement_basis for ok in world.bob.oks] == ["Z+X", "Z+X"]
    assert {ok.logical_qubit_id for ok in world.alice.oks + world.bob.oks} == {None}
    judge(world)


def test_measuring_needs_no_memory_and_never_expires() -> None:
    world = met(Schedule(slots=(0, 0), cutoff_s=0.5))
    world.create("alice", number=20, **MEASURED)
    world.play()
    assert len(world.bob.oks) == 20
    assert world.alice.errors == world.bob.errors == []
    judge(world)


def test_remote_state_preparation() -> None:
    world = met(Schedule(heralds=(1, 0, 0), slots=(0, 1)))
    world.create("alice", number=2, **PREPARED)
    world.play(15.0)
    assert [(ok.measurement_basis, ok.logical_qubit_id) for ok in world.alice.oks] == [("X", None)]
    assert [(ok.measurement_basis, ok.logical_qubit_id) for ok in world.bob.oks] == [(None, 0)]
    assert world.alice.oks[0].measurement_outcome == 1
    # Bob's only slot is taken until the layer above lets go of it.
    assert world.alice.run is world.bob.run is None
    world.play()
    assert len(world.alice.oks) == 2
    judge(world)


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"remote_node_id": "carol"}, "remote_node_id is 'carol'; this link goes to 'bob'"),
        ({"number": 0}, "number is 0"),
        ({"minimum_fidelity": 1.1}, "minimum_fidelity is 1.1"),
        ({"minimum_fidelity": math.nan}, "minimum_fidelity is nan"),
        ({"max_time_s": 0.0}, "max_time_s is 0.0"),
        ({"max_time_s": math.nan}, "max_time_s is nan"),
        ({"bases": (Basis.Z,)}, "kind K takes no bases and no peer_bases"),
        ({**MEASURED, "peer_bases": ()}, "kind M takes bases and peer_bases"),
        ({**PREPARED, "peer_bases": (Basis.Z,)}, "kind R takes bases and no peer_bases"),
    ],
)
def test_create_a_request_that_makes_no_sense(wishes: dict[str, Any], why: str) -> None:
    world = met()
    number = world.create("alice", **wishes)
    error = only_error(world.alice)
    assert (error.code, error.create_id, error.origin_node_id) == (ErrorCode.CREATE, number, "alice")
    assert error.why.startswith(why)
    judge(world.play())


def test_unsupp_what_the_idle_link_cannot_do() -> None:
    world = met(Schedule(slots=(8, 8), cutoff_s=9.0))
    world.create("alice", minimum_fidelity=0.91)
    world.create("alice", number=10, max_time_s=39.0)
    world.create("alice", number=6, atomic=True)
    assert [(error.code, error.why) for error in world.alice.errors] == [
        (ErrorCode.UNSUPP, "fidelity 0.91 is asked, 0.9 is the best there is"),
        (ErrorCode.UNSUPP, "10 pairs take 40 s on the idle link, not 39.0 s"),
        (ErrorCode.UNSUPP, "6 pairs are made over at least 10 s, and live 9.0 s"),
    ]
    world.create("alice", minimum_fidelity=0.9, number=10, max_time_s=40.0)
    world.create("alice", number=6, atomic=True, **MEASURED)
    assert len(world.alice.errors) == 3
    judge(world.play())


@pytest.mark.parametrize(("minimum_fidelity", "option"), [(0.0, BRIGHT), (0.8, BRIGHT), (0.81, DIM), (0.95, DIM)])
def test_the_fastest_option_that_is_good_enough_is_taken(minimum_fidelity: float, option: Option) -> None:
    world = met(options=(DIM, BRIGHT))
    world.create("bob", minimum_fidelity=minimum_fidelity)
    world.play(12.0)
    assert world.alice.run is not None
    assert world.alice.run.generate.option == option
    world.play()
    assert world.alice.oks[0].goodness == world.bob.oks[0].goodness == option.fidelity


def test_notime_under_the_load_there_is() -> None:
    world = met()
    world.create("alice", number=5)
    world.create("alice", number=1, max_time_s=23.0)
    error = only_error(world.alice)
    assert (error.code, error.why) == (ErrorCode.NOTIME, "24 s are needed under the present load, 23 s left")
    world.create("alice", number=1, max_time_s=24.0)
    world.create("alice", number=1, max_time_s=4.0, priority=1)
    assert world.alice.errors == [error]


def test_notime_at_the_peer_too() -> None:
    world = met()
    world.create("alice", number=5)
    world.create("bob", number=1, max_time_s=6.0, purpose_id=1)
    world.play(12.0)
    # Bob knew of nothing else; at alice one pair of hers is due as early as his.
    assert only_error(world.bob).why == "8 s are needed under the present load, 5 s left"
    assert world.bob.codes == [ErrorCode.NOTIME]


def test_nores_too_little_memory_at_either_end() -> None:
    world = met(Schedule(slots=(2, 1)))
    world.create("alice", number=2, atomic=True)
    world.create("alice", number=3, atomic=True, **PREPARED)
    world.create("bob", number=2, atomic=True)
    assert [error.why for error in world.alice.errors + world.bob.errors] == [
        "2 memory slots are needed at once, the other end has 1",
        "3 memory slots are needed at once, the other end has 1",
        "2 memory slots are needed at once, this end has 1",
    ]
    assert set(world.alice.codes + world.bob.codes) == {ErrorCode.NORES}
    world.create("bob", number=2, atomic=True, **PREPARED)
    world.create("alice", number=9)
    judge(world.play())
    assert len(world.alice.ended) == 4
    assert Done(create_id=2, origin_node_id="alice") in world.alice.ended
    assert Done(create_id=1, origin_node_id="bob") in world.alice.ended


@pytest.mark.parametrize("atomic", [False, True])
def test_timeout_at_both_ends(atomic: bool) -> None:
    world = met(Schedule(dark_from_s=14.5))
    world.create("bob", number=2, atomic=atomic, max_time_s=50.0)
    world.play()
    for node in world.nodes.values():
        (end,) = node.ended
        assert isinstance(end, Error)
        assert (end.code, end.why) == (ErrorCode.TIMEOUT, "1 of 2 pairs were made in 50.0 s")
        assert len(node.oks) == (not atomic)
        assert node.run is None
        assert 60.0 <= node.log[-1][0] <= 61.0
    judge(world)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_timeout_before_the_peer_has_heard_of_it(name: str) -> None:
    world = met()
    world.frames = chain([1] * 3, repeat(0))
    world.create(name, max_time_s=20.0)
    world.play()
    assert world.nodes[name].codes == [ErrorCode.TIMEOUT]
    assert world.nodes[world.peer(name)].log == []
    judge(world)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_rejected_by_the_policy_of_the_peer(name: str) -> None:
    world = met()
    world.create(name, purpose_id=3)
    world.create(name, purpose_id=2)
    world.play()
    error = only_error(world.nodes[name])
    assert (error.code, error.create_id) == (ErrorCode.REJECTED, 0)
    assert error.why == f"{world.peer(name)} refuses purpose 3"
    assert world.nodes[world.peer(name)].ended == [Done(create_id=1, origin_node_id=name)]
    judge(world)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_other_when_the_peer_is_silent(name: str) -> None:
    world = met()
    world.frames = repeat(1)
    world.create(name)
    world.play(400.0)
    error = only_error(world.nodes[name])
    assert (error.code, error.why) == (ErrorCode.OTHER, f"{world.peer(name)} does not answer")
    assert world.nodes[name].machine.epoch == 2
    world.frames = repeat(0)
    judge(world.play())
    world.create(name)
    judge(world.play())
    assert world.nodes[name].oks[0].pair_id.epochs == ((2, 1) if name == "alice" else (1, 2))


def test_other_when_too_many_wait() -> None:
    world = met(settings=replace(SETTINGS, queue_limit=3))
    for name in ("alice", "bob", "alice", "bob"):
        world.create(name)
    world.play(12.0)
    for name, node in world.nodes.items():
        error = only_error(node)
        assert (error.code, error.why) == (ErrorCode.OTHER, f"3 requests are waiting at {world.peer(name)}")
    for _ in range(2):
        world.create("alice")
    assert world.alice.errors[-1].why == "3 requests are waiting at alice"
    judge(world.play())


def test_other_when_too_little_of_what_was_said_has_been_heard() -> None:
    world = met(settings=replace(SETTINGS, queue_limit=3, retries=30))
    world.frames = repeat(1)
    for _ in range(20):
        world.create("alice", max_time_s=4.0)
        world.play(world.now_s + 5.0)
    assert set(world.alice.codes) == {ErrorCode.TIMEOUT, ErrorCode.OTHER}
    assert world.alice.machine._channel.backlog <= 4


def test_a_physical_layer_that_does_something_else_is_told() -> None:
    world = met()
    world.create("alice")
    world.play(12.0)
    assert world.alice.run is not None
    request = world.alice.run.generate.request
    with pytest.raises(InputError, match=r"should not bring an outcome; do as Generate\("):
        world.handle("alice", Herald(1, request, (0, 0), 1, Basis.Z))


def test_what_the_physical_layer_is_asked() -> None:
    world = met()
    world.create("alice", **MEASURED)
    world.play(12.0)
    request = RequestId("alice", 1, 0)
    assert world.alice.run is not None
    assert world.bob.run is not None
    assert world.alice.run.generate == Generate(request, OPTION, None, (Basis.X, Basis.Z))
    assert world.bob.run.generate == Generate(request, OPTION, None, (Basis.Y,))


def test_releasing_what_is_not_held_changes_nothing() -> None:
    world = met(Schedule(holds=[3] * 4, cutoff_s=50.0))
    world.create("alice")
    world.play(20.0)
    (ok,) = world.alice.oks
    assert isinstance(ok, Ok)
    world.handle("alice", Release(replace(ok.pair_id, epochs=(1, 2))))
    world.handle("alice", Release(replace(ok.pair_id, sequence_number=9)))
    assert len(world.alice.machine.free_slots) == 1
    world.handle("alice", Release(ok.pair_id))
    world.handle("alice", Release(ok.pair_id))
    assert len(world.alice.machine.free_slots) == 2
    world.play(21.0)
    assert world.bob.machine.free_peer_slots == 2
    assert world.alice.machine.free_peer_slots == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Option(1.2, 0.5, 1.0),
        lambda: Option(0.9, 0.0, 1.0),
        lambda: Option(0.9, 0.5, 0.0),
        lambda: LinkFacts("l", (), 1, 1),
        lambda: LinkFacts("l", (OPTION,), -1, 1),
        lambda: LinkFacts("l", (OPTION,), 1, 1, cutoff_s=0.0),
        lambda: LinkFacts("l", (OPTION,), 1, 1, cutoff_s=math.nan),
        lambda: Settings(retry_s=0.0),
        lambda: Settings(retries=0),
        lambda: Settings(weights={1: 0.0}),
        lambda: LinkMachine("alice", "alice", LinkFacts("l", (OPTION,), 1, 1), 1),
        lambda: LinkMachine("alice", "bob", LinkFacts("l", (OPTION,), 1, 1), 0),
    ],
)
def test_impossible_links_are_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match="give"):
        wrong()


def test_a_request_is_plain_data() -> None:
    assert Create(remote_node_id="bob") == Create(remote_node_id="bob", kind=Kind("K"), max_time_s=math.inf)
