"""Conversations: every role runs the same function, and knows what it made or was told."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from qstack.control import Bus, PlainCodec
from qstack.language import (
    Abort,
    ArgumentError,
    Bit,
    ConversationError,
    ConversationTimeoutError,
    Equivocate,
    FlipReports,
    LocalityError,
    Meeting,
    Node,
    OutputError,
    Program,
    RandomReports,
    RoleError,
    SelfSendError,
    SettingError,
    Silent,
    TracedBitError,
    TraceError,
    converse,
    entangle,
    protocol,
    run,
    share,
)


@protocol
def pairs(alice: Node, bob: Node, *, fidelity: float = 1.0) -> dict[str, Bit]:
    """Measure a pair."""
    a, b = entangle(alice, bob, fidelity=fidelity)
    return {"a": a.measure(), "b": b.measure()}


class Lab:
    """Stands for the simulator: equal random bits for all outputs of a run."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.calls: list[tuple[Program, int, int]] = []

    async def __call__(self, program: Program, n: int, index: int) -> dict[str, Any]:
        self.calls.append((program, n, index))
        await asyncio.sleep(0)
        column = self.rng.integers(2, size=n, dtype=np.uint8)
        return {output.name: column.copy() for output in program.outputs}


async def talk(conversation, roles=None, lab=None, **options):
    names = conversation.signature.node_names(conversation.signature.counts(roles))
    rngs = {name: np.random.default_rng(k) for k, name in enumerate(names)}
    return await converse(
        conversation, roles, channel=Bus(), codec=PlainCodec(), execute=lab or Lab(), rngs=rngs, **options
    )


async def test_values_stay_where_they_are_until_sent():
    seen: list[str] = []

    @protocol
    async def meet(alice: Node, bob: Node, *, n: int = 8) -> dict[str, Any]:
        got = await run(pairs, n, fidelity=0.9)
        total = alice.do(lambda a: seen.append("alice") or int(a.sum()), got["a"])
        told = await total.send(bob)
        mine = bob.do(lambda b: int(np.sum(b)), got["b"])
        same = bob.do(lambda x, y: x == y, mine, told)
        public = await share(same)
        assert public is True
        return {"total": total, "told": told, "same": same, "public": public}

    lab = Lab()
    ended = await talk(meet, lab=lab, settings={"n": 50})
    assert seen == ["alice"]
    assert ended.outputs["alice"].keys() == {"total", "public"}
    assert ended.outputs["bob"].keys() == {"told", "same", "public"}
    assert ended.outputs["alice"]["total"] == ended.outputs["bob"]["told"]
    assert ended.named["same"] == ("bob", True) and ended.named["public"] == ("alice", True)
    assert [(program.name, program.settings, n, index) for program, n, index in lab.calls] == [
        ("pairs", {"fidelity": 0.9}, 50, 0)
    ]
    assert {pair: (t.messages, t.payload_bytes) for pair, t in ended.traffic.items()} == {
        ("alice", "bob"): (1, 3),
        ("bob", "alice"): (1, 1),
    }


async def test_rounds_can_depend_on_shared_values():
    @protocol
    async def retry(alice: Node, bob: Node) -> dict[str, Any]:
        rounds = 0
        while True:
            rounds += 1
            got = await run(pairs, 1)
            if await share(bob.do(lambda b: bool(b[0]), got["b"])):
                return {"rounds": rounds}

    lab = Lab(3)
    ended = await talk(retry, lab=lab)
    assert ended.outputs["alice"] == ended.outputs["bob"] == {"rounds": len(lab.calls)}
    assert [index for _, _, index in lab.calls] == list(range(len(lab.calls)))


async def test_many_roles_broadcast_and_casting():
    @protocol
    async def crowd(hub: Node, parties: list[Node]) -> dict[str, Any]:
        secret = hub.do(lambda: int(hub.rng.integers(100)))
        told = await secret.send(*parties)
        assert told.known_at == ("parties[0]", "parties[1]", "hub")
        sums = [party.do(lambda x, k: x + k, told, k) for k, party in enumerate(parties)]
        shared = [await share(each) for each in sums]
        got = await run(pairs.played_by(hub, parties[1]), 4)
        return {"shared": shared, "far": got["b"]}

    ended = await talk(crowd, {"parties": 2})
    values = {tuple(outputs["shared"]) for outputs in ended.outputs.values()}
    assert len(values) == 1
    first, second = values.pop()
    assert second == first + 1
    assert "far" in ended.outputs["parties[1]"] and "far" not in ended.outputs["parties[0]"]


