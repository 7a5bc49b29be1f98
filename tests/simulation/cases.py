"""Chains and plans that machines and sampled plans are compared on."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link import Heralded
from qstack.swapping import Chain, Station
from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, Purify, Swap
from qstack.swapping.policies import balanced, nested_purification, ranked, sequential, swap_asap


@dataclass(frozen=True)
class Announced(Heralded):
    """A link that announces any of the four Bell states."""

    @property
    def bell_indices(self) -> tuple[int, ...]:
        return (0, 1, 2, 3)


PERFECT = Station()
NOISY = Station(
    t1_s=0.3, t2_s=0.2, gate1_depolarizing=5e-3, gate2_depolarizing=0.01, readout_error=0.01, operation_time_s=1e-4
)


def row(hops: int, station: Station, link: Heralded, flight_s: float = 0.0) -> Chain:
    return Chain(tuple(f"n{k}" for k in range(hops + 1)), (station,) * (hops + 1), (link,) * hops, (flight_s,) * hops)


def links(hops: int) -> tuple[Plan, ...]:
    return tuple(LinkPair(hop=hop) for hop in range(hops))


LINK, OTHER_LINK = links(2)

PLANS: dict[str, Plan] = {
    "one link": LINK,
    "swap_asap": swap_asap(4),
    "sequential": sequential(4),
    "balanced": balanced(5),
    "ranked": ranked([0, 2, 0, 1, 0, 0]),
    "nested purification": nested_purification(4, [1, 1, 0]),
    "nested rounds": Purify(of=LINK, rounds=2),
    "bbpssw": nested_purification(2, [1, 1], "bbpssw"),
    "double selection": nested_purification(2, [1, 1], "double_selection"),
    "pumping": Purify(of=swap_asap(2), rounds=2, style="pumped"),
    "pumped double selection": Purify(of=LINK, rounds=2, style="pumped", scheme="double_selection"),
    "multiplexed links": Swap(parts=(Multiplex(of=LINK, tries=3), Multiplex(of=OTHER_LINK, tries=2))),
    "multiplexed swaps": Multiplex(of=swap_asap(2), tries=3),
    "circuit cutoff": Cutoff(of=swap_asap(2), age_s=3e-3),
    "long circuit cutoff": Cutoff(of=swap_asap(4), age_s=5e-3),
    "pair cutoff": Cutoff(of=swap_asap(2), age_s=3e-3, scope="pair"),
    "cutoffs inside": Swap(
        parts=(
            Cutoff(of=Swap(parts=links(4)[:2]), age_s=4e-3, scope="pair"),
            Cutoff(of=Swap(parts=links(4)[2:]), age_s=4e-3),
        )
    ),
}

INSTANT_PLANS: dict[str, Plan] = {
    "long pair cutoff": Cutoff(of=swap_asap(4), age_s=4e-3, scope="pair"),
}
"""Plans that nodes with flight times between them cannot carry out in the very moments that the sampled plan says."""

ALL_PLANS = PLANS | INSTANT_PLANS
