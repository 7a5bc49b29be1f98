"""Serve a program's requests: a route for each, then pairs for every shot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qstack.errors import InputError
from qstack.routing.network import Network
from qstack.routing.paths import Check, NoRouteError, Route, best_route
from qstack.stats import mean
from qstack.swapping import Delivery
from qstack.swapping.optimise import JUDGING_SHOTS

TRIALS = 4
MAX_PAIRS = 1000
"""Most pairs of one request in a shot; all of them are kept until the last is there."""


class PairRequestError(InputError):
    """A request for pairs is malformed."""


@dataclass(frozen=True, slots=True)
class PairRequest:
    """`pairs` pairs between two nodes in every shot (up to 1000), each of at least `min_fidelity` on average."""

    source: str
    target: str
    pairs: int = 1
    min_fidelity: float = 0.0

    def __post_init__(self) -> None:
        """Refuse less than one pair, and more than can be kept.

        Raises:
            PairRequestError: `pairs` is below 1 or above 1000.
        """
        if not 1 <= self.pairs <= MAX_PAIRS:
            raise PairRequestError(
                f"{self.pairs} pairs between {self.source} and {self.target} at a time; ask for 1 to {MAX_PAIRS}"
            )


def deliver(
    network: Network,
    requests: Sequence[PairRequest],
    shots: int,
    rng: np.random.Generator,
    *,
    check: Check | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Delivery]:
    """Deliver all requests in every shot, one `Delivery` per request in order.

    Of requests whose routes share a link, the later one begins when the earlier one has all its pairs; the others go
    on at the same time. A shot starts when all its pairs are ready; until then those that are wait, and decay.

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
    routes = plan_routes(network, requests, check)
    return _delivered(routes, requests, shots, rng, check, progress)


def plan_routes(network: Network, requests: Sequence[PairRequest], check: Check | None = None) -> list[Route]:
    """A route for each request, good enough after its pairs have waited for all others of the shot.

    A request that falls short of its fidelity in a trial is given a better route, a few times over.

    Raises:
        NoRouteError: a request cannot be served.
    """
    floors = [request.min_fidelity for request in requests]
    waits = len(requests) > 1 or any(request.pairs > 1 for request in requests)
    if waits:
        _refuse_unstored(network, requests)
    for _ in range(TRIALS):
        routes = [_route(network, each, floor, check) for each, floor in zip(requests, floors, strict=True)]
        if not (waits and any(floors)):
            return routes
        trial = _delivered(routes, requests, JUDGING_SHOTS, np.random.default_rng(TRIALS), check, None)
        reached = [_surely(delivery) for delivery in trial]
        missing = [each.min_fidelity - low for each, low in zip(requests, reached, strict=True)]
        if max(missing) <= 1e-9:
            return routes
        floors = [
            route.chosen.fidelity + gap if gap > 0 else floor
            for floor, route, gap in zip(floors, routes, missing, strict=True)
        ]
    k = int(np.argmax(missing))
    raise NoRouteError(_waiting(requests[k], f"only {reached[k]:.3f} is left of the fidelity"))


def _refuse_unstored(network: Network, requests: Sequence[PairRequest]) -> None:
    """Refuse to let a pair wait for others where photons are measured as they arrive."""
    for name in (name for request in requests for name in (request.source, request.target)):
        if not network.platform(name).memory.stores:
            raise NoRouteError(
                f"{name} measures photons as they arrive and stores none, so no pair can wait for the others of a "
                "shot; ask for one pair at a time"
            )


def _route(network: Network, request: PairRequest, floor: float, check: Check | None) -> Route:
    try:
        return best_route(network, request.source, request.target, min(floor, 1.0), check)
    except NoRouteError as error:
        if floor <= request.min_fidelity:
            raise
        raise NoRouteError(_waiting(request, str(error))) from error


def _waiting(request: PairRequest, what: str) -> str:
    return (
        f"pairs between {request.source} and {request.target} cannot be had at fidelity {request.min_fidelity:g}, "
        f"because they wait for other pairs of the shot ({what}): ask for fewer pairs at a time, or for less fidelity"
    )


def _surely(delivery: Delivery) -> float:
    """Mean fidelity of the worst of its pairs, less two standard errors."""
    columns = [mean(delivery.states[:, k, 0]) for k in range(delivery.pairs)]
    return min(column.value - 2 * column.std_error for column in columns)


def _delivered(
    routes: Sequence[Route],
    requests: Sequence[PairRequest],
    shots: int,
    rng: np.random.Generator,
    check: Check | None,
    progress: Callable[[float], None] | None,
) -> list[Delivery]:
    own = rng.spawn(len(requests))
    made = [
        route.chosen.planned.sample(
            shots,
            own[k],
            pairs=request.pairs,
            link_states=True,
            check=check,
            progress=_part(progress, k, len(requests)),
        )
        for k, (request, route) in enumerate(zip(requests, routes, strict=True))
    ]
    begins: list[NDArray[np.float64]] = []
    ends: list[NDArray[np.float64]] = []
    for k, delivery in enumerate(made):
        before = [ends[j] for j in range(k) if _share(routes[j], routes[k])]
        begins.append(np.max(before, axis=0) if before else np.zeros(shots))
        ends.append(begins[k] + delivery.shot_time_s)
    start = np.max(ends, axis=0) if ends else np.zeros(shots)
    return [delivery.started_at(start, begin) for delivery, begin in zip(made, begins, strict=True)]


def _share(first: Route, second: Route) -> bool:
    """Whether two routes use a link in common."""
    links = [{frozenset(ends) for ends in pairwise(route.path)} for route in (first, second)]
    return not links[0].isdisjoint(links[1])


def _part(progress: Callable[[float], None] | None, k: int, total: int) -> Callable[[float], None] | None:
    if progress is None:
        return None
    return lambda fraction: progress((k + fraction) / total)
