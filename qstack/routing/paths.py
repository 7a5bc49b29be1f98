"""The best path and plan for a request: highest rate among those that reach the fidelity asked for.

Candidates are the simple paths of least expected time to their link pairs, and those of least noise (Yen 1971), each
with every plan of a small set. A candidate is judged by sampling it with a seed of its own, so the choice is repeatable
and independent of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np
import rustworkx as rx
from numpy.typing import NDArray

from qstack import bell
from qstack.errors import InputError
from qstack.routing.chains import chain
from qstack.routing.network import Network
from qstack.stats import mean
from qstack.swapping import Chain, sample

Check = Callable[[], None]

FASTEST_PATHS = 5
CLEANEST_PATHS = 2
JUDGING_SHOTS = 600
LEAST_SWAP_SUCCESS = 1e-4
PLANS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (2, 1))
"""(rounds on every link, rounds end to end), each after all those it adds rounds to."""


class NoRouteError(InputError):
    """No path and plan serve a request; the message says what would be possible."""


@dataclass(frozen=True)
class Candidate:
    """A path with a plan, and what sampling it gave.

    Attributes:
        chain: the path and the plan.
        rate_per_s: pairs per second, 0 if it cannot deliver.
        fidelity: mean fidelity, nan if it cannot deliver.
        fidelity_error: standard error of that mean.
        refused: why it was not taken; empty for the one that was.
    """

    chain: Chain
    rate_per_s: float
    fidelity: float
    fidelity_error: float = 0.0
    refused: str = ""

    def reaches(self, fidelity: float) -> bool:
        """Whether its mean fidelity is that high, beyond two standard errors."""
        return self.fidelity - 2 * self.fidelity_error >= fidelity - 1e-9


@dataclass(frozen=True)
class Route:
    """The candidate that serves a request best, and those that were refused."""

    chosen: Candidate
    alternatives: tuple[Candidate, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """Node names from end to end."""
        return self.chosen.chain.path


def best_route(
    network: Network,
    source: str,
    target: str,
    min_fidelity: float = 0.0,
    check: Check | None = None,
) -> Route:
    """The path and plan of highest rate whose mean fidelity is at least `min_fidelity`.

    Raises:
        NetworkError: a node is not in the network.
        NoRouteError: source is target, the fidelity is no probability, or nothing reaches it.
    """
    network.node(source), network.node(target)
    if source == target:
        raise NoRouteError(f"a pair joins two different nodes; both ends are {source}")
    if not 0.0 <= min_fidelity <= 1.0:
        raise NoRouteError(f"fidelity {min_fidelity} is no probability; give a number from 0 to 1")
    judged: list[Candidate] = []
    chosen: Candidate | None = None
    for path in _candidates(network, source, target, min_fidelity):
        for candidate in _judged(network, path, min_fidelity, chosen, check):
            judged.append(candidate)
            if candidate.reaches(min_fidelity) and (chosen is None or candidate.rate_per_s > chosen.rate_per_s):
                chosen = candidate
    if not judged:
        raise NoRouteError(f"no links that make pairs lead from {source} to {target}")
    if chosen is None:
        raise NoRouteError(_why_not(judged, source, target, min_fidelity))
    others = tuple(_refused(candidate, chosen, min_fidelity) for candidate in judged if candidate is not chosen)
    return Route(chosen, others)


def _candidates(network: Network, source: str, target: str, min_fidelity: float) -> list[tuple[str, ...]]:
    """Paths worth judging, the fastest first; the cleanest matter only when a fidelity is asked for."""
    paths = dict.fromkeys(islice(simple_paths(network, source, target, _slowness), FASTEST_PATHS))
    if min_fidelity > 0:
        paths |= dict.fromkeys(islice(simple_paths(network, source, target, _noise), CLEANEST_PATHS))
    return list(paths)


def simple_paths(
    network: Network, source: str, target: str, cost: Callable[[Chain], float]
) -> Iterator[tuple[str, ...]]:
    """Loopless paths in order of their summed cost (Yen 1971); `cost` is given each link as a chain of its own."""
    index = {node.name: i for i, node in enumerate(network.nodes)}
    names = list(index)
    costs = {
        frozenset(index[name] for name in link.between): cost(chain(network, link.between))
        for link in network.pair_links
    }
    for found in _yen(len(names), costs, index[source], index[target]):
        yield tuple(names[i] for i in found)


def _slowness(link: Chain) -> float:
    """Expected time to a pair."""
    (model,) = link.links
    return model.attempt_time_s / model.success_probability


def _noise(link: Chain) -> float:
    """How much of a pair's correlation is lost on the link and, by halves, in the swaps at its two ends; above 0."""
    kept = [_correlation(bell.transform(link.links[0].state))]
    kept += [math.sqrt(_correlation(end.swap_factor)) for end in link.ends]
    return 1e-9 - sum(math.log(max(each, 1e-12)) for each in kept)


def _correlation(transformed: NDArray[np.float64]) -> float:
    return min(1.0, float(transformed[1:].mean()))


