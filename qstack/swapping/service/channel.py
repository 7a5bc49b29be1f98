"""Messages from one node to another over a network that loses, doubles, delays and reorders.

Every message is sent until it is acknowledged, and handed on once, in whatever order they come: what the tasks are
told never depends on the order.
"""

from __future__ import annotations

import math

from qstack.swapping.service.messages import Message, Packet

LONGEST_WAIT = 6
"""Retries wait twice as long each time, up to this power of two."""

UNANSWERED = 16
"""Most messages that wait for an acknowledgement to travel with a message."""


class Channel:
    """One node's end of what it and another node say to each other.

    Attributes:
        due_s: when to send something for want of an acknowledgement, either way; inf if nothing is missing.
    """

    def __init__(self, retry_s: float) -> None:
        self._retry_s = retry_s
        self._next = 0
        self._unanswered: dict[int, Message] = {}
        self._tries = 0
        self._retry_due_s = math.inf
        self._expected = 0
        self._beyond: set[int] = set()
        self._owed = 0
        self._answer_due_s = math.inf
        self.due_s = math.inf

    def __len__(self) -> int:
        """How many messages are not acknowledged."""
        return len(self._unanswered)

    def number(self, message: Message, now_s: float) -> int:
        """Take down a message that is about to be sent, and give it its number."""
        number = self._next
        self._next += 1
        if not self._unanswered:
            self._retry_due_s = now_s + self._retry_s
        self._unanswered[number] = message
        return number

    def answer(self) -> int:
        """What a packet that is about to be sent acknowledges: all messages with smaller numbers."""
        self._owed = 0
        self._answer_due_s = math.inf
        self._set_due()
        return self._expected

    def receive(self, packet: Packet, now_s: float) -> bool:
        """Take note of a packet; whether its message is new."""
        self._answered(packet.acknowledged, now_s)
        if packet.message is None:
            return False
        self._owed += 1
        self._answer_due_s = min(self._answer_due_s, now_s + self._retry_s / 4)
        if self._owed >= UNANSWERED:
            self._answer_due_s = now_s
        self._set_due()
        number = packet.sequence_number
        if number < self._expected or number in self._beyond:
            return False
        self._beyond.add(number)
        while self._expected in self._beyond:
            self._beyond.remove(self._expected)
            self._expected += 1
        return True

    def _answered(self, acknowledged: int, now_s: float) -> None:
        first = next(iter(self._unanswered), acknowledged)
        if first >= acknowledged:
            return
        for number in range(first, acknowledged):
            del self._unanswered[number]
        self._tries = 0
        self._retry_due_s = now_s + self._retry_s if self._unanswered else math.inf
        self._set_due()

    def due(self, now_s: float) -> list[tuple[int, Message | None]]:
        """What to send now for want of an acknowledgement, numbered; a mere answer is no message, number -1."""
        if now_s >= self._retry_due_s:
            self._tries = min(self._tries + 1, LONGEST_WAIT)
            self._retry_due_s = now_s + self._retry_s * 2**self._tries
            self._set_due()
            return list(self._unanswered.items())
        return [(-1, None)] if now_s >= self._answer_due_s else []

    def _set_due(self) -> None:
        self.due_s = min(self._retry_due_s, self._answer_due_s)
