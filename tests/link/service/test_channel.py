"""The stream between two ends: in order, once, whatever becomes of frames."""

from __future__ import annotations

import json
import math
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from qstack.link.service.channel import FRAME_MESSAGES, Channel
from qstack.link.service.messages import Frame, Hello, Message, Report, State
from tests.link.service.world import MEASURED, Schedule, World

RETRY_S = 1.0


def said(number: int) -> Report:
    return Report(number, State.GOT)


HELLO = Hello()


class Ends:
    """Two channels, all frames ever sent, and what each end has taken."""

    def __init__(self) -> None:
        self.channels = [Channel(epoch, RETRY_S, retries=3) for epoch in (1, 7)]
        self.frames: list[list[Frame]] = [[], []]
        self.spoken: list[list[Report]] = [[], []]
        self.taken: list[list[object]] = [[], []]
        self.now_s = 0.0

    def flush(self, end: int) -> None:
        if frame := self.channels[end].flush(self.now_s):
            self.frames[end].append(frame)

    def speak(self, end: int) -> None:
        message = said(len(self.spoken[end]))
        self.spoken[end].append(message)
        self.channels[end].send(message)
        self.flush(end)

    def deliver(self, end: int, index: int) -> None:
        """Any frame that was ever sent to this end, once more."""
        if frames := self.frames[1 - end]:
            received = self.channels[end].receive(frames[index % len(frames)], self.now_s)
            assert not received.restarted
            self.taken[end].extend(message for message in received.messages if message != HELLO)
            self.flush(end)


@given(st.lists(st.tuples(st.sampled_from(("speak", "deliver", "wait")), st.integers(0, 1), st.integers(0, 50))))
def test_messages_come_in_order_and_once(steps: list[tuple[str, int, int]]) -> None:
    ends = Ends()
    for step, end, index in steps:
        match step:
            case "speak":
                ends.speak(end)
            case "deliver":
                ends.deliver(end, index)
            case "wait":
                ends.now_s += index / 10
                ends.flush(end)
        for end in (0, 1):
            assert ends.taken[end] == ends.spoken[1 - end][: len(ends.taken[end])]
    for _ in range(10):
        ends.now_s += 100.0
        for end in (0, 1):
            ends.flush(end)
            ends.deliver(1 - end, -1)
    for end in (0, 1):
        assert ends.taken[end] == ends.spoken[1 - end]
        assert ends.channels[end].backlog == 0
        assert ends.channels[end].due_s == math.inf


def meet() -> Ends:
    """Two ends that know each other."""
    ends = Ends()
    for end in (0, 1) * 3:
        ends.flush(end)
        ends.deliver(1 - end, -1)
    assert [channel.peer_epoch for channel in ends.channels] == [7, 1]
    assert [channel.due_s for channel in ends.channels] == [math.inf, math.inf]
    return ends


def test_frames_are_plain_data() -> None:
    """They go through JSON and come back the same."""
    world = World(Schedule(frames=[0, 1, 0, 3] * 5, heralds=[0, 1, 0])).play(10.0)
    world.create("alice", number=2, consecutive=True, **MEASURED)
    world.create("bob", purpose_id=3)
    world.create("bob", number=2, max_time_s=5.0 + 1e-9, minimum_fidelity=0.1)
    world.play()
    adapter = TypeAdapter(Frame)
    kinds = set()
    for frame in world.sent:
        assert adapter.validate_json(json.dumps(adapter.dump_python(frame))) == frame
        kinds |= {type(message) for message in frame.messages}
    assert kinds == set(get_args(Message))


def test_a_frame_takes_a_handful_and_the_rest_follows() -> None:
    ends = meet()
    channel = ends.channels[0]
    for number in range(FRAME_MESSAGES + 5):
        channel.send(said(number))
    first = channel.flush(0.0)
    assert first is not None
    assert len(first.messages) == FRAME_MESSAGES
    assert channel.flush(0.5) is None
    assert len(ends.channels[1].receive(first, 0.5).messages) == FRAME_MESSAGES
    answer = ends.channels[1].flush(0.5)
    assert answer is not None
    assert answer.messages == ()
    channel.receive(answer, 0.6)
    second = channel.flush(0.6)
    assert second is not None
    assert second.messages == tuple(said(number) for number in range(FRAME_MESSAGES, FRAME_MESSAGES + 5))


def test_waits_twice_as_long_each_time_and_then_counts_as_silent() -> None:
    ends = meet()
    channel = ends.channels[0]
    channel.send(said(0))
    sent, now_s = [0.0], 0.0
    assert channel.flush(0.0) is not None
    while not channel.silent(channel.due_s):
        now_s = channel.due_s
        assert not channel.silent(math.nextafter(now_s, 0))
        assert channel.flush(math.nextafter(now_s, 0)) is None
        assert channel.flush(now_s) is not None
        sent.append(now_s)
    assert sent == [0.0, 1.0, 3.0, 7.0]
    assert channel.due_s == 15.0


def test_an_acknowledgement_is_not_acknowledged() -> None:
    ends = meet()
    ends.speak(0)
    ends.deliver(1, -1)
    ends.deliver(0, -1)
    counts = [len(frames) for frames in ends.frames]
    ends.deliver(0, -1)
    ends.flush(0)
    ends.flush(1)
    assert [len(frames) for frames in ends.frames] == counts
    assert [channel.due_s for channel in ends.channels] == [math.inf, math.inf]


def test_a_new_life_is_seen_and_the_old_one_is_not_heard() -> None:
    ends = meet()
    ends.speak(0)
    old = ends.frames[0][-1]
    peer = ends.channels[1]
    peer.send(said(0))
    again = Channel(2, RETRY_S, retries=3)
    greeting = again.flush(0.0)
    assert greeting is not None
    received = peer.receive(greeting, 0.0)
    assert received.restarted
    assert peer.backlog == 0
    assert peer.receive(old, 0.0) == (False, ())
    peer.send(said(5))
    answer = peer.flush(0.0)
    assert answer is not None
    assert again.receive(answer, 0.0) == (False, (said(5),))
    # What was said to the life before is not taken either.
    again.send(said(6))
    late = Frame(epoch=7, peer_epoch=1, first=1, messages=(said(9),), acknowledged=1)
    assert again.receive(late, 0.0) == (False, ())
    assert again.backlog == 2


def test_frames_that_cannot_be_of_this_session_change_nothing() -> None:
    """A peer that forgot the session but not its epoch: numbers that were never reached."""
    ends = meet()
    channel = ends.channels[0]
    channel.send(said(0))
    ahead = Frame(epoch=7, peer_epoch=1, first=3, messages=(said(8), said(9)), acknowledged=12)
    assert channel.receive(ahead, 0.0) == (False, ())
    assert channel.backlog == 1
    ends.flush(0)
    ends.deliver(1, -1)
    assert ends.taken[1] == [said(0)]
