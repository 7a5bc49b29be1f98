"""A link known only by its figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.errors import need_amount, need_probability
from qstack.link.model import Steady


@dataclass(frozen=True)
class Heralded(Steady):
    """A link known only by its figures: success probability, attempt time and Werner fidelity."""

    success_probability: float
    attempt_time_s: float
    fidelity: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible figures.

        Raises:
            LinkError: a probability or the attempt time is out of range.
        """
        need_probability("success_probability", self.success_probability, positive=True)
        need_probability("fidelity", self.fidelity)
        need_amount("attempt_time_s", self.attempt_time_s, "seconds", positive=True)

    @property
    def stored_s(self) -> tuple[float, float]:
        """None: the fidelity is that at the herald."""
        return 0.0, 0.0

    @property
    def density(self) -> NDArray[np.complex128]:
        """A Werner state."""
        return bell.density_matrix(bell.werner(self.fidelity))

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Always Phi+."""
        return (0,)
