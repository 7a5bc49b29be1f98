"""Plans as values: JSON and back, what is refused, and what people read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.errors import InputError
from qstack.swapping import (
    Cutoff,
    LinkPair,
    Multiplex,
    Plan,
    PlanError,
    Purify,
    Swap,
    balanced,
    nested_purification,
    read_plan,
    sequential,
    swap_asap,
    with_end_purification,
    with_link_purification,
)


@st.composite
def plans(draw: Any, first: int = 0, most_hops: int = 4) -> Plan:
    """Any plan that starts at a node."""
    if most_hops == 1 or draw(st.booleans()):
        made: Plan = LinkPair(hop=first)
    else:
        parts = [draw(plans(first, most_hops // 2))]
        parts.append(draw(plans(parts[-1].last, most_hops - most_hops // 2)))
        made = Swap(parts=tuple(parts))
        if draw(st.booleans()):
            age = draw(st.floats(1e-9, 1e9))
            made = Cutoff(of=made, age_s=age, scope=draw(st.sampled_from(["circuit", "pair"])))
    match draw(st.integers(0, 3)):
        case 0:
            scheme = draw(st.sampled_from(["dejmps", "bbpssw", "double_selection"]))
            style = draw(st.sampled_from(["nested", "pumped"]))
            return Purify(of=made, scheme=scheme, rounds=draw(st.integers(1, 2)), style=style)
        case 1:
            return Multiplex(of=made, tries=draw(st.integers(1, 5)))
    return made


@given(plans())
def test_plans_survive_json(plan: Plan) -> None:
    back = read_plan(plan.to_json())
    assert back == plan
    assert hash(back) == hash(plan)
    assert (back.first, back.last, back.size) == (plan.first, plan.last, plan.size)
    assert read_plan(json.loads(plan.to_json())) == plan


@given(plans(), plans())
def test_plans_are_equal_only_if_their_trees_are(first: Plan, second: Plan) -> None:
    assert (first == second) == (json.loads(first.to_json()) == json.loads(second.to_json()))


def test_json_is_small_and_defaults_may_be_left_out() -> None:
    assert json.loads(swap_asap(2).to_json()) == {
        "op": "swap",
        "parts": [{"op": "link", "hop": 0}, {"op": "link", "hop": 1}],
    }
    assert read_plan('{"op": "purify", "of": {"op": "link", "hop": 3}}') == Purify(
        of=LinkPair(hop=3), scheme="dejmps", rounds=1, style="nested"
    )


def test_a_plan_knows_its_segment_and_its_size() -> None:
    plan = Swap(parts=(Purify(of=LinkPair(hop=2), rounds=2), Multiplex(of=LinkPair(hop=3), tries=5)))
    assert (plan.first, plan.last) == (2, 4)
    assert (plan.size, plan.depth) == (5, 3)
    assert plan.link_pairs == 4 + 5
    assert plan.purifies
    assert not plan.parts[1].purifies
    assert Purify(of=LinkPair(hop=0), rounds=3, style="pumped").link_pairs == 4
    assert Purify(of=LinkPair(hop=0), rounds=2, scheme="double_selection").link_pairs == 9
    assert [vertex.label for vertex in plan.walk()] == [
        "swap", "DEJMPS x2", "link 2", "5 side by side", "link 3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "Invalid JSON"),
        ("[]", "no plan"),
        ('{"op": "swop"}', "'link', 'swap', 'purify', 'cutoff', 'multiplex'"),
        ('{"op": "link"}', "hop: Field required"),
        ('{"op": "link", "hop": -1}', "greater than or equal to 0"),
        ('{"op": "link", "hop": 0, "colour": 1}', "colour"),
        ('{"op": "swap", "parts": [{"op": "link", "hop": 0}]}', "at least 2"),
        ('{"op": "swap", "parts": [{"op": "link", "hop": 0}, {"op": "link", "hop": 0}]}', "consecutive"),
        ('{"op": "swap", "parts": [{"op": "link", "hop": 0}, {"op": "link", "hop": 2}]}', "ends at node 1"),
        ('{"op": "cutoff", "of": {"op": "link", "hop": 0}, "age_s": 1}', "Swap"),
        ('{"op": "multiplex", "of": {"op": "link", "hop": 0}, "tries": 0}', "greater than or equal to 1"),
        ('{"op": "purify", "of": {"op": "link", "hop": 0}, "rounds": 0}', "greater than or equal to 1"),
        ('{"op": "purify", "of": {"op": "link", "hop": 0}, "scheme": "magic"}', "dejmps"),
        ('{"op": "purify", "of": {"op": "link", "hop": 0}, "rounds": 30}', "1073741824 link pairs"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, message: str) -> None:
    with pytest.raises(PlanError, match=message) as caught:
        read_plan(text)
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("age", [0.0, -1.0, float("inf"), float("nan")])
def test_ages_are_positive_and_finite(age: float) -> None:
    with pytest.raises(PlanError, match="age_s"):
        Cutoff(of=swap_asap(2), age_s=age)


def test_plans_are_bounded() -> None:
    """In depth, in size and in the work they make, from JSON and from objects, and none of it takes long."""
    assert sequential(64).depth == 64
    assert read_plan(sequential(64).to_json()) == sequential(64)
    assert swap_asap(1000).size == 1001
    with pytest.raises(PlanError, match="64 levels"):
        sequential(65)
    with pytest.raises(PlanError, match="10000 vertices"):
        swap_asap(10_000)
    deep: dict[str, Any] = {"op": "link", "hop": 0}
    for _ in range(5000):
        deep = {"op": "multiplex", "of": deep, "tries": 1}
    with pytest.raises(PlanError):
        read_plan(deep)
    with pytest.raises(PlanError):
        read_plan('{"op": "multiplex", "tries": 1, "of": ' * 5000 + '{"op": "link", "hop": 0}' + "}" * 5000)
    with pytest.raises(PlanError, match="characters"):
        read_plan(" " * 10_000_000)
    crowded: Plan = LinkPair(hop=0)
    with pytest.raises(PlanError, match="link pairs"):
        for _ in range(4):
            crowded = Multiplex(of=crowded, tries=1000)


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (swap_asap(1), "one link"),
        (swap_asap(2), "1 swap as soon as possible"),
        (swap_asap(8), "7 swaps as soon as possible"),
        (
            with_end_purification(with_link_purification(swap_asap(4), 1), 1),
            "DEJMPS x1 on every link, 3 swaps as soon as possible, DEJMPS x1 end to end",
        ),
        (with_link_purification(swap_asap(1), 2), "DEJMPS x2 on every link, one link"),
        (balanced(8), "7 swaps in 3 levels"),
        (
            nested_purification(8, [1, 2, 0, 1], "bbpssw"),
            "BBPSSW x1 on every link, 7 swaps in 3 levels, BBPSSW x2 on 4 segments between, BBPSSW x1 end to end",
        ),
        (
            Cutoff(of=Swap(parts=(Multiplex(of=LinkPair(hop=0), tries=3), LinkPair(hop=1))), age_s=0.002),
            "3 side by side on 1 link, 1 swap as soon as possible, cutoff after 0.002 s end to end",
        ),
        (
            Purify(of=Cutoff(of=swap_asap(2), age_s=1, scope="pair"), scheme="double_selection", style="pumped"),
            "1 swap as soon as possible, pair cutoff after 1 s end to end, double selection x1 pumped end to end",
        ),
    ],
)
def test_plans_in_one_line(plan: Plan, text: str) -> None:
    assert str(plan) == plan.text == text


def test_plans_as_trees() -> None:
    plan = Swap(parts=(Purify(of=LinkPair(hop=0)), *(LinkPair(hop=hop) for hop in (1, 2, 3)), LinkPair(hop=4)))
    assert plan.drawing("ABCDEF").splitlines() == [
        "swap at B, C, D, E",
        "├─ DEJMPS x1, A - B",
        "│  └─ link A - B",
        "└─ link B - C",
        "   ... and 3 more like it, up to F",
    ]
    assert balanced(3).drawing().splitlines() == [
        "swap at 2",
        "├─ swap at 1",
        "│  ├─ link 0 - 1",
        "│  └─ link 1 - 2",
        "└─ link 2 - 3",
    ]
    assert len(swap_asap(1000).drawing().splitlines()) == 3
