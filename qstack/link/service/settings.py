"""How patient and how roomy one end of a link's service is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qstack.link.errors import need_amount, need_count
from qstack.link.service.requests import Create


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and policies.

    Attributes:
        retry_s: what is not acknowledged is sent again after this time, then after twice as long, and so on. More than
            a round trip.
        retries: how often, before the peer counts as silent: after retry_s (2^(retries + 1) - 1) in all.
        queue_limit: most requests in the queue.
        unsettled_limit: most pairs of which the peer has not said yet that it has them too.
        weights: share of the link per purpose, among those of one priority; 1 if not given. The leader's count.
        accepts: whether to take part in a request of the peer's, by its purpose for instance.
    """

    retry_s: float = 0.1
    retries: int = 8
    queue_limit: int = 64
    unsettled_limit: int = 16
    weights: Mapping[int, float] = field(default_factory=dict)
    accepts: Callable[[Create], bool] = lambda create: True

    def __post_init__(self) -> None:
        """Refuse impossible settings.

        Raises:
            LinkError: a figure is out of range.
        """
        need_amount("retry_s", self.retry_s, "seconds", positive=True)
        for name in ("retries", "queue_limit", "unsettled_limit"):
            need_count(name, getattr(self, name))
        for purpose, weight in self.weights.items():
            need_amount(f"weight of purpose {purpose}", weight, "shares", positive=True)
