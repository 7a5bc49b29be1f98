"""Where a program's pairs come from: ask the network for deliveries and hand the compiler plain values."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.application.result import DeliverySummary, Served
from qstack.compiler import Chain, Environment, NodeNoise, PairState
from qstack.errors import InputError
from qstack.language.program import Entangle, Gate, Program, Send, Transmit
from qstack.routing import Network, PairRequest, deliver, light_time_s, photon_survival
from qstack.swapping import Delivery

Expansion = Literal["delivered", "repeaters"]
Memory = Literal["pauli", "exact"]


UNSTORED_S = 1e-15
"""How long a photon keeps without a memory: shorter than any wait."""


class UnstoredError(InputError):
    """A photon would have to wait where there is no memory."""


class ExpansionError(InputError):
    """A path cannot be expanded into a circuit of link pairs and swaps."""


@dataclass(frozen=True)
class Supply:
    """What the network does to one batch of shots: an environment, columns per shot, and the deliveries behind them."""

    environment: Environment = field(default_factory=Environment)
    given: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    summary: DeliverySummary | None = None


def supply(
    program: Program,
    nodes: Mapping[str, str],
    network: Network,
    shots: int,
    rng: np.random.Generator,
    *,
    expansion: Expansion,
    memory: Memory,
    check: Callable[[], None],
    progress: Callable[[float], None] | None = None,
) -> Supply:
    """Deliver every pair of the program over the network, for every shot.

    Args:
        program: what needs the pairs.
        nodes: role to node name.
        network: where they come from.
        shots: how many times.
        rng: source of all randomness here.
        expansion: `delivered` takes each end-to-end pair as one noisy pair, `repeaters` makes it inside the circuit.
        memory: how relaxation while a program waits is modelled, see `qstack.compiler.Environment`.
        check: called often, may raise to stop.
        progress: told the fraction done.

    Raises:
        NoRouteError: a pair cannot be had at the fidelity asked for.
        ExpansionError: `repeaters` was asked for and a route purifies.
        UnstoredError: a node without memory would have to keep a photon until a message comes.
    """
    _refuse_to_wait(program, nodes, network)
    wanted: dict[tuple[str, str, float], list[Entangle]] = defaultdict(list)
    for op in program.pairs:
        first, second = (nodes[role] for role in op.nodes)
        wanted[first, second, op.fidelity or 0.0].append(op)
    requests = [PairRequest(a, b, len(ops), floor) for (a, b, floor), ops in wanted.items()]
    deliveries = deliver(network, requests, shots, rng, check=check, progress=progress) if requests else []
    pairs: dict[str, PairState | Chain] = {}
    given: dict[str, NDArray[np.uint8]] = {}
    single = len(program.pairs) == 1
    for ops, delivery in zip(wanted.values(), deliveries, strict=True):
        for column, op in enumerate(ops):
            if expansion == "repeaters" and len(delivery.path) > 2:
                pairs[op.pair] = _chain(op.pair, column, delivery, network, given, rng)
            elif single:
                pairs[op.pair] = PairState(_weights(delivery.states[:, column].mean(axis=0)))
            else:
                pairs[op.pair] = _drawn(op.pair, delivery.states[:, column], given, rng)
    environment = Environment(
        nodes={role: node_noise(network, node) for role, node in nodes.items()},
        latency_s=_latencies(program, nodes, network),
        survival=_survival(program, nodes, network),
        pairs=pairs,
        memory=memory,
    )
    return Supply(environment, given, summarise(requests, deliveries) if requests else None)


def _refuse_to_wait(program: Program, nodes: Mapping[str, str], network: Network) -> None:
    """Refuse gates that depend on a message at nodes where photons are measured as they arrive."""
    unstored = {role for role, node in nodes.items() if not network.platform(node).memory.stores}
    received = {(op.nodes[1], op.source) for op in program.operations if isinstance(op, Send)}
    for op in program.operations:
        if not (isinstance(op, Gate) and op.node in unstored and op.when is not None):
            continue
        if any((op.node, source) in received for source in op.when.sources):
            raise UnstoredError(
                f"{op.line}: {op.node} waits for a message before this {op.gate}, but {nodes[op.node]} measures "
                "photons as they arrive and cannot keep one; give the node a platform with a memory, or let the "
                "protocol correct outcomes instead of qubits"
            )


def node_noise(network: Network, node: str) -> NodeNoise:
    """How well a node of the network keeps and handles qubits, in the compiler's terms.

    Where photons are measured as they arrive, nothing is left of one that has to wait.
    """
    platform = network.platform(node)
    stores = platform.memory.stores
    return NodeNoise(
        gate1_time_s=platform.gate1_time_s,
        gate2_time_s=platform.gate2_time_s,
        measure_time_s=platform.readout_time_s,
        gate1_depolarizing=platform.gate1_depolarizing,
        gate2_depolarizing=platform.gate2_depolarizing,
        readout_error=platform.readout_error,
        t1_s=platform.t1_s if stores else UNSTORED_S,
        t2_s=platform.t2_s if stores else UNSTORED_S,
    )


def summarise(requests: list[PairRequest], deliveries: list[Delivery]) -> DeliverySummary:
    """What was delivered, for people: means and quantiles over all shots."""
    served = tuple(
        Served(source=request.source, target=request.target, **delivery.summary())
        for request, delivery in zip(requests, deliveries, strict=True)
    )
    total = sum(each.pairs for each in served)
    slowest = max(deliveries, key=lambda delivery: float(delivery.shot_time_s.mean()))
    mean_s = float(slowest.shot_time_s.mean())
    return DeliverySummary(
        path=served[0].path,
        fidelity=sum(each.pairs * each.fidelity for each in served) / total,
        rate_per_s=total / mean_s if mean_s > 0 else math.inf,
        latency_s=slowest.latency_s,
        requests=served,
    )


def _weights(state: NDArray[np.float64]) -> tuple[float, float, float, float]:
    first, second, third, fourth = (float(weight) for weight in state / state.sum())
    return first, second, third, fourth


def _drawn(
    pair: str, states: NDArray[np.float64], given: dict[str, NDArray[np.uint8]], rng: np.random.Generator
) -> PairState:
    given[f"{pair}.z"], given[f"{pair}.x"] = bell.sample_paulis(states, rng)
    return PairState(drawn=True)


def _chain(
    pair: str,
    column: int,
    delivery: Delivery,
    network: Network,
    given: dict[str, NDArray[np.uint8]],
    rng: np.random.Generator,
) -> Chain:
    if delivery.link_states is None:
        raise ExpansionError(
            f"the route {' - '.join(delivery.path)} uses {delivery.plan}; only routes that swap and do not purify can "
            "be expanded into a circuit: lower the fidelity asked for, or use the expansion 'delivered'"
        )
    hops = tuple(
        _drawn(f"{pair}.{hop}", states[:, column], given, rng) for hop, states in enumerate(delivery.link_states)
    )
    return Chain(hops, tuple(node_noise(network, node) for node in delivery.path[1:-1]))


def _latencies(program: Program, nodes: Mapping[str, str], network: Network) -> dict[tuple[str, str], float]:
    talking = {op.nodes for op in program.operations if isinstance(op, Send | Transmit)}
    return {(a, b): light_time_s(network, nodes[a], nodes[b]) for a, b in talking}


def _survival(program: Program, nodes: Mapping[str, str], network: Network) -> dict[tuple[str, str], float]:
    flying = {op.nodes for op in program.operations if isinstance(op, Transmit)}
    return {(a, b): photon_survival(network, nodes[a], nodes[b]) for a, b in flying}
