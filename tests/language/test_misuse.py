"""Every misuse has its own error, which names the role, the qubit or value, and the source line."""

from __future__ import annotations

import copy
import math

import pytest

from qstack.errors import InputError
from qstack.language import (
    AngleError,
    ArgumentError,
    BasisError,
    Bit,
    ConditionError,
    DuplicateNameError,
    LocalityError,
    NoCloningError,
    Node,
    ProbabilityError,
    Protocol,
    RepeatError,
    SameQubitError,
    SelfEntangleError,
    SelfSendError,
    StateError,
    TracedBitError,
    TraceError,
    ValuesError,
    draw_jointly,
    entangle,
    protocol,
    repeat,
    require,
    select,
)

CASES: list[tuple[Protocol, type[Exception], str]] = []


def misuse(error: type[Exception], *needles: str):
    """Register a protocol that must raise `error` with all of the needles and a source line of this file."""

    def register(function):
        CASES.append(pytest.param(protocol(function), error, needles, id=function.__name__))
        return function

    return register


@misuse(NoCloningError, "qubit q0 of alice", "measured at test_misuse.py:")
def used_after_measuring(alice: Node, bob: Node):
    q = alice.qubit()
    q.measure()
    q.h()


@misuse(NoCloningError, "q0", "discarded at")
def used_after_discarding(alice: Node, bob: Node):
    q = alice.qubit()
    q.discard()
    q.measure()


@misuse(NoCloningError, "q0", "transmitted to bob at")
def used_after_sending_away(alice: Node, bob: Node):
    q = alice.qubit()
    q.transmit(bob)
    q.x()


@misuse(NoCloningError, "q0", "measured at")
def target_of_a_gate_is_gone(alice: Node, bob: Node):
    q, r = alice.qubit(), alice.qubit()
    q.measure()
    r.cx(q)


@misuse(NoCloningError, "cannot be copied")
def copied(alice: Node, bob: Node):
    copy.copy(alice.qubit())


@misuse(NoCloningError, "cannot be copied")
def copied_deeply(alice: Node, bob: Node):
    copy.deepcopy([alice.qubit()])


@misuse(LocalityError, "q0 at alice", "q1 at bob", "teleport")
def gate_across_nodes(alice: Node, bob: Node):
    a, b = entangle(alice, bob)
    a.cx(b)


@misuse(LocalityError, "bob does not know m0", "only alice", ".send(bob)")
def bit_not_sent(alice: Node, bob: Node):
    a, b = entangle(alice, bob)
    b.x(when=a.measure())


@misuse(LocalityError, "bob does not know", "alice")
def angle_not_sent(alice: Node, bob: Node):
    bob.qubit().rx(alice.draw("d") * 1.0)


@misuse(LocalityError, "no node knows both d0", "d1", ".send(bob)")
def bits_of_different_nodes(alice: Node, bob: Node):
    alice.draw("x") ^ bob.draw("y")


@misuse(LocalityError, "d0", "d1")
def chooser_elsewhere(alice: Node, bob: Node):
    alice.draw("x").select([0, bob.draw("y")])


@misuse(LocalityError, "bob does not know d0")
def not_known_there(alice: Node, bob: Node):
    alice.draw("x").at(bob)


@misuse(TracedBitError, "m0", "when=", "select")
def python_if(alice: Node, bob: Node):
    if alice.qubit().measure():
        pass


@misuse(TracedBitError, "no value yet")
def python_and(alice: Node, bob: Node):
    alice.draw("x") and alice.draw("y")


@misuse(TracedBitError, "d0")
def as_int(alice: Node, bob: Node):
    int(alice.draw("x", values=5))


@misuse(TracedBitError, "d0")
def as_float(alice: Node, bob: Node):
    math.sin(alice.draw("x"))


@misuse(TracedBitError, "d0")
def as_index(alice: Node, bob: Node):
    ["a", "b"][alice.draw("x")]


@misuse(TracedBitError, "d0")
def in_a_set(alice: Node, bob: Node):
    {alice.draw("x")}


@misuse(TracedBitError, "d0")
def compared_by_size(alice: Node, bob: Node):
    _ = alice.draw("x", values=3) < 2


@misuse(TracedBitError, "no value yet")
def compared_angles(alice: Node, bob: Node):
    _ = alice.draw("x") * 1.0 == 1.0