async def test_values_nested_in_arguments_are_unwrapped():
    @protocol
    async def nested(alice: Node) -> dict[str, Any]:
        x = alice.do(lambda: 2)
        return {"sum": alice.do(lambda many, named: many[0] + named["x"] + many[1][0], [x, (x,)], named={"x": x})}

    assert (await talk(nested)).outputs == {"alice": {"sum": 6}}


async def test_a_conversation_inside_another():
    @protocol
    async def ask(alice: Node, bob: Node) -> Any:
        return await alice.do(lambda: 41).send(bob)

    @protocol
    async def answer(alice: Node, bob: Node) -> dict[str, Any]:
        return {"x": bob.do(lambda v: v + 1, await ask(alice, bob))}

    assert (await talk(answer)).outputs["bob"] == {"x": 42}


async def _branch(alice, bob):
    if alice.do(lambda: True):
        pass


async def _wrong_place(alice, bob):
    bob.do(len, alice.do(lambda: [1]))


async def _self_send(alice, bob):
    await alice.do(lambda: 1).send(alice)


async def _foreign_rng(alice, bob):
    alice.rng.random()


async def _qubit(alice, bob):
    alice.qubit()


async def _no_program(alice, bob):
    await run(3, 1)


async def _no_shots(alice, bob):
    await run(pairs, 0)


async def _strangers(alice, bob):
    @protocol
    def others(carol: Node, bob: Node) -> dict[str, Bit]:
        return {}

    await run(others, 1)


async def _share_plain(alice, bob):
    await share(3)


async def _traced_with_settings(alice, bob):
    await run(pairs.trace(), 1, fidelity=0.5)


async def _wrong_setting(alice, bob):
    await run(pairs, 1, fid=0.5)


async def _unequal(alice, bob):
    await alice.do(lambda: 1).send()


@pytest.mark.parametrize(
    ("body", "error", "needle"),
    [
        (_branch, TracedBitError, "alice.do.*share"),
        (_wrong_place, LocalityError, "bob does not know this value, only alice"),
        (_self_send, SelfSendError, "alice"),
        (_foreign_rng, LocalityError, "alice.rng is alice's own"),
        (_qubit, TraceError, "await run"),
        (_no_program, ArgumentError, "takes a program"),
        (_no_shots, ArgumentError, "from 1 up"),
        (_strangers, ArgumentError, "carol is not in this conversation"),
        (_share_plain, ArgumentError, "got 3"),
        (_traced_with_settings, ArgumentError, "takes no settings"),
        (_wrong_setting, SettingError, "no setting 'fid'"),
        (_unequal, ArgumentError, "send takes the node"),
    ],
)
async def test_misuse(body, error, needle):
    @protocol
    async def misused(alice: Node, bob: Node) -> dict[str, Any]:
        await body(alice, bob)
        return {}

    with pytest.raises(error, match=needle) as caught:
        await talk(misused, timeout_s=1)
    assert error is SettingError or str(caught.value).startswith("test_conversation.py:")


async def test_roles_that_disagree_about_a_run():
    @protocol
    async def apart(alice: Node, bob: Node) -> dict[str, Any]:
        counts = []
        alice.do(lambda: counts.append(1))
        await run(pairs, 1 + len(counts))
        return {}

    with pytest.raises(ConversationError, match=r"disagree about run 0 \(pairs\): alice: 2 shots.*bob: 1 shots"):
        await talk(apart)


async def test_a_failing_role_ends_the_others():
    ended: list[str] = []

    @protocol
    async def fails(alice: Node, bob: Node) -> dict[str, Any]:
        try:
            bob.do(lambda: 1 / 0)
            await bob.do(lambda: 1).send(alice)
        finally:
            ended.append("one")
        return {}

    with pytest.raises(ZeroDivisionError):
        await talk(fails, timeout_s=None)
    assert ended == ["one", "one"]


async def test_cancelling_ends_every_role_and_the_run():
    stopped = asyncio.Event()

    async def for_ever(program: Program, n: int, index: int) -> dict[str, Any]:
        try:
            await asyncio.sleep(3600)
        finally:
            stopped.set()
        return {}

    @protocol
    async def long(alice: Node, bob: Node) -> dict[str, Any]:
        return await run(pairs, 1)

    task = asyncio.create_task(talk(long, lab=for_ever))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(stopped.wait(), 1)


