"""What has to hold of every world that has come to rest, whatever went wrong on the way."""

from __future__ import annotations

from collections import Counter, defaultdict

from qstack.link.service import Created, Direction, Done, Error, ErrorCode, Ok, PairId
from tests.link.service.world import Node, World

RequestKey = tuple[str, int, int]
"""Creator, its epoch, create id."""


def judge(world: World) -> None:
    for node in world.nodes.values():
        every_request_ends_once(node)
        no_pair_is_told_twice(node)
        atomic_pairs_come_together(world, node)
        nobody_keeps_what_the_other_gave_up(world, node)
        nothing_is_left_over(world, node)
    both_ends_agree_on_pairs(world)
    consecutive_pairs_are_not_interleaved(world)
    if not world.sessions:
        both_ends_agree_on_ends(world)
    all_slots_come_back(world)


def queues_agree(world: World) -> None:
    """Asked of a world in the dark, when all that was said has been heard."""
    here, there = (
        {
            entry.request.id: (
                entry.request,
                entry.turn,
                queue.due(entry.create),
                entry.ready,
                entry.made,
                entry.settled,
            )
            for entry in queue
        }
        for queue in (node.machine.queue for node in world.nodes.values())
    )
    assert here == there
    assert all(ready and made == settled for *_, ready, made, settled in here.values())
    turns = [node.run and node.run.generate.request for node in world.nodes.values()]
    assert turns[0] == turns[1]


def request_of(node: Node, ok: Ok) -> RequestKey:
    creator = node.name if ok.directionality is Direction.LOCAL else ok.remote_node_id
    return creator, ok.pair_id.epochs[creator == "bob"], ok.create_id


def delivered(node: Node) -> dict[PairId, Ok]:
    return {ok.pair_id: ok for ok in node.oks}


def expired(node: Node) -> set[PairId]:
    return {error.pair_id for error in node.errors if error.pair_id}


def lives(node: Node) -> dict[PairId, int]:
    """In which life of the node each pair was delivered."""
    return {action.pair_id: life for _, life, _, action in node.log if isinstance(action, Ok)}


def every_request_ends_once(node: Node) -> None:
    created, ended = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for _, life, _, action in node.log:
        match action:
            case Created(create_id):
                created[life, create_id] += 1
            case Error(code=ErrorCode.EXPIRE):
                pass
            case Error() | Done() if action.origin_node_id == node.name:
                ended[life, action.create_id] += 1
    assert set(created.values()) <= {1}
    assert set(ended.values()) <= {1}
    assert ended.keys() <= created.keys()
    assert {key for key in created if key[0] == node.life} <= ended.keys()


def no_pair_is_told_twice(node: Node) -> None:
    told = [("ok", ok.pair_id) for ok in node.oks] + [("expired", e.pair_id) for e in node.errors if e.pair_id]
    assert set(Counter(told).values()) <= {1}
    here: set[tuple[int, PairId]] = set()
    for _, life, _, action in node.log:
        match action:
            case Ok():
                here.add((life, action.pair_id))
            case Error(code=ErrorCode.EXPIRE):
                assert (life, action.pair_id) in here
            case Error():
                assert action.pair_id is None
                assert action.why


def atomic_pairs_come_together(world: World, node: Node) -> None:
    moments = defaultdict(list)
    for _, _, moment, action in node.log:
        if isinstance(action, Ok):
            moments[request_of(node, action)].append(moment)
    for key, when in moments.items():
        if world.asked[key].atomic:
            assert len(set(when)) == 1
            assert len(when) == world.asked[key].number


def nobody_keeps_what_the_other_gave_up(world: World, node: Node) -> None:
    peer = world.nodes[world.peer(node.name)]
    here, there = lives(node), lives(peer)
    for pair_id, ok in delivered(node).items():
        excused = here[pair_id] < node.life or (world.sessions and world.asked[request_of(node, ok)].atomic)
        assert pair_id in there or pair_id in expired(node) or excused
    for pair_id in node.held:
        assert there[pair_id] == peer.life
        assert pair_id not in expired(peer)


def nothing_is_left_over(world: World, node: Node) -> None:
    machine = node.machine
    assert len(machine.queue) == 0
    assert machine._channel.backlog == 0
    assert len(machine._pairs) == len(node.held)
    assert len(machine.free_slots) == machine.facts.slots - len(node.held)
    assert machine.free_slots.isdisjoint({ok.logical_qubit_id for ok in node.held.values()})
    peer = world.nodes[world.peer(node.name)]
    assert machine.free_peer_slots == len(peer.machine.free_slots)


def both_ends_agree_on_pairs(world: World) -> None:
    here, there = delivered(world.alice), delivered(world.bob)
    for pair_id in here.keys() & there.keys():
        mine, other = here[pair_id], there[pair_id]
        assert mine.bell_state == other.bell_state
        assert mine.goodness == other.goodness
        assert mine.purpose_id == other.purpose_id
        assert request_of(world.alice, mine) == request_of(world.bob, other)
        assert mine.directionality is not other.directionality
    assert len({pair_id.sequence_number for pair_id in here.keys() | there.keys()}) == len(here.keys() | there.keys())


def good_pairs(world: World) -> list[tuple[int, RequestKey]]:
    """Pairs that both ends were given, in the order in which they were made."""
    here = delivered(world.alice)
    common = here.keys() & delivered(world.bob).keys()
    return sorted((pair_id.sequence_number, request_of(world.alice, here[pair_id])) for pair_id in common)


def consecutive_pairs_are_not_interleaved(world: World) -> None:
    order = [key for _, key in good_pairs(world)]
    for key in set(order):
        if world.asked[key].consecutive:
            first, number = order.index(key), order.count(key)
            assert order[first : first + number] == [key] * number


def both_ends_agree_on_ends(world: World) -> None:
    made = Counter(key for _, key in good_pairs(world))
    ends = {}
    for node in world.nodes.values():
        ends[node.name] = {(end.origin_node_id, 1, end.create_id): end for end in node.ended}
        assert len(ends[node.name]) == len(node.ended)
    for key, create in world.asked.items():
        end, other = ends[key[0]][key], ends[world.peer(key[0])].get(key)
        match end:
            case Done():
                assert isinstance(other, Done)
                assert made[key] == create.number
            case Error():
                assert other is None or (isinstance(other, Error) and other.code is end.code)
                assert made[key] <= (0 if create.atomic or other is None else create.number)


def all_slots_come_back(world: World) -> None:
    for node in world.nodes.values():
        for ok in list(node.held.values()):
            world._use(node, ok)
    world.play()
    for node in world.nodes.values():
        machine = node.machine
        assert len(machine.free_slots) == machine.facts.slots
        assert machine.free_peer_slots == machine.facts.peer_slots
        assert not machine._pairs
