"""Messages between two nodes over packets that are lost, doubled and reordered: each is handed on once."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from qstack.swapping.service.channel import LONGEST_WAIT, UNANSWERED, Channel
from qstack.swapping.service.messages import Complete, Message, Packet

RETRY_S = 1.0


def packet(channel: Channel, message: Message | None, number: int) -> Packet:
    return Packet("c", "a", "b", message, number, channel.answer())


class End:
    """One end, with what it has put on the way and what it was told."""

    def __init__(self) -> None:
        self.channel = Channel(RETRY_S)
        self.sent: list[Packet] = []
        self.told: list[int] = []

    def say(self, number: int, now_s: float) -> None:
        message = Complete(number)
        self.sent.append(packet(self.channel, message, self.channel.number(message, now_s)))

    def hear(self, each: Packet, now_s: float) -> None:
        if self.channel.receive(each, now_s):
            assert isinstance(each.message, Complete)
            self.told.append(each.message.request_id)

    def send_again(self, now_s: float) -> None:
        for number, message in self.channel.due(now_s):
            self.sent.append(packet(self.channel, message, number))


@given(st.data())
def test_every_message_is_handed_on_once(data: st.DataObject) -> None:
    ends = End(), End()
    said = [0, 0]
    now_s = 0.0
    for _ in range(data.draw(st.integers(0, 40))):
        side = data.draw(st.integers(0, 1))
        sent = ends[side].sent
        match data.draw(st.sampled_from(["say", "deliver", "copy", "lose", "wait"])):
            case "say":
                ends[side].say(said[side], now_s)
                said[side] += 1
            case "deliver" if sent:
                ends[1 - side].hear(sent.pop(data.draw(st.integers(0, len(sent) - 1))), now_s)
            case "copy" if sent:
                ends[1 - side].hear(sent[data.draw(st.integers(0, len(sent) - 1))], now_s)
            case "lose" if sent:
                sent.pop(data.draw(st.integers(0, len(sent) - 1)))
            case "wait":
                now_s += data.draw(st.floats(0, 3))
                ends[side].send_again(now_s)
    for _ in range(6):  # the network works again
        now_s += RETRY_S * 2**LONGEST_WAIT
        for side in (0, 1):
            ends[side].send_again(now_s)
            while ends[side].sent:
                ends[1 - side].hear(ends[side].sent.pop(), now_s)
    assert sorted(ends[1].told) == list(range(said[0]))
    assert sorted(ends[0].told) == list(range(said[1]))
    assert all(len(end.channel) == 0 and end.channel.due_s == math.inf for end in ends)


def test_waits_grow_and_start_anew_when_something_is_heard() -> None:
    end = End()
    end.say(0, 0.0)
    end.say(1, 0.0)
    dues = []
    for _ in range(9):
        dues.append(end.channel.due_s)
        end.send_again(end.channel.due_s)
    assert dues == [1, 3, 7, 15, 31, 63, 127, 191, 255]
    assert [each.sequence_number for each in end.sent[2:6]] == [0, 1, 0, 1]
    end.hear(Packet("c", "b", "a", None, -1, 1), 260.0)
    assert end.channel.due_s == 261
    assert len(end.channel) == 1


def test_acknowledgements_travel_with_messages_or_after_a_while() -> None:
    end = End()
    end.hear(Packet("c", "b", "a", Complete(0), 0, 0), 0.0)
    assert end.channel.due_s == RETRY_S / 4
    end.say(7, 0.1)
    assert end.sent.pop().acknowledged == 1
    assert end.channel.due_s == 1.1
    for number in range(1, UNANSWERED + 1):
        end.hear(Packet("c", "b", "a", Complete(number), number, 0), 0.2)
    assert end.channel.due_s == 0.2
    end.send_again(0.2)
    assert [(each.message, each.acknowledged) for each in end.sent] == [(None, UNANSWERED + 1)]


def test_an_acknowledgement_does_not_cover_what_is_missing() -> None:
    end = End()
    for number in (0, 2, 3):
        end.hear(Packet("c", "b", "a", Complete(number), number, 0), 0.0)
    assert end.channel.answer() == 1
    end.hear(Packet("c", "b", "a", Complete(1), 1, 0), 0.0)
    assert end.channel.answer() == 4
    assert end.told == [0, 2, 3, 1]
