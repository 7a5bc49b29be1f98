"""From the vertices of a plan to the sources of its pairs."""

from __future__ import annotations

from itertools import groupby

from qstack.swapping.plan import Cutoff, LinkPair, Multiplex, Plan, Purify, Swap
from qstack.swapping.sampling.cutoffs import CircuitCutoff, PairCutoff
from qstack.swapping.sampling.links import Links
from qstack.swapping.sampling.multiplexing import Multiplexed
from qstack.swapping.sampling.purification import Purified
from qstack.swapping.sampling.source import Site, Source
from qstack.swapping.sampling.swaps import Swaps


def built(plan: Plan, site: Site) -> Source:
    """The source of a plan's pairs."""
    match plan:
        case LinkPair():
            return Links([plan.hop], site)
        case Swap():
            return Swaps(plan, _grouped(plan, site), site)
        case Cutoff(scope="circuit"):
            return CircuitCutoff(plan, Swaps(plan.of, _grouped(plan.of, site), site), site)
        case Cutoff():
            return PairCutoff(plan, Swaps(plan.of, [built(part, site) for part in plan.of.parts], site), site)
        case Purify(style="pumped"):
            return Purified(plan, plan.rounds, built(plan.of, site), site)
        case Purify():
            source = built(plan.of, site)
            for _ in range(plan.rounds):
                source = Purified(plan, 1, source, site)
            return source
        case Multiplex():
            return Multiplexed(plan, built(plan.of, site), site)


def _grouped(plan: Swap, site: Site) -> list[Source]:
    """The sources of a swap's parts; neighbouring link pairs are made together."""
    sources: list[Source] = []
    for links, group in groupby(plan.parts, lambda part: isinstance(part, LinkPair)):
        parts = list(group)
        sources += [Links([part.first for part in parts], site)] if links else [built(part, site) for part in parts]
    return sources
