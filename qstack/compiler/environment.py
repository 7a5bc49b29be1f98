"""What a network does to a program, as plain values: gate noise, memory decay, message latency, pair states.

The application fills these in from the layers below; the compiler never looks at a network itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qstack.errors import InputError

Weights = tuple[float, float, float, float]
"""A Bell-diagonal state: weights of Phi+, Psi+, Phi-, Psi-."""

IDEAL_PAIR: Weights = (1.0, 0.0, 0.0, 0.0)


class NoiseValueError(InputError):
    """A noise parameter is outside its physical range."""


@dataclass(frozen=True, slots=True)
class NodeNoise:
    """How well a node keeps and handles its qubits.

    Attributes:
        gate1_time_s: duration of a one-qubit gate.
        gate2_time_s: duration of a two-qubit gate.
        measure_time_s: duration of a measurement.
        gate1_depolarizing: p of rho -> (1-p) rho + p I/2 after each one-qubit gate.
        gate2_depolarizing: p of rho -> (1-p) rho + p I/4 after each two-qubit gate.
        readout_error: probability that a measured bit is reported wrongly (the same for 0 and 1).
        t1_s: energy relaxation time.
        t2_s: coherence time, at most 2 t1_s.
    """

    gate1_time_s: float = 0.0
    gate2_time_s: float = 0.0
    measure_time_s: float = 0.0
    gate1_depolarizing: float = 0.0
    gate2_depolarizing: float = 0.0
    readout_error: float = 0.0
    t1_s: float = math.inf
    t2_s: float = math.inf

    def __post_init__(self) -> None:
        """Refuse values no device can have.

        Raises:
            NoiseValueError: a time is negative, a probability is outside [0, 1], or t2_s > 2 t1_s.
        """
        for name in ("gate1_time_s", "gate2_time_s", "measure_time_s"):
            value = getattr(self, name)
            if not (0.0 <= value < math.inf):
                raise NoiseValueError(f"{name} is {value}; give a finite time of 0 seconds or more")
        for name in ("gate1_depolarizing", "gate2_depolarizing", "readout_error"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise NoiseValueError(f"{name} is {value}; give a probability from 0 to 1")
        if not (self.t1_s > 0 and 0 < self.t2_s <= 2 * self.t1_s):
            raise NoiseValueError(f"t1_s={self.t1_s}, t2_s={self.t2_s}: both must be positive and t2_s at most 2 t1_s")


@dataclass(frozen=True, slots=True)
class PairState:
    """State of one pair when the program starts.

    `weights` is the state, alike in every shot. With `drawn`, the state is Phi+ with a Pauli drawn per shot instead:
    the columns named `<pair>.x` and `<pair>.z` say in which shots X and Z act on the second qubit.
    """

    weights: Weights = IDEAL_PAIR
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """A pair to be made inside the circuit: link pairs along a path, joined by a swap at each node between.

    Attributes:
        hops: state of each link pair just before it is used, from the first end to the second.
        swaps: noise of the node that does each swap, one fewer than hops. Only error rates count here; the waiting is
            in the hop states already.
    """

    hops: tuple[PairState, ...]
    swaps: tuple[NodeNoise, ...]


@dataclass(frozen=True)
class Environment:
    """Everything the network does to a program, by role name and by pair id. The default does nothing.

    Attributes:
        nodes: noise of each role's node; a role that is missing is noiseless and instant.
        latency_s: flight time of a message from one role to another; missing means 0.
        survival: probability that a photon sent from one role to another arrives; missing means 1.
        pairs: state, or way of making, of each pair; missing means a perfect pair.
        memory: `exact` keeps relaxation as amplitude damping; `pauli` twirls it and keeps Clifford programs Clifford.
    """

    nodes: Mapping[str, NodeNoise] = field(default_factory=dict)
    latency_s: Mapping[tuple[str, str], float] = field(default_factory=dict)
    survival: Mapping[tuple[str, str], float] = field(default_factory=dict)
    pairs: Mapping[str, PairState | Chain] = field(default_factory=dict)
    memory: Literal["exact", "pauli"] = "pauli"


IDEAL = Environment()
PERFECT_NODE = NodeNoise()
