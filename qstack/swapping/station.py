"""What a node of a path does to pairs: storage, and the quality of its local operations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qstack import bell

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Station:
    """What a node does to pairs: storage, and the quality of its local operations.

    Attributes:
        t1_s: relaxation time of its memory.
        t2_s: coherence time of its memory.
        gate1_depolarizing: p of rho -> (1-p) rho + p I/2 after a one-qubit gate.
        gate2_depolarizing: p of rho -> (1-p) rho + p I/4 after a two-qubit gate.
        readout_error: probability of a wrong outcome.
        operation_time_s: duration of a two-qubit gate, a one-qubit gate and a readout together.
        swap_success: probability that a Bell measurement here succeeds (1/2 with linear optics).
        cutoff_s: its memory gives up a qubit that waits for longer; whoever makes plans has to see to that.
    """

    t1_s: float = np.inf
    t2_s: float = np.inf
    gate1_depolarizing: float = 0.0
    gate2_depolarizing: float = 0.0
    readout_error: float = 0.0
    operation_time_s: float = 0.0
    swap_success: float = 1.0
    cutoff_s: float = np.inf

    def decay(self, time_s: Floats) -> Floats:
        """What storing one qubit here does to a pair's correlations, shape time_s.shape + (4,)."""
        return bell.decoherence(time_s, self.t1_s, self.t2_s)

    @property
    def noise(self) -> bell.LocalNoise:
        """How well it works on its qubits."""
        return bell.LocalNoise(self.gate1_depolarizing, self.gate2_depolarizing, self.readout_error)

    @property
    def swap_factor(self) -> Floats:
        """What the errors of a Bell measurement here do to the correlations of the pair left, shape (4,)."""
        return bell.swap_factor(self.noise)
