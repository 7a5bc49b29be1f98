"""A circuit in virtual time: one machine per node, the world, and the network between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.errors import RunError
from qstack.link.service import PairId as LinkPairId
from qstack.simulation.clock import Clock
from qstack.simulation.network import Network, Reliable
from qstack.simulation.world import Herald, World
from qstack.swapping import Chain
from qstack.swapping.plan import Plan
from qstack.swapping.service import (
    Action,
    Cancel,
    Checked,
    CheckPair,
    Circuit,
    Deliver,
    Discard,
    Done,
    Event,
    Generate,
    LinkReady,
    MeasureBell,
    Measured,
    Packet,
    PairId,
    Request,
    Settings,
    SwapMachine,
    Wake,
)


class SimulationError(RunError):
    """The two ends of a circuit were told different things."""


@dataclass(frozen=True)
class Simulated:
    """End-to-end pairs made one after the other, as the machines at both ends delivered them.

    Attributes:
        pair_ids: their names, the same at both ends.
        links: the link pairs each came from, one per hop.
        bell_index: the Bell state (2z + x) that both ends know each to be in, shape (pairs,).
        ready_s: when both ends knew of each, from the common start of all nodes, shape (pairs,).
        states: Bell-diagonal states then, corrected by that Bell index, shape (pairs, 4).
        packets: how many the machines have sent.
    """

    pair_ids: tuple[PairId, ...]
    links: tuple[tuple[LinkPairId, ...], ...]
    bell_index: NDArray[np.uint8]
    ready_s: NDArray[np.float64]
    states: NDArray[np.float64]
    packets: int

    @property
    def time_s(self) -> NDArray[np.float64]:
        """How long each pair took from the one before, shape (pairs,)."""
        return np.diff(self.ready_s, prepend=0.0)


def simulate(
    chain: Chain,
    plan: Plan,
    pairs: int,
    rng: np.random.Generator,
    *,
    network: Network | None = None,
    settings: Settings | None = None,
) -> Simulated:
    """Make pairs along a chain with the machines of `qstack.swapping.service`, in virtual time.

    Args:
        chain: the path, its stations and links, and the flight times of its messages.
        plan: how each pair is made.
        pairs: how many, one after the other.
        rng: source of all randomness of the world.
        network: what becomes of packets; each arrives once, after its flight, if not given.
        settings: of the machines; patient enough for the flight times if not given.

    Raises:
        CircuitError: less than one pair, or the plan does not fit to the chain.
        SimulationError: the ends were told different things.
    """
    simulation = Simulation(chain, plan, rng, network or Reliable(), settings)
    simulation.run(pairs)
    return simulation.result()


class Simulation:
    """One circuit, its world, and its network.

    Attributes:
        world: the hardware.
        machines: one per node.
        delivered: what each end was told, in order: the head, the tail.
        done: requests that are done.
    """

    def __init__(
        self, chain: Chain, plan: Plan, rng: np.random.Generator, network: Network, settings: Settings | None = None
    ) -> None:
        self.circuit = Circuit("circuit", chain.path, plan, chain.flight_s)
        self.world = World(chain, rng)
        patience = settings or Settings(retry_s=0.1 + 5 * sum(chain.flight_s))
        self.machines = [SwapMachine(self.circuit, node, patience) for node in chain.path]
        self.delivered: dict[int, list[Deliver]] = {0: [], len(chain.path) - 1: []}
        self.done: list[int] = []
        self._chain = chain
        self._network = network
        self._clock = Clock(-self.circuit.flight(0, len(chain.path) - 1))
        self._wake_s = [math.inf] * len(chain.path)
        self._asked: dict[Generate, set[int]] = {}
        self._states: list[bell.State] = []
        self._packets = 0

    @property
    def now_s(self) -> float:
        """What time it is, from the common start of the first request."""
        return self._clock.now_s

    def run(self, pairs: int) -> None:
        """Ask for pairs, and go on until nothing is left to do."""
        self._tell(0, Request(len(self.done), pairs))
        self._clock.run()

    def result(self) -> Simulated:
        """What has been delivered so far.

        Raises:
            SimulationError: the ends were told different things.
        """
        head, tail = ([(d.pair_id, d.bell_index, d.links) for d in told] for told in self.delivered.values())
        if head != tail:
            raise SimulationError(f"the head was told {head}, the tail {tail}")
        ready_s = [[deliver.ready_s for deliver in told] for told in self.delivered.values()]
        return Simulated(
            pair_ids=tuple(pair_id for pair_id, _, _ in head),
            links=tuple(links for _, _, links in head),
            bell_index=np.array([index for _, index, _ in head], dtype=np.uint8),
            ready_s=np.max(ready_s, axis=0),
            states=np.array(self._states),
            packets=self._packets,
        )

    def _tell(self, place: int, event: Event) -> None:
        """Give an event to a machine, and do what it wants."""
        machine = self.machines[place]
        for action in machine.handle(event, self._clock.now_s):
            self._do(place, action)
        wake_s = machine.wake_s
        if wake_s < self._wake_s[place]:
            self._wake_s[place] = wake_s
            self._clock.at(wake_s, partial(self._wake, place))

    def _wake(self, place: int) -> None:
        if self._clock.now_s == self._wake_s[place]:
            self._wake_s[place] = math.inf
            self._tell(place, Wake())

    def _do(self, place: int, action: Action) -> None:
        now_s = self._clock.now_s
        match action:
            case Packet():
                self._send(place, action)
            case Generate():
                self._generate(place, action)
            case Cancel(hop, task):
                self._cancel(place, Generate(hop, task))
            case MeasureBell():
                self._clock.at(now_s + self._operation_s(place), partial(self._swap, place, action))
            case CheckPair():
                event = Checked(action.kept, self.world.check(place, action, now_s))
                self._clock.at(now_s + self._operation_s(place), partial(self._tell, place, event))
            case Discard(qubit):
                self.world.discard(place, qubit, now_s)
            case Deliver():
                self._deliver(place, action)
            case Done(request_id):
                self.done.append(request_id)

    def _operation_s(self, place: int) -> float:
        return self._chain.stations[place].operation_time_s

    def _send(self, place: int, packet: Packet) -> None:
        self._packets += 1
        target = self.circuit.path.index(packet.target)
        for delay_s in self._network.delays_s(packet, self.circuit.flight(place, target)):
            self._clock.at(self._clock.now_s + delay_s, partial(self._tell, target, packet))

    def _generate(self, place: int, action: Generate) -> None:
        """Attempts start when both nodes of the hop have asked."""
        asked = self._asked.setdefault(action, set())
        asked.add(place)
        if len(asked) == 2:
            herald = self.world.herald(action.hop)
            self._clock.at(self._clock.now_s + herald.time_s, partial(self._herald, action, herald))

    def _cancel(self, place: int, action: Generate) -> None:
        self._asked[action].remove(place)
        if not self._asked[action]:
            del self._asked[action]

    def _herald(self, action: Generate, herald: Herald) -> None:
        """A pair is there, unless it has been cancelled at either node."""
        if len(self._asked.get(action, ())) == 2:
            del self._asked[action]
            pair_id = self.world.store(action.hop, herald, self._clock.now_s)
            for place in (action.hop, action.hop + 1):
                self._tell(place, LinkReady(action.task, pair_id, herald.bell_index))

    def _swap(self, place: int, action: MeasureBell) -> None:
        found = self.world.swap(place, action.left, action.right, self._clock.now_s)
        self._tell(place, Measured(action.left, action.right, *found))

    def _deliver(self, place: int, deliver: Deliver) -> None:
        self.delivered[place].append(deliver)
        qubit = deliver.links[0 if place == 0 else -1]
        state = self.world.deliver(place, qubit, deliver.bell_index, self._clock.now_s)
        if state is not None:
            self._states.append(state)
