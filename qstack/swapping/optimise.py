"""The best plan for a path: the highest rate among those that are good enough, and why it is none of the others.

Candidates are orders of swaps, each with purification on the links, between and end to end, and with cutoffs. Rounds
and cutoffs only cost rate, so the search adds them one by one, leaves out what can no longer win, and does not go on
from what is slower and worse than less effort was. A candidate is judged by sampling it with a seed of its own, so the
choice is repeatable; where a formula says the mean time, that is taken.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.errors import InputError
from qstack.link.timeline import below
from qstack.stats import mean
from qstack.swapping.chain import Chain
from qstack.swapping.plan import Cutoff, LinkPair, Plan, PlanError, Swap
from qstack.swapping.planned import PlannedChain
from qstack.swapping.policies import nested_purification, swap_asap, with_end_purification, with_link_purification

Check = Callable[[], None]
Floats = NDArray[np.float64]

JUDGING_SHOTS = 600
LEAST_SHOTS = 40
JUDGING_LINK_PAIRS = 40_000
"""Link pairs made to judge a plan, within these numbers of shots."""
MOST_DRAWS = 300
"""Draws of link pairs (65,536 or fewer at a time) after which a plan counts as one that is hardly ever made."""
SLOWEST = 1 / 100
"""Plans are not extended once they are slower than plain swapping by this factor."""
IN_TIME = 0.95
"""Share of the pairs that have to be ready by a deadline."""
IN_CUTOFF = (1.0, 0.8, 0.4, 0.1)
"""Cutoffs that are tried: share of the rounds that they let pass; 1 is no cutoff."""
TOO_SHORT = 1e-3
"""Waits of less than this share of a memory's time are no reason for a cutoff."""


