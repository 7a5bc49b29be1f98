"""Work off the event loop runs, fails, is cancelled and nests the way callers expect."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from qstack.application.tasks import in_thread, run_blocking


async def test_the_event_loop_turns_while_a_thread_works():
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    turning = asyncio.create_task(turn())
    assert await in_thread(lambda check: (time.sleep(0.1), "done")[1]) == "done"
    turning.cancel()
    assert turns > 20


async def test_cancelling_returns_at_once_and_stops_the_thread():
    ended = threading.Event()

    def work(check) -> None:
        try:
            while True:
                time.sleep(0.005)
                check()
        finally:
            ended.set()

    task = asyncio.create_task(in_thread(work))
    await asyncio.sleep(0.05)
    task.cancel()
    started = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - started < 0.1
    assert await asyncio.to_thread(ended.wait, 1.0)


async def test_errors_come_through():
    def fail(check) -> None:
        raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        await in_thread(fail)


async def answer() -> int:
    await asyncio.sleep(0.01)
    return 42


def test_the_synchronous_face_runs_without_a_loop():
    assert run_blocking(answer) == 42


async def test_the_synchronous_face_runs_inside_a_running_loop():
    assert run_blocking(answer) == 42

    async def fail() -> None:
        raise KeyError("inner")

    with pytest.raises(KeyError, match="inner"):
        run_blocking(fail)
