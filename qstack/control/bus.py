"""A classical channel inside one process: messages wait until their recipient takes them.

Deterministic: what a recipient gets depends on the sender and the number of the message only, never on timing.
"""

from __future__ import annotations

import asyncio

from qstack.errors import RunError

Address = tuple[str, str, int]


class DuplicateMessageError(RunError):
    """Two messages, or two recipients of one message, have the same source, target and number."""


class Bus:
    """Carries messages between the roles of one process, all on the same event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Address, asyncio.Future[bytes]] = {}
        self._arrived: dict[Address, bytes] = {}
        self._next: dict[tuple[str, str], int] = {}

    async def send(self, source: str, target: str, sequence: int, payload: bytes) -> None:
        """Leave a message for `target`; returns at once.

        Raises:
            DuplicateMessageError: a message of that number, or a later one, was sent before.
        """
        if sequence < self._next.get((source, target), 0):
            raise DuplicateMessageError(
                f"message {sequence} from {source} to {target} was sent already; numbers only go up"
            )
        self._next[source, target] = sequence + 1
        address = (source, target, sequence)
        waiting = self._waiting.pop(address, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(payload)
        else:
            self._arrived[address] = payload

    async def receive(self, source: str, target: str, sequence: int) -> bytes:
        """Wait for a message and take it.

        Raises:
            DuplicateMessageError: somebody waits for the same message already.
        """
        address = (source, target, sequence)
        if address in self._arrived:
            return self._arrived.pop(address)
        if address in self._waiting:
            raise DuplicateMessageError(f"message {sequence} from {source} to {target} is waited for already")
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[address] = waiting
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._arrived[address] = waiting.result()
            raise
        finally:
            if self._waiting.get(address) is waiting:
                del self._waiting[address]

    @property
    def undelivered(self) -> int:
        """How many messages nobody has taken."""
        return len(self._arrived)
