"""Named plans: which node swaps when, and what is purified where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ranked,
    sequential,
    swap_asap,
    with_end_purification,
    with_link_purification,
)

A, B, C, D, E = (LinkPair(hop=hop) for hop in range(5))


def test_orders_of_swaps() -> None:
    assert swap_asap(1) == sequential(1) == balanced(1) == ranked([0, 0]) == A
    assert swap_asap(3) == Swap(parts=(A, B, C))
    assert sequential(4) == Swap(parts=(Swap(parts=(Swap(parts=(A, B)), C)), D))
    assert balanced(4) == Swap(parts=(Swap(parts=(A, B)), Swap(parts=(C, D))))
    assert balanced(5) == Swap(parts=(Swap(parts=(Swap(parts=(A, B)), Swap(parts=(C, D)))), E))
    assert balanced(8).depth == 4


@pytest.mark.parametrize(
    ("published", "plan"),
    [
        # Swap sequences of Abane et al. 2025 for three and four repeaters, by the names they have there.
        ([1, 0, 0, 0, 1], swap_asap(4)),
        ([3, 0, 1, 2, 3], sequential(4)),
        ([2, 0, 1, 0, 2], balanced(4)),
        ([3, 0, 1, 0, 2, 3], balanced(5)),
        ([3, 2, 1, 0, 3], Swap(parts=(A, Swap(parts=(B, Swap(parts=(C, D)))))))
    ],
)  # fmt: skip
def test_published_swap_sequences(published: list[int], plan: Plan) -> None:
    assert ranked(published) == plan


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=12))
def test_a_node_swaps_after_its_neighbours_of_lower_rank_and_together_with_equal_ones(ranks: list[int]) -> None:
    plan = ranked(ranks)
    assert (plan.first, plan.last) == (0, len(ranks) - 1)
    swapped_by: dict[int, Plan] = {}
    for vertex in plan.walk():
        if isinstance(vertex, Swap):
            swapped_by |= {part.last: vertex for part in vertex.parts[:-1]}
    assert sorted(swapped_by) == list(range(1, len(ranks) - 1))
    for node, vertex in swapped_by.items():
        for neighbour in {node - 1, node + 1} & set(swapped_by):
            other = swapped_by[neighbour]
            if ranks[neighbour] < ranks[node]:
                assert other in vertex.walk()
                assert other is not vertex
            elif ranks[neighbour] == ranks[node]:
                assert other is vertex


@given(st.integers(1, 70))
def test_doubling_takes_as_few_levels_as_there_can_be(hops: int) -> None:
    plan = balanced(hops)
    assert (plan.first, plan.last, plan.link_pairs) == (0, hops, hops)
    assert 2 ** (plan.depth - 1) >= hops > 2 ** (plan.depth - 1) // 2


def test_purification_on_every_level() -> None:
    def better(plan: Plan, rounds: int = 1) -> Plan:
        return Purify(of=plan, rounds=rounds)

    assert nested_purification(4, 1) == better(
        Swap(parts=(better(Swap(parts=(better(A), better(B)))), better(Swap(parts=(better(C), better(D))))))
    )
    assert nested_purification(3, [0, 2]) == Swap(parts=(better(Swap(parts=(A, B)), 2), C))
    assert nested_purification(1, [3], "bbpssw") == Purify(of=A, rounds=3, scheme="bbpssw")
    assert nested_purification(4, 0) == balanced(4)
    assert nested_purification(4, 1).link_pairs == 2 * 2 * 2 * 4


def test_purification_on_top_of_any_plan() -> None:
    plan = Cutoff(of=Swap(parts=(Multiplex(of=A, tries=3), B)), age_s=0.5, scope="pair")
    better = with_link_purification(plan, 2, "bbpssw")
    pure = [Purify(of=each, rounds=2, scheme="bbpssw") for each in (A, B)]
    assert better == Cutoff(of=Swap(parts=(Multiplex(of=pure[0], tries=3), pure[1])), age_s=0.5, scope="pair")
    assert with_end_purification(plan, 1, "double_selection") == Purify(of=plan, scheme="double_selection")
    assert with_link_purification(plan, 0) == with_end_purification(plan, 0) == plan


@pytest.mark.parametrize("make", [swap_asap, sequential, balanced, lambda hops: nested_purification(hops, 1)])
@pytest.mark.parametrize("hops", [0, -3])
def test_paths_without_hops_are_refused(make, hops: int) -> None:
    with pytest.raises(PlanError, match="1 or more"):
        make(hops)


def test_senseless_ranks_and_rounds_are_refused() -> None:
    with pytest.raises(PlanError, match="for every node"):
        ranked([1])
    with pytest.raises(PlanError, match="3 levels"):
        nested_purification(4, [1, 1, 1, 1])
    with pytest.raises(PlanError, match="0 or more"):
        nested_purification(4, [1, -1])
    for combine in (with_link_purification, with_end_purification):
        with pytest.raises(PlanError, match="rounds"):
            combine(A, -1)
