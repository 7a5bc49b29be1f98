"""One click at a station in the middle (Cabrillo et al. 1999)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qstack.link.errors import need_amount, need_probability
from qstack.link.generation.interference import Interference
from qstack.link.model import Floats


@dataclass(frozen=True, kw_only=True)
class SingleClick(Interference):
    """One photon, from either node, heralds (Cabrillo et al. 1999; Bose et al. 1999; Humphreys et al. 2018).

    Each node k makes sqrt(1 - alpha_k) |0>|no photon> + sqrt(alpha_k) |1>|photon>; exactly one count at the station
    heralds Psi+ (one detector) or Psi- (the other), corrected to Phi+. Both nodes may have been bright and a photon
    lost, or both counted as one: that part, |11>, becomes |10> by the correction and is kept in `density`.

    With equal nodes, V = 1 and no false counts P = 2 alpha eta - (alpha eta)^2, and F is near 1 - alpha. Humphreys et
    al. 2018 (supplement, eqs 8 and 10) approximate this for rare false clicks: theirs must not fall on the photon's
    own detector either (a factor 1 - pd), may fall on both (pd^2), keep the phase when they herald a lost photon (F
    too high by about (1 - alpha) pd / eta), and two photons always bunch.

    Attributes:
        arms: the ways of the two photons to the station.
        detector: the two detectors behind its beam splitter; a window is one attempt.
        visibility: two-photon interference visibility V, which scales the coherence by sqrt(V).
        bright: alpha, the population of the emitting state, per node.
        phase_std_rad: standard deviation of the optical phase between the arms, Gaussian; scales the coherence by
            exp(-sigma^2 / 2).
        double_excitation: probability per node that a bright node emits a second photon, of another colour or time
            than the detectors accept (4 % in Humphreys et al. 2018, supplement section IV). It tells the environment
            which node was bright: the coherence is scaled by sqrt((1 - p_1)(1 - p_2)), exactly.
    """

    bright: tuple[float, float]
    phase_std_rad: float = 0.0
    double_excitation: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse impossible stations.

        Raises:
            LinkError: a figure is out of range, or a pair can never be heralded.
        """
        for alpha, twice in zip(self.bright, self.double_excitation, strict=True):
            need_probability("bright", alpha)
            need_probability("double_excitation", twice)
        need_amount("phase_std_rad", self.phase_std_rad, "radians")
        super().__post_init__()

    @cached_property
    def _heralded(self) -> tuple[Floats, float]:
        a, b = self._photons
        window, _ = self._windows
        (alpha, beta), (twice_a, twice_b) = self.bright, self.double_excitation
        populations = np.array(
            [
                (1 - alpha) * (1 - beta) * window.counts(0, 0),
                (1 - alpha) * beta * window.counts(0, b),
                alpha * (1 - beta) * window.counts(a, 0),
                alpha * beta * window.counts(a, b),
            ]
        )
        sigma = self.phase_std_rad
        pure = math.sqrt(alpha * (1 - beta) * a * (1 - alpha) * beta * b) * window.coherent
        kept = math.sqrt(self.visibility * (1 - twice_a) * (1 - twice_b)) * math.exp(-sigma * sigma / 2)
        return populations, pure * kept

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Psi+ when the first detector clicked, Psi- when the second did."""
        return (1, 3)
