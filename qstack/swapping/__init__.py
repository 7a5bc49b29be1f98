"""The swapping layer: end-to-end pairs from link pairs, made by plans and sampled as arrays.

Knows link models, memories and repeater stations. Knows no networks, no requests and no programs.
"""

from qstack.swapping.chain import Chain
from qstack.swapping.delivery import Delivery
from qstack.swapping.expected import Expectation, mean_slowest
from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, PlanError, Purify, Swap, read_plan
from qstack.swapping.planned import PlannedChain
from qstack.swapping.policies import (
    balanced,
    nested_purification,
    ranked,
    sequential,
    swap_asap,
    with_end_purification,
    with_link_purification,
)
from qstack.swapping.station import Station

__all__ = [
    "Chain",
    "Cutoff",
    "Delivery",
    "Expectation",
    "LinkPair",
    "Multiplex",
    "Plan",
    "PlanError",
    "PlannedChain",
    "Purify",
    "Station",
    "Swap",
    "balanced",
    "mean_slowest",
    "nested_purification",
    "ranked",
    "read_plan",
    "sequential",
    "swap_asap",
    "with_end_purification",
    "with_link_purification",
]
