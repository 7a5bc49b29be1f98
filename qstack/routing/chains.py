"""From a path of a network to a chain that can be sampled."""

from __future__ import annotations

import math
from itertools import pairwise

from qstack.routing.network import Network
from qstack.swapping import Chain, Station


def station(network: Network, name: str) -> Station:
    """What a node of the network does to pairs."""
    platform = network.platform(name)
    return Station(
        t1_s=platform.t1_s,
        t2_s=platform.t2_s,
        gate1_depolarizing=platform.gate1_depolarizing,
        gate2_depolarizing=platform.gate2_depolarizing,
        readout_error=platform.readout_error,
        operation_time_s=platform.gate2_time_s + platform.gate1_time_s + platform.readout_time_s,
        swap_success=network.node(name).swap_success,
        cutoff_s=math.inf if platform.memory.cutoff_s is None else platform.memory.cutoff_s,
    )


def chain(network: Network, path: tuple[str, ...]) -> Chain:
    """The chain along a path of neighbours."""
    links = [network.link(first, second) for first, second in pairwise(path)]
    instant = network.control == "instant"
    return Chain(
        path=path,
        stations=tuple(station(network, name) for name in path),
        links=tuple(network.link_model(link) for link in links),
        flight_s=tuple(0.0 if instant else network.way(link).flight_time_s for link in links),
    )
