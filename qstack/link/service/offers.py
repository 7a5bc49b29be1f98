"""From the physics of a link to the facts that its service works with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qstack.link.model import LinkModel
from qstack.link.platform import Platform
from qstack.link.service.facts import LinkFacts, Option
from qstack.link.timeline import best_fidelity

ONE_SLOT = 1
"""Memory slots of a platform that does not say how many it has."""


def facts_of(link_id: str, settings: Sequence[LinkModel], platforms: tuple[Platform, Platform]) -> LinkFacts:
    """What the first of two ends knows of their link; swap the platforms for the other end.

    Args:
        link_id: the link's name.
        settings: the link as it can be set, one model for each brightness of its sources, for instance.
        platforms: of this end and of the other; their memories count until the herald is there.

    Raises:
        LinkError: there is no setting.
    """
    slots, peer_slots = (_slots(platform) for platform in platforms)
    return LinkFacts(
        link_id,
        tuple(
            Option(best_fidelity(link, platforms), link.success_probability, link.attempt_time_s) for link in settings
        ),
        slots,
        peer_slots,
        min(math.inf if platform.memory.cutoff_s is None else platform.memory.cutoff_s for platform in platforms),
    )


def _slots(platform: Platform) -> int:
    if not platform.memory.stores:
        return 0
    return ONE_SLOT if platform.memory.modes is None else platform.memory.modes