async def test_a_failing_run_reaches_every_role():
    async def broken(program: Program, n: int, index: int) -> dict[str, Any]:
        raise ZeroDivisionError("the simulator")

    @protocol
    async def unlucky(alice: Node, bob: Node) -> dict[str, Any]:
        return await run(pairs, 1)

    with pytest.raises(ZeroDivisionError, match="the simulator"):
        await talk(unlucky, lab=broken)


@protocol
async def tell(alice: Node, bob: Node, carol: Node) -> dict[str, Any]:
    """Alice tells bob and carol a bit."""
    bit = alice.do(lambda: np.array([0, 1, 1]))
    told = await bit.send(bob, carol)
    return {"bob": bob.do(list, told), "carol": carol.do(list, told), "own": bit}


async def test_liars_change_what_they_say_and_report():
    honest = (await talk(tell)).outputs
    assert honest["bob"]["bob"] == honest["carol"]["carol"] == [0, 1, 1]
    split = (await talk(tell, adversary={"alice": Equivocate(to=("carol",))})).outputs
    assert (split["bob"]["bob"], split["carol"]["carol"]) == ([0, 1, 1], [1, 0, 0])
    flipped = (await talk(tell, adversary={"alice": FlipReports()})).outputs
    assert list(flipped["alice"]["own"]) == [1, 0, 0] and flipped["bob"]["bob"] == [0, 1, 1]
    for strategy in (FlipReports(names=("else",)), RandomReports(names=("else",))):
        assert list((await talk(tell, adversary={"alice": strategy})).outputs["alice"]["own"]) == [0, 1, 1]
    random = (await talk(tell, adversary={"alice": RandomReports()})).outputs["alice"]["own"]
    assert random.dtype == honest["alice"]["own"].dtype and set(random) <= {0, 1}


@pytest.mark.parametrize("strategy", [Silent(), Abort()])
async def test_a_silent_role_leaves_the_others_with_a_clear_error(strategy):
    with pytest.raises(ConversationTimeoutError, match=r"bob waited 0.05 s for message 0 from alice"):
        await talk(tell, adversary={"alice": strategy}, timeout_s=0.05)


async def test_a_role_that_does_not_come_to_a_run():
    @protocol
    async def late(alice: Node, bob: Node) -> dict[str, Any]:
        told = await alice.do(lambda: 1).send(bob)
        await run(pairs, 1)
        return {"told": told}

    @protocol
    async def later(alice: Node, bob: Node) -> dict[str, Any]:
        await run(pairs, 1)
        await bob.do(lambda: 1).send(alice)
        await run(pairs, 1)
        return {}

    with pytest.raises(ConversationTimeoutError, match=r"alice waited 0.05 s for message 0 from bob"):
        await talk(later, adversary={"bob": Silent()}, timeout_s=0.05)
    with pytest.raises(ConversationTimeoutError):
        await talk(late, adversary={"alice": Silent()}, timeout_s=0.05)


async def test_a_run_that_not_all_roles_join():
    meeting = Meeting(("alice", "bob"), Lab(), timeout_s=0.05)
    with pytest.raises(ConversationTimeoutError, match=r"alice waited 0.05 s to run pairs \(run 0\); bob did not come"):
        await meeting.run("alice", 0, pairs.trace(), 1)


async def test_what_a_conversation_may_return_and_take():
    @protocol
    async def nothing(alice: Node) -> None:
        return None

    @protocol
    async def block(x: Bit) -> dict[str, Any]:
        return {}

    with pytest.raises(OutputError, match="named results"):
        await talk(nothing)
    with pytest.raises(RoleError, match="takes x"):
        await talk(block)
    with pytest.raises(RoleError, match="eve does not fit"):
        await talk(tell, adversary={"eve": Silent()})
    with pytest.raises(TraceError, match="only inside a conversation"):
        await run(pairs, 1)
    with pytest.raises(TraceError, match="played_by"):
        pairs(None, None)
    with pytest.raises(RoleError, match=r"played by \(alice, bob\)"):
        pairs.played_by()


async def test_two_conversations_at_once_do_not_meet():
    ends = await asyncio.gather(*(talk(tell) for _ in range(5)))
    assert all(ended.outputs["bob"]["bob"] == [0, 1, 1] for ended in ends)
