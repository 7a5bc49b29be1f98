"""An ordered, lossless stream of messages each way, over frames that are lost, doubled, delayed and reordered.

Every frame holds all messages not yet acknowledged, so the receiver takes what is new to it and drops the rest; it
needs no buffer. Epochs tell the lives of both ends apart: a session lasts as long as both epochs do. Frames that cannot
be of this session change nothing, so an end that comes back with an old epoch counts as silent.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice
from typing import NamedTuple

from qstack.link.service.messages import Frame, Hello, Message

FRAME_MESSAGES = 32
"""Most messages in one frame."""


class Received(NamedTuple):
    """What a frame brought.

    Attributes:
        restarted: the peer has begun a new life: what the former one knew is lost.
        messages: what is new, in order.
    """

    restarted: bool
    messages: tuple[Message, ...]


class Channel:
    """One end of the stream. The first thing it says in its life is `Hello`.

    Attributes:
        epoch: this end's life.
        peer_epoch: the other end's, 0 until it is heard.
    """

    def __init__(self, epoch: int, retry_s: float, retries: int) -> None:
        self.epoch = epoch
        self.peer_epoch = 0
        self._retry_s = retry_s
        self._retries = retries
        self._owes_acknowledgement = False
        self._begin()
        self.send(Hello())

    def _begin(self) -> None:
        self._out: deque[Message] = deque()
        self._first = 0
        self._sent = 0
        self._due_s = math.inf
        self._tries = 0
        self._received = 0

    @property
    def backlog(self) -> int:
        """How many messages are not acknowledged."""
        return len(self._out)

    @property
    def due_s(self) -> float:
        """When to send next: at once (-inf), for want of an acknowledgement, or never (inf)."""
        if self._sent < min(len(self._out), FRAME_MESSAGES):
            return -math.inf
        return self._due_s if self._sent else math.inf

    def silent(self, now_s: float) -> bool:
        """Whether the peer has left as many tries unanswered as are worth it."""
        return self._tries == self._retries and now_s >= self.due_s

    def send(self, message: Message) -> None:
        """Say this with the next frame."""
        self._out.append(message)

    def receive(self, frame: Frame, now_s: float) -> Received:
        """Take what is new in a frame."""
        if frame.epoch < self.peer_epoch:
            return Received(False, ())
        restarted = 0 < self.peer_epoch < frame.epoch
        if restarted:
            self._begin()
        if self.peer_epoch != frame.epoch:
            self.peer_epoch = frame.epoch
            self._sent, self._tries = 0, 0
        self._owes_acknowledgement = bool(frame.messages)
        if frame.peer_epoch != self.epoch:
            return Received(restarted, ())
        self._acknowledge(frame.acknowledged, now_s)
        known = self._received - frame.first
        new = frame.messages[known:] if known >= 0 else ()
        self._received += len(new)
        return Received(restarted, new)

    def _acknowledge(self, acknowledged: int, now_s: float) -> None:
        count = acknowledged - self._first
        if not 0 < count <= self._sent:
            return
        for _ in range(count):
            self._out.popleft()
        self._first = acknowledged
        self._sent -= count
        self._tries = 0
        self._due_s = now_s + self._retry_s

    def flush(self, now_s: float) -> Frame | None:
        """The frame to send now, if any: what is new, what is due again, or an acknowledgement."""
        due = now_s >= self.due_s
        if not (due or self._owes_acknowledgement):
            return None
        self._owes_acknowledgement = False
        messages: tuple[Message, ...] = ()
        if due:
            messages = tuple(islice(self._out, FRAME_MESSAGES))
            again = self._sent > 0 and now_s >= self._due_s
            self._tries = min(self._tries + again, self._retries)
            if again or not self._sent:
                self._due_s = now_s + self._retry_s * 2**self._tries
            self._sent = len(messages)
        return Frame(self.epoch, self.peer_epoch, self._first, messages, self._received)