@misuse(TracedBitError, "qubit q0 of alice has no value")
def if_on_a_qubit(alice: Node, bob: Node):
    if alice.qubit():
        pass


@misuse(SameQubitError, "q0 twice", "alice")
def one_qubit_twice(alice: Node, bob: Node):
    q = alice.qubit()
    q.cz(q)


@misuse(SelfEntangleError, "alice")
def pair_with_itself(alice: Node, bob: Node):
    entangle(alice, alice)


@misuse(SelfSendError, "alice would send d0 to itself")
def sent_to_itself(alice: Node, bob: Node):
    alice.draw("x").send(alice)


@misuse(SelfSendError, "transmit qubit q0 to itself")
def photon_to_itself(alice: Node, bob: Node):
    alice.qubit().transmit(alice)


@misuse(TraceError, "q0 of bob came as a photon")
def photon_sent_on(alice: Node, bob: Node):
    q, _ = alice.qubit().transmit(bob)
    q.transmit(alice)


@misuse(ArgumentError, "send takes the node")
def sent_nowhere(alice: Node, bob: Node):
    alice.draw("x").send()


@misuse(ArgumentError, "'bob' is no node")
def sent_to_a_name(alice: Node, bob: Node):
    alice.draw("x").send("bob")


@misuse(BasisError, "q0 of alice", "'x'", "did you mean X?")
def basis_typo(alice: Node, bob: Node):
    alice.qubit().measure("x")


@misuse(BasisError, "'H'", "X, Y and Z")
def no_such_basis(alice: Node, bob: Node):
    alice.qubit().measure("H")


@misuse(StateError, "alice", "'2'", "+i")
def no_such_state(alice: Node, bob: Node):
    alice.qubit("2")


@misuse(AngleError, "bit * math.pi")
def bit_as_angle(alice: Node, bob: Node):
    alice.qubit().rx(alice.draw("x"))


@misuse(AngleError, "'pi'")
def text_as_angle(alice: Node, bob: Node):
    alice.qubit().rx("pi")


@misuse(AngleError, "finite")
def infinite_angle(alice: Node, bob: Node):
    alice.qubit().rx(math.inf)


@misuse(AngleError, "True")
def bool_as_angle(alice: Node, bob: Node):
    alice.qubit().rx(True)


@misuse(ConditionError, "q0 of alice", "d == 2")
def integer_as_condition(alice: Node, bob: Node):
    alice.qubit().x(when=alice.draw("d", values=3))


@misuse(ConditionError, "require takes a bit")
def integer_required(alice: Node, bob: Node):
    require(alice.draw("d", values=3))


@misuse(ProbabilityError, "alice and bob", "fidelity 2")
def impossible_fidelity(alice: Node, bob: Node):
    entangle(alice, bob, fidelity=2)


@misuse(ProbabilityError, "survival is -1")
def impossible_survival(alice: Node, bob: Node):
    alice.qubit().transmit(bob, survival=-1)


@misuse(ProbabilityError, "sum to 1")
def probabilities_too_large(alice: Node, bob: Node):
    alice.draw("d", values=3, p=[0.5, 0.5, 0.5])


@misuse(ProbabilityError, "3 combinations", "2 probabilities")
def probabilities_too_few(alice: Node, bob: Node):
    alice.draw("d", values=3, p=[0.5, 0.5])


@misuse(ProbabilityError, "sum to 1")
def probabilities_are_text(alice: Node, bob: Node):
    alice.draw("d", p="half")


@misuse(ValuesError, "values=1")
def one_value(alice: Node, bob: Node):
    alice.draw("d", values=1)


@misuse(ValuesError, "values=300")
def too_many_values(alice: Node, bob: Node):
    alice.input("d", values=300)


@misuse(ValuesError, "3 values", "2 options")
def options_do_not_fit(alice: Node, bob: Node):
    select(alice.draw("d", values=3), [0, 1])


@misuse(ValuesError, "-1")
def negative_option(alice: Node, bob: Node):
    alice.draw("d").select([0, -1])


@misuse(ArgumentError, "cannot mix")
def mixed_options(alice: Node, bob: Node):
    alice.draw("d").select([0.5, alice.draw("e")])


