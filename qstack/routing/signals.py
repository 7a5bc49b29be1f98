"""Light between nodes: flight times of messages, and how much of a photon stream gets through."""

from __future__ import annotations

import math

import rustworkx as rx

from qstack.routing.checks import NetworkError
from qstack.routing.network import Network


def light_time_s(network: Network, source: str, target: str) -> float:
    """Flight time of a classical message along the fastest fibre route; 0 where control is instant.

    Raises:
        NetworkError: a node is not in the network.
    """
    network.node(source), network.node(target)
    if network.control == "instant" or source == target:
        return 0.0
    return _least(network, source, target, {link.between: network.way(link).flight_time_s for link in network.links})


def photon_survival(network: Network, source: str, target: str) -> float:
    """Probability that a photon sent from one node to another arrives, along the route of least loss.

    The sender's emission probability counts, detectors do not.
    """
    network.node(source), network.node(target)
    photon = network.platform(source).photon
    emission = 1.0 if photon is None else photon.emission
    if source == target:
        return emission
    losses = {link.between: max(0.0, -10 * math.log10(network.way(link).transmissivity)) for link in network.links}
    return float(emission * 10 ** (-_least(network, source, target, losses) / 10))


def _least(network: Network, source: str, target: str, cost: dict[tuple[str, str], float]) -> float:
    index = {node.name: i for i, node in enumerate(network.nodes)}
    graph: rx.PyGraph[str, float] = rx.PyGraph()
    graph.add_nodes_from(list(index))
    graph.add_edges_from([(index[a], index[b], value) for (a, b), value in cost.items()])
    found = rx.dijkstra_shortest_path_lengths(graph, index[source], lambda value: value, goal=index[target])
    if index[target] not in found:
        raise NetworkError(f"{target} cannot be reached from {source}")
    return float(found[index[target]])
