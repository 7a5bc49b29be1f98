"""Machines driven by hand: what each asks for and says, and when; and what it does with what comes too late."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from qstack.link.service import PairId as LinkPairId
from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, Purify, Swap
from qstack.swapping.policies import swap_asap
from qstack.swapping.service import (
    Action,
    Cancel,
    Checked,
    CheckPair,
    Circuit,
    CircuitError,
    Deliver,
    Discard,
    Done,
    Event,
    Generate,
    LinkReady,
    MeasureBell,
    Measured,
    Packet,
    PairId,
    Request,
    Settings,
    Stop,
    SwapMachine,
    Wake,
)
from qstack.swapping.service.messages import Check, Complete, Expire, Forward, Hold, Join, Message, Name, Take, Track

PATIENT = Settings(retry_s=100.0)


def link(name: str, number: int = 0) -> LinkPairId:
    return LinkPairId(name, (1, 1), number)


AB, BC = link("a-b"), link("b-c")


class Line:
    """The machines of a path. Packets wait in `mail` until they are passed on."""

    def __init__(self, plan: Plan, flight_s: tuple[float, ...], settings: Settings = PATIENT) -> None:
        path = tuple("abcdefgh"[: len(flight_s) + 1])
        circuit = Circuit("line", path, plan, flight_s)
        self.machines = {node: SwapMachine(circuit, node, settings) for node in path}
        self.mail: list[Packet] = []

    def tell(self, node: str, event: Event, now_s: float) -> list[Action]:
        """What the node wants done, apart from mail."""
        actions = self.machines[node].handle(event, now_s)
        self.mail += [action for action in actions if isinstance(action, Packet)]
        return [action for action in actions if not isinstance(action, Packet)]

    def said(self) -> list[tuple[str, Message | None]]:
        """What is in the mail, and for whom; the mail is emptied."""
        mail, self.mail = self.mail, []
        return [(packet.target, packet.message) for packet in mail]

    def post(self, now_s: float, target: str = "") -> dict[str, list[Action]]:
        """Pass the mail on, to one node only if it is named; what all want done."""
        mail = [packet for packet in self.mail if target in ("", packet.target)]
        self.mail = [packet for packet in self.mail if packet not in mail]
        wanted: dict[str, list[Action]] = {}
        for packet in mail:
            wanted.setdefault(packet.target, []).extend(self.tell(packet.target, packet, now_s))
        return wanted

    def begin(self, number: int = 1) -> dict[str, list[Action]]:
        """A request, and the moment at which all start, which is time 0."""
        flight_s = self.machines["a"].circuit.flight(0, len(self.machines) - 1)
        assert self.tell("a", Request(5, number), -flight_s) == ([] if flight_s else [Generate(0, (0, 0, 0))])
        self.post(-0.0)
        return {node: self.tell(node, Wake(), 0.0) for node in self.machines}


def test_the_life_of_a_request() -> None:
    line = Line(swap_asap(2), (1.0, 2.0))
    assert line.tell("a", Request(5, 1), 10.0) == []
    forward = Forward(5, 0, 1, 13.0)
    assert [(packet.target, packet.message) for packet in line.mail] == [("b", forward), ("c", forward)]
    assert line.post(13.0, "c") == {"c": [Generate(1, (0, 1, 0))]}
    assert line.post(11.0, "b") == {"b": []}
    assert [line.machines[node].wake_s for node in "ab"] == [13.0, 13.0]
    assert line.tell("a", Wake(), 13.0) == [Generate(0, (0, 0, 0))]
    assert line.tell("b", Wake(), 13.0) == [Generate(0, (0, 0, 0)), Generate(1, (0, 1, 0))]
    for node in "ab":
        assert line.tell(node, LinkReady((0, 0, 0), AB, 2), 20.0) == []
    assert line.tell("c", LinkReady((0, 1, 0), BC, 3), 21.0) == []
    assert line.tell("b", LinkReady((0, 1, 0), BC, 3), 21.0) == [MeasureBell(AB, BC)]
    assert line.mail == []
    assert line.tell("b", Measured(AB, BC, True, 2), 22.0) == []
    (for_a, track), (for_c, same) = [(packet.target, packet.message) for packet in line.mail]
    assert (for_a, for_c) == ("a", "c")
    assert isinstance(track, Track)
    assert track == same
    assert (track.left.links, track.right.links, track.since_s, track.measured_s) == ((AB,), (BC,), (20.0, 21.0), 22.0)
    # The head hears of it first, and waits for the tail.
    assert line.post(23.0, "a") == {"a": []}
    assert line.machines["a"].wake_s == 24.0
    delivered = Deliver(PairId("line", 0), 5, 2 ^ 3 ^ 2, (AB, BC), 24.0)
    assert line.tell("a", Wake(), 24.0) == [delivered]
    assert line.post(24.0, "c") == {"c": [delivered]}
    assert line.tell("b", Wake(), 24.0) == []
    assert line.said() == [("a", Complete(5))]
    line.tell("c", Wake(), 24.0 + PATIENT.retry_s)
    assert line.post(27.0)["a"] == [Done(5)]
    assert [machine.running for machine in line.machines.values()] == [0, 0, 0]


def swapped(line: Line, succeeded: bool = True, bell_index: int = 0) -> None:
    """Both links are there at time 1, and the node between has measured; its mail waits."""
    for node, event in (("a", (0, AB)), ("b", (0, AB)), ("b", (1, BC)), ("c", (1, BC))):
        hop, pair_id = event
        line.tell(node, LinkReady((0, hop, 0), pair_id, 0), 1.0)
    line.tell("b", Measured(AB, BC, succeeded, bell_index), 1.0)


def test_a_failed_swap_begins_again_everywhere_at_once() -> None:
    line = Line(swap_asap(2), (1.0, 2.0))
    line.begin()
    swapped(line, succeeded=False)
    assert line.post(2.0, "a") == {"a": []}
    assert line.post(3.0, "c") == {"c": [Discard(BC), Generate(1, (0, 1, 1))]}
    assert line.tell("a", Wake(), 3.0) == [Discard(AB), Generate(0, (0, 0, 1))]
    assert line.tell("b", Wake(), 3.0) == [Generate(0, (0, 0, 1)), Generate(1, (0, 1, 1))]


def test_copies_of_a_message_do_nothing() -> None:
    line = Line(swap_asap(2), (0.0, 0.0))
    line.begin(2)
    swapped(line)
    copies = list(line.mail)
    wanted = line.post(1.0)
    assert [len(wanted[node]) for node in "ac"] == [2, 2]
    for copy in copies:
        assert line.tell(copy.target, copy, 1.5) == []
    assert line.machines["a"].running == 2


def test_a_message_that_comes_early_waits_until_it_makes_sense() -> None:
    line = Line(swap_asap(2), (0.0, 0.0))
    assert line.tell("a", Request(5, 1), 0.0) == [Generate(0, (0, 0, 0))]
    line.post(0.0, "b")
    (forward,) = [packet for packet in line.mail if isinstance(packet.message, Forward)]
    line.mail.clear()
    for event in (LinkReady((0, 0, 0), AB, 0), LinkReady((0, 1, 0), BC, 1), Measured(AB, BC, True, 0)):
        line.tell("b", event, 1.0)
    assert line.post(1.0, "c") == {"c": []}
    assert line.machines["c"].backlog == 1
    # The outcome is known here, but not yet what was measured.
    assert line.tell("c", forward, 2.0) == [Generate(1, (0, 1, 0))]
    assert line.machines["c"].backlog == 0
    delivered = Deliver(PairId("line", 0), 5, 1, (AB, BC), 3.0)
    assert line.tell("c", LinkReady((0, 1, 0), BC, 1), 3.0) == [delivered]


def test_what_comes_too_late_is_thrown_away() -> None:
    line = Line(Multiplex(of=LinkPair(hop=0), tries=2), (0.0,))
    line.tell("a", Request(5, 1), 0.0)
    line.post(0.0)
    first, second = link("a-b", 1), link("a-b", 2)
    taken = line.tell("a", LinkReady((0, 1, 0), first, 3), 1.0)
    assert taken == [Cancel(0, (0, 0, 0)), Deliver(PairId("line", 0), 5, 3, (first,), 1.0)]
    assert line.tell("a", LinkReady((0, 0, 0), second, 0), 1.0) == [Discard(second)]


def test_the_left_end_says_which_copy_is_taken() -> None:
    line = Line(Multiplex(of=swap_asap(2), tries=2), (1.0, 1.0))
    line.tell("a", Request(5, 1), -2.0)
    line.post(0.0)
    line.tell("a", Wake(), 0.0)
    for node, hop in (("a", 0), ("b", 0), ("b", 1), ("c", 1)):
        line.tell(node, LinkReady((0, 1, 0, hop, 0), (AB, BC)[hop], 0), 1.0)
    line.tell("b", Measured(AB, BC, True, 0), 1.0)
    assert line.post(2.0, "c") == {"c": []}
    assert line.post(2.0, "a") == {"a": [Cancel(0, (0, 0, 0, 0, 0))]}
    assert [packet.message for packet in line.mail] == [Take((0, 1, 0), 2.0)] * 2
    delivered = Deliver(PairId("line", 0), 5, 0, (AB, BC), 4.0)
    assert line.post(3.0, "b") == {"b": [Cancel(0, (0, 0, 0, 0, 0)), Cancel(1, (0, 0, 0, 1, 0))]}
    assert line.post(4.0, "c") == {"c": [Cancel(1, (0, 0, 0, 1, 0)), delivered]}
    assert line.tell("a", Wake(), 4.0) == [delivered]


def purified(outcomes: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[Line, list[Any]]:
    """Two pairs of one hop, checked at both ends; what was asked of the ends."""
    line = Line(Purify(of=LinkPair(hop=0)), (1.0,))
    line.tell("a", Request(5, 1), -1.0)
    line.post(0.0)
    line.tell("a", Wake(), 0.0)
    pairs = link("a-b", 1), link("a-b", 2)
    asked: list[Any] = []
    for turn, pair_id in enumerate(pairs):
        for node in "ab":
            asked += line.tell(node, LinkReady((0, turn + 1, 0), pair_id, 3 - turn), float(turn + 1))
    for node, found, now_s in (("a", outcomes[0], 2.5), ("b", outcomes[1], 2.7)):
        line.tell(node, Checked(pairs[0], found), now_s)
    return line, asked


def test_the_right_end_corrects_before_a_check() -> None:
    _, asked = purified(((0,), (0,)))
    one, other = link("a-b", 1), link("a-b", 2)
    assert asked == [
        Generate(0, (0, 2, 0)),
        Generate(0, (0, 2, 0)),
        CheckPair("dejmps", one, (other,), (0, 0)),
        CheckPair("dejmps", one, (other,), (3, 2)),
    ]


def test_equal_outcomes_are_a_success_when_both_are_known() -> None:
    line, _ = purified(((1,), (1,)))
    checks = [packet.message for packet in line.mail if isinstance(packet.message, Check)]
    assert [(check.kept, check.side, check.measured_s) for check in checks] == [
        ((0, 1, 0), 0, 2.5),
        ((0, 1, 0), 1, 2.7),
    ]
    assert line.post(3.5, "b") == {"b": []}
    delivered = Deliver(PairId("line", 0), 5, 0, (link("a-b", 1),), 3.7)
    assert line.tell("b", Wake(), 3.7) == [delivered]
    assert line.post(3.7, "a") == {"a": [delivered, Done(5)]}


def test_different_outcomes_begin_again() -> None:
    line, _ = purified(((1,), (0,)))
    line.post(3.5, "b")
    again = [Discard(link("a-b", 1)), Generate(0, (0, 1, 1))]
    assert line.tell("b", Wake(), 3.7) == again
    assert line.post(3.7, "a") == {"a": again}


def waiting(scope: Any) -> tuple[Line, Name]:
    """The first of two links is there at time 1, and may wait for 4 s."""
    line = Line(Cutoff(of=swap_asap(2), age_s=4.0, scope=scope), (1.0, 1.0))
    line.begin()
    line.said()
    for node in "ab":
        assert line.tell(node, LinkReady((0, 0, 0), AB, 0), 1.0) == []
    return line, (0, 0, 0)


def test_a_circuit_is_given_up_when_its_first_pair_is_too_old() -> None:
    line, pair = waiting("circuit")
    assert line.said() == [("a", Hold(pair, 1.0)), ("c", Hold(pair, 1.0))]
    expired_s = line.machines["b"].wake_s
    assert expired_s == pytest.approx(5.0, abs=2e-9)
    assert line.tell("b", Wake(), expired_s) == []
    assert [packet.message for packet in line.mail] == [Expire(pair, 1.0)] * 2
    wanted = line.post(expired_s + 1.0)
    assert wanted["a"] == [Discard(AB), Generate(0, (0, 0, 1))]
    assert wanted["c"] == [Cancel(1, (0, 1, 0)), Generate(1, (0, 1, 1))]
    assert line.tell("b", Wake(), expired_s + 1.0) == [
        Discard(AB),
        Cancel(1, (0, 1, 0)),
        Generate(0, (0, 0, 1)),
        Generate(1, (0, 1, 1)),
    ]


def test_a_single_pair_is_given_up_and_the_other_goes_on() -> None:
    line, pair = waiting("pair")
    assert line.said() == []
    expired_s = line.machines["b"].wake_s
    line.tell("b", Wake(), expired_s)
    assert [packet.message for packet in line.mail] == [Expire(pair, 1.0)] * 2
    # The other pair is ready meanwhile; what is given up is not used any more.
    for node in "bc":
        assert line.tell(node, LinkReady((0, 1, 0), BC, 0), expired_s + 0.5) == []
    wanted = line.post(expired_s + 1.0)
    assert wanted == {"a": [Discard(AB), Generate(0, (0, 0, 1))], "c": []}
    assert line.tell("b", Wake(), expired_s + 1.0) == [Discard(AB), Generate(0, (0, 0, 1))]
    fresh = link("a-b", 1)
    assert line.tell("b", LinkReady((0, 0, 1), fresh, 0), expired_s + 2.0) == [MeasureBell(fresh, BC)]
    joins = [message for _, message in line.said() if isinstance(message, Join)]
    assert joins == [Join((0, 0, 1), (0, 1, 0), (expired_s + 2.0, expired_s + 0.5), expired_s + 2.0)] * 2


def test_a_circuit_that_was_too_late_is_given_up_though_all_has_been_measured() -> None:
    """The word of the junction that it is too late has been lost; its outcome says so as well."""
    line, _ = waiting("circuit")
    line.said()
    line.tell("b", LinkReady((0, 1, 0), BC, 0), 5.5)
    line.tell("b", Measured(AB, BC, True, 0), 5.5)
    tracks = [packet for packet in line.mail if isinstance(packet.message, Track)]
    line.mail = tracks
    assert line.post(6.5, "a") == {"a": [Discard(AB), Generate(0, (0, 0, 1))]}


def test_what_is_ready_at_the_very_cutoff_is_used() -> None:
    for scope in ("circuit", "pair"):
        line, _ = waiting(scope)
        assert line.tell("b", LinkReady((0, 1, 0), BC, 0), 5.0) == [MeasureBell(AB, BC)]


def test_requests_are_served_one_after_the_other() -> None:
    line = Line(LinkPair(hop=0), (0.0,))
    assert line.tell("a", Request(8, 2), 0.0) == [Generate(0, (0,))]
    assert line.tell("a", Request(9, 1), 0.0) == []
    line.post(0.0)
    seen: list[Action] = []
    for number in range(3):
        for node in "ab":
            seen += line.tell(node, LinkReady((number,), link("a-b", number), number), float(number))
        for actions in (line.post(float(number)), line.post(float(number))):
            seen += [action for node in actions.values() for action in node]
    assert [each for each in seen if isinstance(each, Done)] == [Done(8), Done(9)]
    delivered = [each for each in seen if isinstance(each, Deliver)]
    assert [(each.pair_id.number, each.request_id) for each in delivered] == [
        (0, 8), (0, 8), (1, 8), (1, 8), (2, 9), (2, 9),
    ]  # fmt: skip


def test_no_more_links_are_asked_for_while_a_peer_does_not_keep_up() -> None:
    line = Line(Cutoff(of=swap_asap(2), age_s=4.0), (0.0, 0.0), replace(PATIENT, window=1))
    line.begin()
    line.tell("b", LinkReady((0, 0, 0), AB, 0), 1.0)
    expired_s = line.machines["b"].wake_s
    # HOLD and EXPIRE are not acknowledged.
    assert line.tell("b", Wake(), expired_s) == [Discard(AB), Cancel(1, (0, 1, 0))]
    acknowledgement = Packet("line", "c", "b", None, -1, 2)
    assert line.tell("b", acknowledgement, expired_s + 1) == []
    again = [Generate(0, (0, 0, 1)), Generate(1, (0, 1, 1))]
    assert line.tell("b", replace(acknowledgement, source="a"), expired_s + 1) == again


def test_a_circuit_that_is_taken_down_holds_nothing() -> None:
    line = Line(swap_asap(2), (0.0, 0.0))
    line.begin()
    line.tell("b", LinkReady((0, 0, 0), AB, 0), 1.0)
    assert line.tell("b", Stop(), 2.0) == [Discard(AB), Cancel(1, (0, 1, 0))]
    assert line.tell("b", LinkReady((0, 1, 0), BC, 0), 2.0) == [Discard(BC)]
    line.tell("a", LinkReady((0, 0, 0), AB, 0), 1.0)
    assert line.tell("a", Stop(), 2.0) == [Discard(AB)]
    with pytest.raises(CircuitError, match="circuit line is taken down"):
        line.tell("a", Request(6, 1), 3.0)
    assert line.machines["b"].wake_s == math.inf
    assert line.machines["b"].running == line.machines["b"].backlog == 0
    line.said()
    assert line.tell("b", Packet("line", "a", "b", Forward(6, 1, 1, 3.0), 1, 0), 3.0) == []
    assert line.mail == []


def test_a_measurement_that_ends_after_its_circuit_says_nothing() -> None:
    line = Line(swap_asap(2), (0.0, 0.0))
    line.begin()
    for hop, pair_id in enumerate((AB, BC)):
        line.tell("b", LinkReady((0, hop, 0), pair_id, 0), 1.0)
    assert line.tell("b", Stop(), 1.5) == []
    line.said()
    assert line.tell("b", Measured(AB, BC, True, 0), 2.0) == []
    assert line.mail == []


def test_what_makes_no_sense_is_refused() -> None:
    line = Line(swap_asap(2), (0.0, 0.0))
    with pytest.raises(CircuitError, match="ask the head, a"):
        line.tell("b", Request(1, 1), 0.0)
    with pytest.raises(CircuitError, match="0 pairs"):
        line.tell("a", Request(1, 0), 0.0)
    with pytest.raises(CircuitError, match="z is not on the path a - b - c"):
        SwapMachine(line.machines["a"].circuit, "z")
    line.begin()
    foreign = Packet("line", "a", "b", Hold((0, 0, 0), 1.0), 7, 0)
    with pytest.raises(CircuitError, match="install the same plan at all nodes"):
        line.tell("b", foreign, 1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": ("a",), "flight_s": ()}, "1 nodes and 0 flight times"),
        ({"flight_s": (0.0,)}, "3 nodes and 1 flight times"),
        ({"path": ("a", "b", "a")}, "a - b - a: a node comes twice"),
        ({"flight_s": (0.0, -1.0)}, "give 0 or more seconds"),
        ({"flight_s": (0.0, math.nan)}, "give 0 or more seconds"),
        ({"plan": swap_asap(3)}, "the plan leads from node 0 to 3, the path from 0 to 2"),
        ({"plan": Swap(parts=(LinkPair(hop=1), LinkPair(hop=2)))}, "the plan leads from node 1 to 3"),
    ],
)
def test_circuits_whose_parts_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    fitting: dict[str, Any] = {
        "circuit_id": "line",
        "path": ("a", "b", "c"),
        "plan": swap_asap(2),
        "flight_s": (1.0, 1.0),
    }
    Circuit(**fitting)
    with pytest.raises(CircuitError, match=message):
        Circuit(**(fitting | changes))


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(CircuitError, match="retry_s is 0"):
        Settings(retry_s=0)
    with pytest.raises(CircuitError, match="window is 0"):
        Settings(window=0)
