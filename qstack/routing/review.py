"""A second look at a route: what its hardware can hardly do, and what was published for what the file describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qstack import bell
from qstack.link.platform import platform_sheet
from qstack.link.timeline import warnings
from qstack.routing.links import Link
from qstack.routing.network import Network


@dataclass(frozen=True)
class Comparison:
    """A published result beside the simulated one.

    Attributes:
        quantity: `rate_per_s`, `fidelity` or `S`.
        published: the published value.
        low: lower end of the published band.
        high: upper end of the published band.
        source: where it was published.
        simulated: what came out here.
    """

    quantity: str
    published: float
    low: float
    high: float
    source: str
    simulated: float

    @property
    def inside(self) -> bool:
        """Whether the simulated value lies in the published band."""
        return self.low <= self.simulated <= self.high


def compared(network: Network, source: str, target: str, rate_per_s: float, state: bell.State) -> list[Comparison]:
    """What was published for pairs between two nodes, beside this rate and this mean state, shape (4,)."""
    simulated = {
        "rate_per_s": rate_per_s,
        "fidelity": float(bell.fidelity(state)),
        "S": float(bell.chsh_value(state)),
    }
    return [
        Comparison(each.quantity, each.value, each.low, each.high, each.source, simulated[each.quantity])
        for each in network.published
        if set(each.between) == {source, target}
    ]


def doubts(network: Network, path: Sequence[str]) -> Iterator[str]:
    """What makes pairs along a path useless or less than they seem, link by link, in words."""
    for ends in pairwise(path):
        link = network.link(*ends)
        model, names = network.link_model(link), link.between
        platforms = network.platform(names[0]), network.platform(names[1])
        for what in warnings(model, platforms, names=names):
            yield f"{' - '.join(names)}: {what}"
        yield from (f"{' - '.join(names)}: {what}" for what in _counted_twice(network, link))
        if model.twirled:
            yield f"{' - '.join(names)}: the heralded state is no mixture of Bell states and was twirled to one"


def _counted_twice(network: Network, link: Link) -> Iterator[str]:
    """Nodes whose emission includes the detectors already, at a link that counts its detectors once more."""
    detector = getattr(link, "detector", None)
    if detector is None or detector.efficiency == 1:
        return
    for name in link.between:
        chosen = network.node(name).platform
        sheet = platform_sheet(network.platforms[chosen].base if chosen in network.platforms else chosen)
        photon, own = sheet.platform.photon, network.platform(name).photon
        if sheet.detector.get("efficiency") == 1 and photon and own and photon.emission == own.emission:
            yield (
                f"the emission of {name} includes detection already, and the link's detectors see only "
                f"{detector.efficiency:g}; give the link detector: {{efficiency: 1.0}}"
            )
