"""The best path and plan for a request: highest rate among those that reach what is asked for.

Candidates are the simple paths of least expected time to their link pairs, and those of least noise (Yen 1971), each
with the plans that `qstack.swapping.optimise` tries on it. They are judged with seeds of their own, so the choice is
repeatable and independent of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import rustworkx as rx
from numpy.typing import NDArray

from qstack import bell
from qstack.errors import InputError
from qstack.routing.chains import chain
from qstack.routing.network import Network
from qstack.swapping import Chain, swap_asap
from qstack.swapping.optimise import Candidate, Goal, candidates

Check = Callable[[], None]

FASTEST_PATHS = 5
CLEANEST_PATHS = 2


class NoRouteError(InputError):
    """No path and plan serve a request; the message says what would be possible."""


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
    *,
    deadline_s: float = math.inf,
    key_rate_per_s: float = 0.0,
) -> Route:
    """The path and plan of highest rate that meets a goal, or of highest key rate where the goal asks for key.

    Args:
        network: where the paths are.
        source: a node.
        target: another node.
        min_fidelity: see `qstack.swapping.optimise.Goal`; likewise
        check: called often; may raise to stop.
        deadline_s: and
        key_rate_per_s: these two.

    Raises:
        NetworkError: a node is not in the network.
        GoalError: the goal means nothing.
        NoRouteError: source is target, or nothing meets the goal.
    """
    network.node(source), network.node(target)
    if source == target:
        raise NoRouteError(f"a pair joins two different nodes; both ends are {source}")
    goal = Goal(min_fidelity, deadline_s, key_rate_per_s)
    judged: list[Candidate] = []
    chosen: Candidate | None = None
    for path in _paths(network, source, target, goal):
        for candidate in _tried(network, path, goal, chosen, check):
            judged.append(candidate)
            if not candidate.misses(goal) and (chosen is None or candidate.worth(goal) > chosen.worth(goal)):
                chosen = candidate
    if not judged:
        raise NoRouteError(f"no links that make pairs lead from {source} to {target}")
    if chosen is None:
        raise NoRouteError(_why_not(judged, source, target, goal))
    return Route(chosen, tuple(each.beaten_by(chosen, goal) for each in judged if each is not chosen))


def _paths(network: Network, source: str, target: str, goal: Goal) -> list[tuple[str, ...]]:
    """Paths worth judging, the fastest first; the cleanest matter only where quality is asked for."""
    paths = dict.fromkeys(islice(simple_paths(network, source, target, _slowness), FASTEST_PATHS))
    if goal.min_fidelity > 0 or goal.key_rate_per_s > 0:
        paths |= dict.fromkeys(islice(simple_paths(network, source, target, _noise), CLEANEST_PATHS))
    return list(paths)


def _tried(
    network: Network, path: tuple[str, ...], goal: Goal, leader: Candidate | None, check: Check | None
) -> Iterator[Candidate]:
    """The plans for one path; none where a node on it cannot swap."""
    along = chain(network, path)
    if blind := [name for name in path[1:-1] if not network.platform(name).memory.stores]:
        why = f"{blind[0]} measures photons as they arrive: no swaps"
        yield Candidate(swap_asap(len(path) - 1).on(along), refused=why)
        return
    yield from candidates(along, goal, leader, check)


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


def _why_not(judged: list[Candidate], source: str, target: str, goal: Goal) -> str:
    delivering = [candidate for candidate in judged if candidate.rate_per_s > 0]
    if not delivering:
        reasons = "; ".join(f"{' - '.join(each.chain.path)}: {each.refused}" for each in judged[:3])
        return f"no path from {source} to {target} delivers pairs: {reasons}"
    if not any(each.surely_reaches(goal.min_fidelity) for each in delivering):
        best = max(delivering, key=lambda each: each.fidelity)
        asked = f"reaches fidelity {goal.min_fidelity:g}"
        figure = f"{best.fidelity:.4g}"
        advice = f"ask for less, or improve {_weakest(best.chain)}"
    elif goal.key_rate_per_s > 0 and max(each.key_rate_per_s for each in delivering) < goal.key_rate_per_s:
        best = max(delivering, key=lambda each: each.key_rate_per_s)
        asked, figure = f"gives {goal.key_rate_per_s:g} key bits/s", f"{best.key_rate_per_s:.4g} key bits/s"
        advice = "ask for less"
    else:
        best = min(delivering, key=lambda each: each.late_s)
        asked = f"has all that is asked for and 95 % of its pairs within {goal.deadline_s:g} s"
        figure, advice = f"95 % within {best.late_s:.3g} s", "allow more time, or ask for less"
    return (
        f"no path from {source} to {target} {asked}; the best is {figure} (fidelity {best.fidelity:.3f} at "
        f"{best.rate_per_s:.3g} pairs/s) over {' - '.join(best.chain.path)} ({best.plan}): {advice}"
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