def _yen(size: int, cost: dict[frozenset[int], float], source: int, target: int) -> Iterator[tuple[int, ...]]:
    def shortest(start: int, banned_nodes: set[int], banned_edges: set[frozenset[int]]) -> tuple[int, ...] | None:
        graph: rx.PyGraph[None, float] = rx.PyGraph()
        graph.add_nodes_from([None] * size)
        usable = [ends for ends in cost if ends not in banned_edges and not ends & banned_nodes]
        graph.add_edges_from([(min(ends), max(ends), cost[ends]) for ends in usable])
        found = rx.dijkstra_shortest_paths(graph, start, target=target, weight_fn=lambda value: value)
        return tuple(found[target]) if target in found else None

    first = shortest(source, set(), set())
    accepted: list[tuple[int, ...]] = []
    waiting: set[tuple[float, tuple[int, ...]]] = set()
    while first is not None:
        yield first
        accepted.append(first)
        for i in range(len(first) - 1):
            root = first[: i + 1]
            taken = {frozenset(path[i : i + 2]) for path in accepted if path[: i + 1] == root}
            spur = shortest(root[-1], set(root[:-1]), taken)
            if spur is not None:
                path = root[:-1] + spur
                waiting.add((sum(cost[frozenset(ends)] for ends in pairwise(path)), path))
        waiting = {each for each in waiting if each[1] not in accepted}
        best = min(waiting, default=None)
        if best is None:
            return
        waiting.discard(best)
        first = best[1]


def _judged(
    network: Network, path: tuple[str, ...], min_fidelity: float, leader: Candidate | None, check: Check | None
) -> Iterator[Candidate]:
    """The plans for one path, judged one by one; rounds only cost rate, so what could not lead is left out."""
    done: dict[tuple[int, int], Candidate] = {}
    for plan in PLANS:
        if plan[1] and len(path) == 2:
            continue
        simpler = [made for other, made in done.items() if other[0] <= plan[0] and other[1] <= plan[1]]
        if any(made.reaches(min_fidelity) for made in simpler):
            continue
        if leader is not None and any(made.rate_per_s < leader.rate_per_s for made in simpler):
            continue
        candidate = chain(network, path, *plan)
        if blind := [name for name in path[1:-1] if not network.platform(name).memory.stores]:
            yield Candidate(candidate, 0.0, math.nan, refused=f"{blind[0]} measures photons as they arrive: no swaps")
            return
        succeed = math.prod(station.swap_success for station in candidate.stations[1:-1])
        if succeed < LEAST_SWAP_SUCCESS:
            why = f"all its swaps succeed together only once in {1 / succeed:,.0f} tries"
            yield Candidate(candidate, 0.0, math.nan, refused=why)
            return
        rng = np.random.default_rng([len(path), *plan])
        delivery = sample(candidate, JUDGING_SHOTS, 1, rng, check=check)
        quality = mean(delivery.states[..., 0])
        done[plan] = Candidate(candidate, delivery.rate_per_s, quality.value, quality.std_error)
        yield done[plan]


def _refused(candidate: Candidate, chosen: Candidate, min_fidelity: float) -> Candidate:
    if candidate.refused:
        return candidate
    if candidate.reaches(min_fidelity):
        why = f"slower: {candidate.rate_per_s:.3g} pairs/s against {chosen.rate_per_s:.3g}"
    elif candidate.fidelity < min_fidelity:
        why = f"fidelity {candidate.fidelity:.3f} is below the {min_fidelity:g} asked for"
    else:
        why = f"fidelity {candidate.fidelity:.4f} is too close to the {min_fidelity:g} asked for to be sure of it"
    return replace(candidate, refused=why)


def _why_not(judged: list[Candidate], source: str, target: str, min_fidelity: float) -> str:
    delivering = [candidate for candidate in judged if candidate.rate_per_s > 0]
    if not delivering:
        reasons = "; ".join(f"{' - '.join(each.chain.path)}: {each.refused}" for each in judged[:3])
        return f"no path from {source} to {target} delivers pairs: {reasons}"
    best = max(delivering, key=lambda candidate: candidate.fidelity)
    return (
        f"no path from {source} to {target} reaches fidelity {min_fidelity:g}; the best is "
        f"{best.fidelity:.3f} at {best.rate_per_s:.3g} pairs/s over {' - '.join(best.chain.path)} "
        f"({best.chain.plan}): ask for less, or improve {_weakest(best.chain)}"
    )


def _weakest(bad: Chain) -> str:
    """The part of a path that costs most fidelity, before any waiting."""
    parts = {
        f"the link {' - '.join(ends)} (fidelity {link.state[0]:.3f})": float(link.state[0])
        for ends, link in zip(pairwise(bad.path), bad.links, strict=True)
    }
    for name, swap in zip(bad.path[1:-1], bad.stations[1:-1], strict=True):
        kept = float((swap.swap_factor.sum()) / 4)
        parts[f"the swap at {name} (fidelity {kept:.3f})"] = kept
    return min(parts, key=lambda part: parts[part])