class GoalError(InputError):
    """A goal that nothing can meet, or that means nothing."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What pairs have to be like. Among plans that meet all of it the one of highest rate is best.

    Attributes:
        min_fidelity: least mean fidelity.
        deadline_s: time by which 95 % of the pairs have to be ready, each counted from its first attempt.
        key_rate_per_s: least BBM92 key rate, bits per second (rate times `bell.key_fraction` of the mean state); if
            it is above 0, the plan of highest key rate is best.
    """

    min_fidelity: float = 0.0
    deadline_s: float = math.inf
    key_rate_per_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what means nothing.

        Raises:
            GoalError: a fidelity that is no probability, a deadline that is not positive, a negative key rate.
        """
        if not 0 <= self.min_fidelity <= 1:
            raise GoalError(f"fidelity {self.min_fidelity} is no probability; give a number from 0 to 1")
        if not self.deadline_s > 0:
            raise GoalError(f"the deadline is {self.deadline_s} s; give more than 0 seconds")
        if not 0 <= self.key_rate_per_s < math.inf:
            raise GoalError(f"the key rate is {self.key_rate_per_s}; give 0 or more bits per second")


@dataclass(frozen=True)
class Candidate:
    """A plan on a path, and what it gives.

    Attributes:
        planned: the path and the plan.
        rate_per_s: pairs per second, 0 if it cannot deliver.
        fidelity: mean fidelity, nan if it cannot deliver.
        fidelity_error: standard error of that mean.
        late_s: by when 95 % of the pairs are ready.
        key_rate_per_s: key bits per second.
        refused: why it was not taken; empty for the one that was.
    """

    planned: PlannedChain
    rate_per_s: float = 0.0
    fidelity: float = math.nan
    fidelity_error: float = 0.0
    late_s: float = math.inf
    key_rate_per_s: float = 0.0
    refused: str = ""

    @property
    def chain(self) -> Chain:
        """The path."""
        return self.planned.chain

    @property
    def plan(self) -> Plan:
        """How its pairs are made."""
        return self.planned.plan

    def worth(self, goal: Goal) -> float:
        """What is to be as high as possible."""
        return self.key_rate_per_s if goal.key_rate_per_s > 0 else self.rate_per_s

    def surely_reaches(self, fidelity: float) -> bool:
        """Whether its mean fidelity is that high, beyond two standard errors."""
        return self.fidelity - 2 * self.fidelity_error >= fidelity - 1e-9

    def misses(self, goal: Goal) -> str:
        """What it lacks for the goal; empty if it meets it, its fidelity beyond two standard errors."""
        if self.refused:
            return self.refused
        if self.fidelity < goal.min_fidelity - 1e-9:
            return f"fidelity {below(self.fidelity, goal.min_fidelity)} is below the {goal.min_fidelity:g} asked for"
        if not self.surely_reaches(goal.min_fidelity):
            return f"fidelity {self.fidelity:.4f} is too close to the {goal.min_fidelity:g} asked for to be sure of it"
        if self.late_s > goal.deadline_s:
            return f"5 % of the pairs take longer than {self.late_s:.3g} s; the deadline is {goal.deadline_s:g} s"
        if self.key_rate_per_s < goal.key_rate_per_s:
            return f"{below(self.key_rate_per_s, goal.key_rate_per_s)} key bits/s; asked for {goal.key_rate_per_s:g}"
        return ""

    def spoils(self, other: Candidate) -> bool:
        """Whether it is both slower and, beyond two standard errors, worse than the other."""
        error = math.hypot(self.fidelity_error, other.fidelity_error)
        return self.rate_per_s < other.rate_per_s and self.fidelity < other.fidelity - 2 * error

    def beaten_by(self, chosen: Candidate, goal: Goal) -> Candidate:
        """The same with the reason why it is not `chosen`."""
        why = self.misses(goal)
        if not why and goal.key_rate_per_s > 0:
            why = f"less key: {self.key_rate_per_s:.3g} bits/s against {chosen.key_rate_per_s:.3g}"
        elif not why:
            why = f"slower: {self.rate_per_s:.3g} pairs/s against {chosen.rate_per_s:.3g}"
        return replace(self, refused=why)


class _Effort(NamedTuple):
    """What is done beyond swapping: rounds on links, between and end to end, and which cutoff. More is never faster."""

    links: int = 0
    between: int = 0
    ends: int = 0
    cutoff: int = 0

    def includes(self, other: _Effort) -> bool:
        return all(mine >= theirs for mine, theirs in zip(self, other, strict=True))


EFFORTS = tuple(
    sorted((_Effort(*each) for each in itertools.product(range(3), range(2), range(3), range(len(IN_CUTOFF)))), key=sum)
)
"""All that is tried, each after all that it includes."""


def candidates(
    chain: Chain, goal: Goal, leader: Candidate | None = None, check: Check | None = None
) -> Iterator[Candidate]:
    """Plans for a path, judged one by one; what can neither meet the goal better nor beat the leader is left out.

    Args:
        chain: the path.
        goal: what the pairs have to be like.
        leader: the best so far, of another path perhaps.
        check: called often; may raise to stop.
    """
    hops = len(chain.links)
    for order in (_asap, _doubling) if hops > 2 else (_asap,):
        done: dict[_Effort, Candidate] = {}
        waits: dict[int, Floats] = {}
        for effort in EFFORTS:
            if _hopeless(effort, done, goal, leader):
                continue
            plan = order(effort, chain, waits)
            if plan is None:
                continue
            candidate = judged(plan.on(chain), check)
            done[effort] = candidate
            if not candidate.misses(goal) and (leader is None or candidate.worth(goal) > leader.worth(goal)):
                leader = candidate
            yield candidate


def best_plan(
    chain: Chain, goal: Goal | None = None, check: Check | None = None
) -> tuple[Candidate | None, list[Candidate]]:
    """The best plan for a path, None if none meets the goal; and all others that were tried, with the reasons.

    Args:
        chain: the path.
        goal: what the pairs have to be like; by default as many as possible, however bad.
        check: called often; may raise to stop.
    """
    goal = goal or Goal()
    tried = list(candidates(chain, goal, check=check))
    meeting = [each for each in tried if not each.misses(goal)]
    chosen = max(meeting, key=lambda each: each.worth(goal), default=None)
    if chosen is None:
        return None, [replace(each, refused=each.misses(goal)) for each in tried]
    return chosen, [each.beaten_by(chosen, goal) for each in tried if each is not chosen]


def judged(planned: PlannedChain, check: Check | None = None) -> Candidate:
    """What a plan on a path gives, from a sample with a seed of its own."""
    shots = max(LEAST_SHOTS, min(JUDGING_SHOTS, JUDGING_LINK_PAIRS // planned.plan.link_pairs))
    seed = [len(planned.chain.links), planned.plan.size, planned.plan.link_pairs]
    try:
        delivery = planned.sample(shots, np.random.default_rng(seed), check=_patient(planned.plan, check))
    except PlanError as error:
        return Candidate(planned, refused=str(error))
    exact = planned.expected()
    rate = delivery.rate_per_s if not exact.time_s else 1 / exact.time_s
    quality = mean(delivery.states[..., 0])
    state = delivery.states.mean(axis=(0, 1)) if exact.state is None else exact.state
    return Candidate(
        planned,
        rate_per_s=rate,
        fidelity=quality.value if exact.state is None else float(bell.fidelity(state)),
        fidelity_error=quality.std_error if exact.state is None else 0.0,
        late_s=float(np.quantile(delivery.shot_time_s, IN_TIME)),
        key_rate_per_s=rate * float(bell.key_fraction(state)),
    )


def _patient(plan: Plan, check: Check | None) -> Check:
    """A check that gives up on a plan after so many draws; counted, not timed, so that the choice is repeatable."""
    draws = itertools.count(1)

    def checked() -> None:
        if check is not None:
            check()
        if next(draws) > MOST_DRAWS:
            raise PlanError(f"{plan}: hardly ever makes a pair")

    return checked


def _hopeless(effort: _Effort, done: dict[_Effort, Candidate], goal: Goal, leader: Candidate | None) -> bool:
    """Whether more effort than something done already cannot pay, or hardly.

    That was good enough already, too slow to catch up with the leader (effort never raises the rate, and key is never
    more than a bit per pair) or to be in time, or effort has only done harm so far.
    """
    less = {other: candidate for other, candidate in done.items() if effort.includes(other)}
    for other, candidate in less.items():
        slow = candidate.rate_per_s <= SLOWEST * done[_Effort()].rate_per_s
        beaten = leader is not None and candidate.rate_per_s < leader.worth(goal)
        enough = goal.key_rate_per_s == 0 and not candidate.misses(goal)
        if slow or beaten or enough or candidate.late_s > goal.deadline_s:
            return True
        if any(other.includes(before) and candidate.spoils(less[before]) for before in less):
            return True
    return False


def _asap(effort: _Effort, chain: Chain, waits: dict[int, Floats]) -> Plan | None:
    """Swaps as soon as possible: nothing lies between links and ends, and one link has no ends of its own.

    Memories that give up a qubit put a cutoff on every plan, and leave no pair to wait for another one.
    """
    hops = len(chain.links)
    given_up_s = _given_up_s(chain)
    if effort.between or (hops == 1 and (effort.ends or effort.cutoff)):
        return None
    if given_up_s < math.inf and (effort.links or effort.ends):
        return None
    plan = with_link_purification(swap_asap(hops), effort.links)
    if isinstance(plan, Swap) and (effort.cutoff or given_up_s < math.inf):
        age_s = _cutoff_s(effort, chain, waits)
        if age_s is None:
            return None
        plan = Cutoff(of=plan, age_s=min(age_s, given_up_s))
    return with_end_purification(plan, effort.ends)


def _given_up_s(chain: Chain) -> float:
    """After how long the most impatient memory of a path gives up."""
    return min(station.cutoff_s for station in chain.stations)


def _cutoff_s(effort: _Effort, chain: Chain, waits: dict[int, Floats]) -> float | None:
    """The wait for the last link that the wanted share of rounds stays below; None where memories keep much longer.

    Without a cutoff of the plan's own it is infinite. `waits` keeps the sampled waits for the next time, by the rounds
    on links.
    """
    if effort.cutoff == 0:
        return math.inf
    if effort.links not in waits:
        rng = np.random.default_rng(effort.links)
        part = with_link_purification(LinkPair(hop=0), effort.links)
        ready_s = [part.on(_hop(chain, k)).sample(JUDGING_SHOTS, rng).shot_time_s for k in range(len(chain.links))]
        waits[effort.links] = np.ptp(ready_s, axis=0)
    age_s = float(np.quantile(waits[effort.links], IN_CUTOFF[effort.cutoff]))
    shortest_s = min(station.t2_s for station in chain.stations)
    return age_s if age_s > TOO_SHORT * shortest_s else None


def _hop(chain: Chain, k: int) -> Chain:
    return Chain(chain.path[k : k + 2], chain.stations[k : k + 2], chain.links[k : k + 1], chain.flight_s[k : k + 1])


def _doubling(effort: _Effort, chain: Chain, waits: dict[int, Floats]) -> Plan | None:
    """Doubling, where a failed swap or purification costs only its own segment."""
    if effort.cutoff or _given_up_s(chain) < math.inf:
        return None
    hops = len(chain.links)
    doublings = (hops - 1).bit_length()
    return nested_purification(hops, [effort.links, *[effort.between] * (doublings - 1), effort.ends])
