"""Plans that have a name: orders of swaps, and purification on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qstack.swapping.plan import LinkPair, Plan, PlanError, Purify, Scheme, Swap


def swap_asap(hops: int) -> Plan:
    """Every node swaps as soon as both its links are ready (Kamin, Shchukin, Schmidt and van Loock 2023).

    Raises:
        PlanError: less than one hop.
    """
    return ranked([0] * (_checked(hops) + 1))


def sequential(hops: int) -> Plan:
    """The nodes swap one after the other, from the left: "l2r" of Abane et al. 2025 (arXiv:2504.14040).

    Raises:
        PlanError: less than one hop, or more than plans have levels.
    """
    return ranked(range(_checked(hops) + 1))


def balanced(hops: int) -> Plan:
    """Doubling: neighbouring pairs are joined from the left, again and again (Duan, Lukin, Cirac and Zoller 2001).

    What is left over at the right end of a level goes to the next; so any number of hops will do. This is "baln" of
    Abane et al. 2025 (arXiv:2504.14040).

    Raises:
        PlanError: less than one hop.
    """
    return nested_purification(hops, 0)


def ranked(ranks: Sequence[int]) -> Plan:
    """A node swaps after its neighbours of lower rank; neighbours of equal rank swap as soon as they can.

    These are the swap sequences of Abane et al. 2025 (arXiv:2504.14040).

    Args:
        ranks: one per node of the path; those of the two ends say nothing, because ends do not swap.

    Raises:
        PlanError: less than two nodes.
    """
    if len(ranks) < 2:
        raise PlanError(f"{len(ranks)} ranks; give one for every node of the path, the two ends included")
    return _segment(list(ranks), 0, len(ranks) - 1)


def nested_purification(hops: int, rounds: int | Sequence[int], scheme: Scheme = "dejmps") -> Plan:
    """Doubling with purification on every level (Briegel, Duer, Cirac and Zoller 1998).

    Args:
        hops: hops of the path.
        rounds: rounds on the links, and after each doubling; one number for all levels, or one per level. With 8 hops
            that is up to four numbers; levels without a number do not purify.
        scheme: how.

    Raises:
        PlanError: less than one hop, negative rounds, or rounds for more levels than there are.
    """
    doublings = (_checked(hops) - 1).bit_length()
    at_level = [rounds] * (doublings + 1) if isinstance(rounds, int) else list(rounds)
    if len(at_level) > doublings + 1 or min(at_level, default=0) < 0:
        raise PlanError(f"rounds {at_level} for {doublings + 1} levels; give 0 or more for each, the links first")
    at_level += [0] * (doublings + 1 - len(at_level))
    level = [_purified(LinkPair(hop=hop), at_level[0], scheme) for hop in range(hops)]
    for again in at_level[1:]:
        pairs, left_over = zip(level[::2], level[1::2], strict=False), level[len(level) & ~1 :]
        level = [_purified(Swap(parts=pair), again, scheme) for pair in pairs] + left_over
    (plan,) = level
    return plan


def with_link_purification(plan: Plan, rounds: int, scheme: Scheme = "dejmps") -> Plan:
    """The plan with all its link pairs purified first, nested (Briegel, Duer, Cirac and Zoller 1998).

    Raises:
        PlanError: negative rounds.
    """
    if isinstance(plan, LinkPair):
        return _purified(plan, rounds, scheme)
    if isinstance(plan, Swap):
        return Swap(parts=tuple(with_link_purification(part, rounds, scheme) for part in plan.parts))
    fields = {name: getattr(plan, name) for name in type(plan).model_fields}
    return type(plan)(**{**fields, "of": with_link_purification(plan.of, rounds, scheme)})


def with_end_purification(plan: Plan, rounds: int, scheme: Scheme = "dejmps") -> Plan:
    """The plan with its pairs purified end to end, nested.

    Raises:
        PlanError: negative rounds.
    """
    return _purified(plan, rounds, scheme)


def _purified(plan: Plan, rounds: int, scheme: Scheme) -> Plan:
    return plan if rounds == 0 else Purify(of=plan, rounds=rounds, scheme=scheme)


def _segment(ranks: list[int], first: int, last: int) -> Plan:
    """The nodes of highest rank swap last; they cut the segment into parts for which the same holds."""
    if last == first + 1:
        return LinkPair(hop=first)
    highest = max(ranks[first + 1 : last])
    cuts = [first, *(node for node in range(first + 1, last) if ranks[node] == highest), last]
    return Swap(parts=tuple(_segment(ranks, a, b) for a, b in pairwise(cuts)))


def _checked(hops: int) -> int:
    if hops < 1:
        raise PlanError(f"a path of {hops} hops; a path has 1 or more")
    return hops