@misuse(ArgumentError, "'yes'")
def text_options(alice: Node, bob: Node):
    alice.draw("d").select(["yes", "no"])


@misuse(ArgumentError, "chooser", "1")
def plain_chooser(alice: Node, bob: Node):
    select(1, [0, 1])


@misuse(ArgumentError, "compare integers with ==")
def logic_on_integers(alice: Node, bob: Node):
    alice.draw("x") ^ alice.draw("d", values=3)


@misuse(ArgumentError, "takes another qubit", "q0 of alice")
def gate_on_a_bit(alice: Node, bob: Node):
    alice.qubit().cx(alice.draw("x"))


@misuse(ArgumentError, "second end of a pair is a node", ".node")
def pair_with_a_qubit(alice: Node, bob: Node):
    entangle(alice, bob.qubit())


@misuse(ArgumentError, "triples")
def joint_draw_of_nothing(alice: Node, bob: Node):
    draw_jointly()


@misuse(DuplicateNameError, "alice has an input 'x' already, from test_misuse.py:")
def one_input_twice(alice: Node, bob: Node):
    alice.input("x")
    bob.input("x")
    alice.input("x")


@misuse(TraceError, "alice.do", "conversation")
def do_in_a_program(alice: Node, bob: Node):
    alice.do(len, [])


@misuse(TraceError, "alice.rng", ".draw")
def rng_in_a_program(alice: Node, bob: Node):
    alice.rng.random()


@misuse(RepeatError, "q0 of alice", "made outside the repeated body", "measured")
def outer_qubit_measured(alice: Node, bob: Node):
    q = alice.qubit()
    repeat(lambda: q.measure(), until=lambda m: m, at_most=2)


@misuse(RepeatError, "reset")
def outer_qubit_reset(alice: Node, bob: Node):
    q = alice.qubit()
    repeat(lambda: [q.reset(), alice.draw("d")][1], until=lambda m: m, at_most=2)


@misuse(RepeatError, "Qubits stay inside")
def qubit_returned_from_repeat(alice: Node, bob: Node):
    repeat(lambda: (alice.qubit(), alice.draw("d")), until=lambda both: both[1], at_most=2)


@misuse(RepeatError, "at_most=0")
def no_rounds(alice: Node, bob: Node):
    repeat(lambda: alice.draw("d"), until=lambda m: m, at_most=0)


@misuse(RepeatError, "more than 4096 products")
def too_many_rounds(alice: Node, bob: Node):
    repeat(lambda: alice.draw("d"), until=lambda m: m, at_most=20)


@misuse(ConditionError, "`until` of a repeat returns a bit")
def until_is_no_bit(alice: Node, bob: Node):
    repeat(lambda: alice.draw("d"), until=lambda m: True, at_most=2)


@misuse(LocalityError, "bob acts on qubit q0 from outside", "sent to bob")
def outer_qubit_of_a_node_that_does_not_know(alice: Node, bob: Node):
    q = bob.qubit()

    def body() -> Bit:
        q.x()
        return alice.draw("d")

    repeat(body, until=lambda d: d, at_most=2)


@misuse(LocalityError, "the result d0 of every round (known at alice)", "known at bob")
def result_and_success_are_apart(alice: Node, bob: Node):
    repeat(lambda: (alice.draw("d"), bob.draw("e")), until=lambda both: both[1], at_most=2)


@pytest.mark.parametrize(("wrong", "error", "needles"), CASES)
def test_misuse(wrong: Protocol, error: type[Exception], needles: tuple[str, ...]):
    with pytest.raises(error) as caught:
        wrong.trace()
    assert type(caught.value) is error
    assert isinstance(caught.value, InputError)
    message = str(caught.value)
    assert message.startswith("test_misuse.py:")
    for needle in needles:
        assert needle in message


def test_the_line_is_the_one_at_fault():
    @protocol
    def twice(alice: Node):
        q = alice.qubit()
        q.measure()
        q.measure()

    start = twice.__wrapped__.__code__.co_firstlineno
    with pytest.raises(NoCloningError) as caught:
        twice.trace()
    assert str(caught.value).startswith(f"test_misuse.py:{start + 4}: ")
    assert f"measured at test_misuse.py:{start + 3};" in str(caught.value)
