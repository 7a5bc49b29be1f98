"""What the layers below hand to the application: pairs as arrays, one row per shot and pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.swapping.plan import Plan

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Delivery:
    """Pairs delivered between the two ends of a path, `pairs` of them in each of `shots` shots.

    Attributes:
        path: node names from one end to the other.
        plan: how the pairs were made, for people.
        states: Bell-diagonal states when the shot starts, corrected to Phi+, shape (shots, pairs, 4).
        bell_index: the Bell state (2z + x) each pair was found in, before that correction, shape (shots,
            pairs).
        ready_s: when each pair was known at both ends, counted from the first attempt, shape (shots, pairs).
        shot_time_s: when the last pair of the shot was, which is when the shot starts, shape (shots,).
        memories: (T1, T2) of the memories at the two ends, seconds.
        link_states: state of each link pair just before its swap, one array of shape (shots, pairs, 4) per
            link of the path; None where they were not asked for, or where a plan purifies, because then an end-to-end
            pair is no product of link pairs.
        tree: the same plan as a tree; None if there is none.
        twirled: whether some link's heralded state was no mixture of Bell states, and was twirled to one.
    """

    path: tuple[str, ...]
    plan: str
    states: Floats
    bell_index: NDArray[np.uint8]
    ready_s: Floats
    shot_time_s: Floats
    memories: tuple[tuple[float, float], tuple[float, float]]
    link_states: tuple[Floats, ...] | None = None
    tree: Plan | None = None
    twirled: bool = False

    @property
    def shots(self) -> int:
        """Number of shots."""
        return int(self.states.shape[0])

    @property
    def pairs(self) -> int:
        """Pairs per shot."""
        return int(self.states.shape[1])

    @property
    def age_s(self) -> Floats:
        """How long each pair waited at both ends until the shot started, shape (shots, pairs)."""
        return np.asarray(self.shot_time_s[:, None] - self.ready_s)

    @property
    def fidelity(self) -> float:
        """Mean fidelity with Phi+ over all pairs."""
        return float(self.states[..., 0].mean())

    @property
    def rate_per_s(self) -> float:
        """Pairs per second when shot follows shot."""
        mean_s = float(self.shot_time_s.mean())
        return self.pairs / mean_s if mean_s > 0 else math.inf

    @property
    def latency_s(self) -> dict[str, float]:
        """Mean and quantiles of the time until all pairs of a shot are there."""
        p50, p95, p99 = np.quantile(self.shot_time_s, [0.5, 0.95, 0.99])
        return {
            "mean": float(self.shot_time_s.mean()),
            "p50": float(p50),
            "p95": float(p95),
            "p99": float(p99),
        }

    def started_at(self, shot_time_s: Floats, ready_after_s: Floats | float = 0.0) -> Delivery:
        """The same pairs in shots that start later, at `shot_time_s`; until then they decay at their ends.

        Args:
            shot_time_s: new start of each shot, shape (shots,).
            ready_after_s: when this path could begin its first attempt, added to every time here.
        """
        ready = self.ready_s + np.asarray(ready_after_s)[..., None]
        waited = np.maximum(shot_time_s - self.shot_time_s - ready_after_s, 0.0)
        decay = [bell.decoherence(waited, t1, t2)[:, None, :] for t1, t2 in self.memories]
        states = bell.from_transform(bell.transform(self.states) * decay[0] * decay[1])
        links = self.link_states
        if links is not None:
            changed = list(links)
            for position, factor in ((0, decay[0]), (-1, decay[1])):
                changed[position] = bell.from_transform(bell.transform(changed[position]) * factor)
            links = tuple(changed)
        return replace(self, states=states, ready_s=ready, shot_time_s=shot_time_s, link_states=links)

    def summary(self) -> dict[str, Any]:
        """Means and quantiles, JSON-ready."""
        return {
            "path": list(self.path),
            "plan": self.plan,
            "twirled": self.twirled,
            "pairs": self.pairs,
            "fidelity": self.fidelity,
            "rate_per_s": self.rate_per_s,
            "latency_s": self.latency_s,
        }


def joined(parts: Sequence[Delivery]) -> Delivery:
    """Deliveries of the same kind, one after the other, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    links = None
    if first.link_states is not None:
        columns = zip(*(part.link_states or () for part in parts), strict=True)
        links = tuple(np.concatenate(column) for column in columns)
    return replace(
        first,
        states=np.concatenate([part.states for part in parts]),
        bell_index=np.concatenate([part.bell_index for part in parts]),
        ready_s=np.concatenate([part.ready_s for part in parts]),
        shot_time_s=np.concatenate([part.shot_time_s for part in parts]),
        link_states=links,
    )
