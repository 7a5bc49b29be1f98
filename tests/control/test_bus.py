"""The bus gives each recipient exactly its messages, whatever the order of sending and receiving."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.control import Bus, DuplicateMessageError

PAIRS = [("a", "b"), ("b", "a"), ("a", "c"), ("c", "b")]


@given(st.lists(st.sampled_from(PAIRS), max_size=12), st.randoms(use_true_random=False))
def test_every_message_reaches_its_recipient(messages, shuffler):
    numbered, counts = [], {}
    for pair in messages:
        counts[pair] = counts.get(pair, -1) + 1
        numbered.append((*pair, counts[pair]))
    receiving = numbered[:]
    shuffler.shuffle(receiving)

    async def scenario() -> dict:
        bus, got = Bus(), {}

        async def take(address) -> None:
            got[address] = await bus.receive(*address)

        early = [asyncio.create_task(take(address)) for address in receiving[::2]]
        await asyncio.sleep(0)
        for source, target, number in numbered:
            await bus.send(source, target, number, f"{source}{target}{number}".encode())
        await asyncio.gather(*early, *(take(address) for address in receiving[1::2]))
        assert bus.undelivered == 0
        return got

    assert asyncio.run(scenario()) == {(s, t, n): f"{s}{t}{n}".encode() for s, t, n in numbered}


async def test_duplicates_are_refused():
    bus = Bus()
    await bus.send("a", "b", 0, b"x")
    with pytest.raises(DuplicateMessageError, match="message 0 from a to b was sent already"):
        await bus.send("a", "b", 0, b"y")
    assert await bus.receive("a", "b", 0) == b"x"
    waiting = asyncio.create_task(bus.receive("a", "b", 1))
    await asyncio.sleep(0)
    with pytest.raises(DuplicateMessageError, match="waited for already"):
        await bus.receive("a", "b", 1)
    await bus.send("a", "b", 1, b"z")
    assert await waiting == b"z"


async def test_a_cancelled_wait_loses_nothing():
    bus = Bus()
    for send_first in (False, True):
        number = int(send_first)
        waiting = asyncio.create_task(bus.receive("a", "b", number))
        await asyncio.sleep(0)
        if send_first:
            await bus.send("a", "b", number, b"late")
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        if not send_first:
            await bus.send("a", "b", number, b"late")
        assert await bus.receive("a", "b", number) == b"late"
