"""Work off the event loop: run plain functions in a thread, stop them when the awaiting task is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(BaseException):
    """Raised inside a working thread whose result nobody waits for any more; never seen by callers."""


Check = Callable[[], None]
"""Called often by long work; raises `Stopped` when the work is to end."""


async def in_thread(function: Callable[[Check], T]) -> T:
    """Run `function(check)` in a thread. Cancelling the await returns at once and stops the thread soon after."""
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Stopped

    def work() -> list[T]:
        try:
            return [function(check)]
        except Stopped:
            return []

    try:
        return (await asyncio.to_thread(work))[0]
    except asyncio.CancelledError:
        stop.set()
        raise


def run_blocking(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end from synchronous code, also where an event loop runs already (a notebook)."""
    if not _in_a_loop():
        return asyncio.run(start())
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(start()))
        except BaseException as error:  # handed to the caller's thread below
            failure.append(error)

    thread = threading.Thread(target=work, name="qstack-run", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
