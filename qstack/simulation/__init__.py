"""Virtual time: the machines of the layers below, driven by a clock that jumps from event to event.

The machines that run here are those that run live. Here a `World` stands for the hardware, and it alone knows the
states of pairs; a `Network` carries the packets, and may lose, double and delay them. So what sampled plans promise can
be compared with what is done by machines that know no more than nodes can. Knows routing, swapping, links and the Bell
algebra; knows no programs, no circuits, no backends, and no real clock, socket or thread.
"""

from qstack.simulation.circuits import Simulated, Simulation, simulate
from qstack.simulation.network import Faults, Network, Reliable
from qstack.simulation.world import World

__all__ = ["Faults", "Network", "Reliable", "Simulated", "Simulation", "World", "simulate"]
