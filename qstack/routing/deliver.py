"""Serve a program's requests: a route for each, then pairs for every shot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qstack.errors import InputError
from qstack.routing.network import Network
from qstack.routing.paths import Route, best_route
from qstack.swapping import Delivery, sample


class PairRequestError(InputError):
    """A request for pairs is malformed."""


@dataclass(frozen=True, slots=True)
class PairRequest:
    """`pairs` pairs between two nodes in every shot, each of at least `min_fidelity` on average."""

    source: str
    target: str
    pairs: int = 1
    min_fidelity: float = 0.0

    def __post_init__(self) -> None:
        """Refuse less than one pair.

        Raises:
            PairRequestError: `pairs` is below 1.
        """
        if self.pairs < 1:
            raise PairRequestError(
                f"{self.pairs} pairs between {self.source} and {self.target}; ask for 1 or more"
            )


def deliver(
    network: Network,
    requests: Sequence[PairRequest],
    shots: int,
    rng: np.random.Generator,
    *,
    check: Callable[[], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Delivery]:
    """Deliver all requests in every shot, one `Delivery` per request in order.

    Requests whose routes share a link take turns, in order; the others go on at the same time. A shot starts
    when all its pairs are ready; until then those that are wait, and decay.

    Args:
        network: where the pairs come from.
        requests: what a shot needs.
        shots: number of shots.
        rng: source of all randomness.
        check: called often; may raise to stop.
        progress: told the fraction done.

    Raises:
        NoRouteError: a request cannot be served.
    """
    routes = [best_route(network, each.source, each.target, each.min_fidelity, check) for each in requests]
    own = rng.spawn(len(requests))
    made = [
        sample(
            route.chosen.chain,
            shots,
            request.pairs,
            own[k],
            check=check,
            progress=_part(progress, k, len(requests)),
        )
        for k, (request, route) in enumerate(zip(requests, routes, strict=True))
    ]
    begins: list[NDArray[np.float64]] = [np.zeros(shots) for _ in requests]
    for turn in _sharing(routes):
        clock = np.zeros(shots)
        for k in turn:
            begins[k] = clock
            clock = clock + made[k].shot_time_s
    ends = [begin + delivery.shot_time_s for begin, delivery in zip(begins, made, strict=True)]
    start = np.max(ends, axis=0) if ends else np.zeros(shots)
    return [delivery.started_at(start, begin) for delivery, begin in zip(made, begins, strict=True)]


def _sharing(routes: Sequence[Route]) -> Iterator[list[int]]:
    """Groups of requests whose routes are joined by shared links, each in the order of the requests."""
    groups: list[tuple[set[frozenset[str]], list[int]]] = []
    for k, route in enumerate(routes):
        links, members = {frozenset(ends) for ends in pairwise(route.path)}, [k]
        apart = []
        for other_links, other_members in groups:
            if links & other_links:
                links |= other_links
                members = other_members + members
            else:
                apart.append((other_links, other_members))
        groups = [*apart, (links, members)]
    for _, members in groups:
        yield sorted(members)


def _part(progress: Callable[[float], None] | None, k: int, total: int) -> Callable[[float], None] | None:
    if progress is None:
        return None
    return lambda fraction: progress((k + fraction) / total)
