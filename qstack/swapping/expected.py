"""Mean times and states of plans, where there is a formula for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.model import Steady, multiplexed
from qstack.swapping.chain import Chain
from qstack.swapping.events import SAME_TIME
from qstack.swapping.plan import PAIRS_PER_ROUND, Cutoff, LinkPair, Multiplex, Plan, Purify, Swap
from qstack.swapping.sampling.pairs import Floats, faded
from qstack.swapping.sampling.purification import SCHEMES
from qstack.swapping.sampling.source import Site, swap_errors

SUMMED = 4096
"""Terms of a slow sum that are added one by one; the rest is an integral."""


@dataclass(frozen=True)
class Expectation:
    """What a plan gives on average.

    Attributes:
        time_s: mean time until a pair is ready; None if there is no formula.
        state: mean state of a pair when it is ready, shape (4,); None if there is no formula.
        reason: why something is None; empty if nothing is.
    """

    time_s: float | None
    state: Floats | None
    reason: str = ""


class _Attempts(NamedTuple):
    """A geometric waiting time: the chance of each attempt, and how long it takes."""

    chance: float
    time_s: float


class _Measurements(NamedTuple):
    """The Bell measurements of a swap.

    Attributes:
        edges: the nodes where the parts begin and end; measured is at all but the outermost.
        chance: that all succeed.
        errors: what they do to correlations, shape (4,).
        operation_s: how long each takes.
        after_s: from when its pairs are ready until both ends know of it.
    """

    edges: list[int]
    chance: float
    errors: Floats
    operation_s: Floats
    after_s: Floats


def expected(plan: Plan, chain: Chain) -> Expectation:
    """The means of a plan on a chain.

    There are formulas for links, for copies of them side by side, for links that are swapped as soon as possible, for
    two of these also with a circuit cutoff, and for all that is swapped or purified in memories that do not decay.
    """
    return _expected(plan, Site(chain, hops_apart=False))


def _expected(plan: Plan, site: Site) -> Expectation:
    match plan:
        case LinkPair() | Multiplex():
            return _links(plan, site)
        case Swap():
            return _two_links(plan, math.inf, site) or _swap(plan, site)
        case Cutoff():
            made = _two_links(plan.of, plan.age_s, site) if plan.scope == "circuit" else None
            return made or Expectation(None, None, "a cutoff has a formula for two equal links and circuits only")
        case Purify():
            return _purified(plan, site)


def _links(plan: LinkPair | Multiplex, site: Site) -> Expectation:
    attempts = _attempts(plan, site)
    if attempts is None:
        return Expectation(None, None, f"the waiting time of {plan.text} (hop {plan.first}) is not geometric")
    state = bell.from_transform(_link_correlations(plan.first, site))
    return Expectation(attempts.time_s / attempts.chance, state)


def _attempts(plan: Plan, site: Site) -> _Attempts | None:
    """The attempts of a link, or of copies of it side by side."""
    if isinstance(plan, Multiplex):
        if not isinstance(plan.of, LinkPair) and site.at_s[plan.first] != site.at_s[plan.last]:
            return None
        single = _attempts(plan.of, site)
        return single and _Attempts(multiplexed(single.chance, plan.tries), single.time_s)
    if not isinstance(plan, LinkPair):
        return None
    model = site.chain.links[plan.hop]
    geometric = isinstance(model, Steady) and type(model).sample is Steady.sample
    return _Attempts(model.success_probability, model.attempt_time_s) if geometric else None


def _link_correlations(hop: int, site: Site) -> Floats:
    model = site.chain.links[hop]
    return faded(bell.transform(model.state), site.per_s[:, hop : hop + 2] @ np.array(model.stored_s))


def _measurements(plan: Swap, site: Site) -> _Measurements:
    edges = [plan.first, *(part.last for part in plan.parts)]
    stations = [site.chain.stations[node] for node in edges[1:-1]]
    operation_s = np.array([each.operation_time_s for each in stations])
    at_s = site.at_s[edges]
    return _Measurements(
        edges,
        math.prod(each.swap_success for each in stations),
        swap_errors(stations),
        operation_s,
        operation_s + np.maximum(at_s - at_s[0], at_s[-1] - at_s)[1:-1],
    )


def _swap(plan: Swap, site: Site) -> Expectation:
    """Any number of links that are swapped as soon as possible, and any parts in memories that do not decay."""
    measured = _measurements(plan, site)
    parts = [_expected(part, site) for part in plan.parts]
    time_s, slow = _slowest(plan, measured, site)
    state, faint = None, ""
    if site.per_s[:, measured.edges].any():
        faint = "memories decay while pairs wait"
    elif missing := [part.reason for part in parts if part.state is None]:
        faint = missing[0]
    else:
        states = [bell.transform(part.state) for part in parts if part.state is not None]
        state = bell.from_transform(np.prod([*states, measured.errors], axis=0))
    return Expectation(time_s, state, "; ".join(filter(None, (slow, faint))))


def _slowest(plan: Swap, measured: _Measurements, site: Site) -> tuple[float | None, str]:
    """Mean time of links that are swapped as soon as possible, or why there is no formula."""
    attempts = [each for part in plan.parts if (each := _attempts(part, site))]
    if len(attempts) < len(plan.parts):
        return None, "not all parts of a swap have geometric waiting times"
    if not np.allclose([each.time_s for each in attempts], attempts[0].time_s, rtol=SAME_TIME, atol=0):
        return None, "the attempts of the links do not all take the same time"
    padded = np.concatenate([[0.0], measured.after_s, [0.0]])
    after_s = [max(left, right) for left, right in pairwise(padded)]
    if not np.allclose(after_s, after_s[0], rtol=SAME_TIME, atol=0):
        return None, "outcomes of the swaps take different times to the ends"
    slots = mean_slowest([each.chance for each in attempts])
    return (slots * attempts[0].time_s + after_s[0]) / measured.chance, ""


def _two_links(plan: Swap, age_s: float, site: Site) -> Expectation | None:
    """Two links whose attempts take the same time, which wait for each other, for an age at most.

    The difference of two geometric numbers is k > 0 with probability z q^k, where z = pp'/(1 - qq') is that of 0 and q
    belongs to the later one; the smaller number is independent of it and 1 / (1 - qq') on average.
    """
    attempts = [each for part in plan.parts if (each := _attempts(part, site))]
    if not len(attempts) == len(plan.parts) == 2 or not math.isclose(attempts[0].time_s, attempts[1].time_s):
        return None
    measured = _measurements(plan, site)
    slot_s, operation_s, after_s = attempts[0].time_s, measured.operation_s[0], measured.after_s[0]
    most = math.floor(age_s / slot_s + 1e-9) if age_s < math.inf else math.inf
    rate = [-math.log1p(-each.chance) if each.chance < 1 else math.inf for each in attempts]
    shorter = 1 / -math.expm1(-rate[0] - rate[1])
    equal = attempts[0].chance * attempts[1].chance * shorter
    in_time = equal * (1 + sum(_powers(each, most) for each in rate))

    hops_s = np.diff(site.at_s[measured.edges])
    round_s = slot_s * (shorter + equal * sum(_weighted_powers(each, most) for each in rate)) + after_s * in_time
    if age_s < math.inf:
        # The node between the two gives up, and says so to the farther end.
        round_s += sum(
            equal * math.exp(-each * (most + 1)) / -math.expm1(-each) * (age_s + float(hops_s.max())) for each in rate
        )

    left, middle, right = site.per_s[:, measured.edges].T
    kept = 1 + sum(
        np.array([_powers(each + slot_s * fade, most) for fade in fades])
        for each, fades in zip(rate, (middle + right, middle + left), strict=True)
    )
    kept = kept * equal / in_time * np.exp(-2 * operation_s * middle - after_s * (left + right))
    links = [_link_correlations(part.first, site) for part in plan.parts]
    state = bell.from_transform(faded(links[0] * links[1] * measured.errors, -np.log(kept)))
    return Expectation(float(round_s) / in_time / measured.chance, state)


def _powers(x: float, most: float) -> float:
    """The sum of e^(-k x) for k from 1 to `most`."""
    return math.exp(-x) * -math.expm1(-x * most) / -math.expm1(-x) if most else 0.0


def _weighted_powers(x: float, most: float) -> float:
    """The sum of k e^(-k x) for k from 1 to `most`."""
    last = most * math.exp(-x * (most + 1)) if most < math.inf else 0.0
    return (_powers(x, most) - last) / -math.expm1(-x)


def _purified(plan: Purify, site: Site) -> Expectation:
    """Rounds in memories that do not decay; what goes in is independent, so that mean states are all that counts."""
    ends = [plan.first, plan.last]
    made = _expected(plan.of, site)
    if made.time_s is None or made.state is None:
        return Expectation(None, None, made.reason)
    if site.per_s[:, ends].any():
        return Expectation(None, None, "memories decay while pairs wait for the next to be purified with")
    stations = [site.chain.stations[node] for node in ends]
    compare_s = max(each.operation_time_s for each in stations) + float(np.diff(site.at_s[ends])[0])
    noise = stations[0].noise, stations[1].noise
    fresh = PAIRS_PER_ROUND[plan.scheme] - 1
    time_s, state = made.time_s, made.state
    if plan.style == "pumped":
        spent_s, reached, kept = time_s, 1.0, state
        for _ in range(plan.rounds):
            spent_s += reached * (fresh * time_s + compare_s)
            kept, chance = SCHEMES[plan.scheme](kept, *[state] * fresh, noise)
            reached *= float(chance)
        return Expectation(spent_s / reached, kept)
    for _ in range(plan.rounds):
        time_s = (1 + fresh) * time_s + compare_s
        state, chance = SCHEMES[plan.scheme](*[state] * (1 + fresh), noise)
        time_s /= float(chance)
    return Expectation(time_s, state)


def mean_slowest(chances: Sequence[float] | Floats) -> float:
    """Mean of the largest of independent geometric numbers of attempts, with these chances of success.

    It is the sum over k of 1 - prod_i (1 - (1 - p_i)^k). The first terms are summed, the rest is an integral with the
    Euler-Maclaurin correction; this is good to 10 digits for a thousand links with chances of one in a million, where
    the usual alternating sum over subsets has no correct digit left.
    """
    chance, times = np.unique(np.asarray(chances, dtype=np.float64), return_counts=True)
    chance, times = chance[chance < 1], times[chance < 1]
    if chance.size == 0:
        return 1.0
    rate = -np.log1p(-chance)
    terms = np.array_split(np.arange(1.0, SUMMED), 16)
    total = 1.0 + sum(float(_some_later(k, rate, times).sum()) for k in terms)
    end = (math.log(times.sum()) + 40) / float(rate[0])
    if end <= SUMMED:
        return total
    edge = np.array([float(SUMMED)])
    at_edge = float(_some_later(edge, rate, times)[0])
    slope = -(1 - at_edge) * float((times * rate * np.exp(-rate * SUMMED) / -np.expm1(-rate * SUMMED)).sum())
    total += at_edge / 2 - slope / 12
    panels = np.linspace(math.log(SUMMED), math.log(end), 2 + int(4 * math.log(end / SUMMED)))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    half = np.diff(panels)[:, None] / 2
    at = np.exp(panels[:-1, None] + half * (1 + nodes))
    return total + float((half * weights * at * _some_later(at.ravel(), rate, times).reshape(at.shape)).sum())


def _some_later(k: Floats, rate: Floats, times: NDArray[np.int64]) -> Floats:
    """Probability that not all have succeeded after k attempts each, shape k.shape."""
    exponent = np.multiply.outer(k, rate)
    missing = np.exp(-exponent)
    log_done = np.where(exponent < 1, np.log(-np.expm1(-exponent)), np.log1p(-np.minimum(missing, 0.5)))
    return np.asarray(-np.expm1(log_done @ times))
