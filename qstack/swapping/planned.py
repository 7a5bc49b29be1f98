"""A plan on a chain: what it delivers, sampled, and what can be said of it without sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.swapping.chain import Chain
from qstack.swapping.delivery import Delivery
from qstack.swapping.expected import Expectation, expected
from qstack.swapping.plan import Plan, PlanError, Swap
from qstack.swapping.sampling.build import built
from qstack.swapping.sampling.pairs import Pairs, faded
from qstack.swapping.sampling.restarts import HOPELESS
from qstack.swapping.sampling.source import Check, Draws, Site, rows, swap_errors


@dataclass(frozen=True)
class PlannedChain:
    """A plan on the chain it is carried out on."""

    chain: Chain
    plan: Plan

    def __post_init__(self) -> None:
        """Refuse what does not fit together.

        Raises:
            PlanError: the plan does not cover exactly the hops of the chain.
        """
        hops = len(self.chain.links)
        if (self.plan.first, self.plan.last) != (0, hops):
            raise PlanError(
                f"the plan ({self.plan}) leads from node {self.plan.first} to node {self.plan.last}, but the chain "
                f"{' - '.join(self.chain.path)} from node 0 to node {hops}: plan all its {hops} hops"
            )

    def sample(
        self,
        shots: int,
        rng: np.random.Generator,
        *,
        pairs: int = 1,
        link_states: bool = False,
        check: Check | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Delivery:
        """Deliver `pairs` pairs in each of `shots` shots, the pairs of a shot one after the other.

        Args:
            shots: number of shots.
            rng: source of all randomness.
            pairs: pairs per shot; earlier ones wait for the last, so their decay is correlated.
            link_states: whether to keep the state of each link pair just before its swap, if the plan does not purify.
            check: called every few milliseconds; may raise to stop.
            progress: told the fraction done.

        Raises:
            PlanError: less than one shot or one pair, or the plan can hardly ever deliver.
        """
        if min(shots, pairs) < 1:
            raise PlanError(f"{shots} shots of {pairs} pairs; ask for 1 or more of each")
        self._refuse_hopeless()
        site = Site(self.chain, hops_apart=link_states and not self.plan.purifies)
        source = built(self.plan, site)
        draws = Draws(rng, check or (lambda: None))
        into = _Shots(self, site, shots, pairs)
        step = rows(pairs * self.plan.link_pairs)
        for start in range(0, shots, step):
            draws.check()
            if progress is not None:
                progress(start / shots)
            stop = min(start + step, shots)
            into.write(slice(start, stop), source.draw((stop - start) * pairs, draws), rng)
        return into.delivery()

    def expected(self) -> Expectation:
        """Mean time and mean state, where there is a formula; see `qstack.swapping.expected`."""
        return expected(self.plan, self.chain)

    def _refuse_hopeless(self) -> None:
        tries = _tries(self.plan, self.chain)
        if tries > HOPELESS:
            raise PlanError(
                f"{self.plan}: its swaps succeed so rarely that a link has to make {tries:,.0f} pairs for each pair "
                f"delivered; plans with more than {HOPELESS:,} are refused: raise swap_success, swap at fewer nodes, "
                "or swap in levels"
            )


class _Shots:
    """Arrays that are filled with pairs, some shots at a time."""

    def __init__(self, planned: PlannedChain, site: Site, shots: int, pairs: int) -> None:
        self._planned = planned
        self._site = site
        self._pairs = pairs
        hops = len(planned.chain.links) if site.hops_apart else 0
        self._states = np.empty((shots, pairs, 4))
        self._link_states = tuple(np.empty((shots, pairs, 4)) for _ in range(hops))
        self._ready_s = np.empty((shots, pairs))
        self._bell_index = np.empty((shots, pairs), dtype=np.uint8)
        self._ends_per_s = site.per_s[:, [0, -1]]
        self._errors = swap_errors(planned.chain.stations[1:-1])

    def write(self, where: slice, made: Pairs, rng: np.random.Generator) -> None:
        """Fill in the pairs of some shots, made one after the other."""
        ready_s = made.time_s.reshape(-1, self._pairs)
        correlations = made.correlations()
        if self._pairs > 1:
            ready_s = ready_s.cumsum(axis=1)
            held_s = (ready_s[:, -1:] - ready_s).ravel()
            for factor, per_s in zip((0, -1), self._ends_per_s.T, strict=True):
                correlations[factor] = faded(correlations[factor], np.multiply.outer(per_s, held_s))
        self._ready_s[where] = ready_s
        for states, hop in zip(self._link_states, correlations, strict=False):
            states[where] = bell.from_transform(hop).reshape(-1, self._pairs, 4)
        total = correlations[0]
        if self._site.hops_apart:
            total = correlations.prod(axis=0) * self._errors
        self._states[where] = bell.from_transform(total).reshape(-1, self._pairs, 4)
        self._bell_index[where] = self._indices(ready_s.shape, rng)

    def _indices(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.uint8]:
        """The Bell states found: any of the four after a swap, those the link heralds without one."""
        links = self._planned.chain.links
        if len(links) > 1:
            return rng.integers(4, size=shape, dtype=np.uint8)
        return rng.choice(np.array(links[0].bell_indices, dtype=np.uint8), size=shape)

    def delivery(self) -> Delivery:
        """All shots."""
        chain, plan = self._planned.chain, self._planned.plan
        left, right = chain.stations[0], chain.stations[-1]
        return Delivery(
            path=chain.path,
            plan=plan.text,
            states=self._states,
            bell_index=self._bell_index,
            ready_s=self._ready_s,
            shot_time_s=self._ready_s[:, -1].copy(),
            memories=((left.t1_s, left.t2_s), (right.t1_s, right.t2_s)),
            link_states=self._link_states or None,
            tree=plan,
            twirled=any(link.twirled for link in chain.links),
        )


def _tries(plan: Plan, chain: Chain) -> float:
    """How often the link that is used most is tried for one pair because swaps fail, on average."""
    most = max((_tries(part, chain) for part in plan.children), default=1.0)
    if not isinstance(plan, Swap):
        return most
    chance = float(np.prod([chain.stations[part.last].swap_success for part in plan.parts[:-1]]))
    return most / chance if chance else np.inf
