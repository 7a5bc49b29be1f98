"""Two clicks at a station in the middle (Barrett and Kok 2005)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qstack.link.errors import need_amount
from qstack.link.generation.interference import Interference
from qstack.link.model import Floats


@dataclass(frozen=True, kw_only=True)
class DoubleClick(Interference):
    """Two photons, one from each node, meet at a station between them (Barrett and Kok 2005).

    Each node entangles its memory with a photon in two time bins; exactly one count in each bin heralds Psi+ (the same
    detector twice) or Psi- (both detectors), corrected to Phi+. Without false counts P = eta_A eta_B / 2 and
    F = (1 + V) / 2.

    Attributes:
        arms: the ways of the two photons to the station.
        detector: the two detectors behind its beam splitter; a window is one time bin.
        visibility: two-photon interference visibility V.
        bin_separation_s: time between the two bins; a detector that is blind for longer cannot count in both, which
            costs the heralds of Psi+. 0 where the two bins are told apart otherwise (by polarisation).
    """

    bin_separation_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible stations.

        Raises:
            LinkError: a figure is out of range, or a pair can never be heralded.
        """
        need_amount("bin_separation_s", self.bin_separation_s, "seconds")
        super().__post_init__()

    @property
    def _same_detector_counts(self) -> bool:
        """Whether a detector that clicked in the first bin is ready for the second."""
        return self.detector.dead_time_s <= self.bin_separation_s or self.bin_separation_s == 0

    @cached_property
    def _heralded(self) -> tuple[Floats, float]:
        a, b = self._photons
        early, blind = self._windows
        late = early if self._same_detector_counts else blind
        populations = np.array(
            [
                early.counts(a, b) * late.counts(0, 0),
                early.counts(a, 0) * late.counts(0, b),
                early.counts(0, b) * late.counts(a, 0),
                early.counts(0, 0) * late.counts(a, b),
            ]
        )
        return populations / 4, self.visibility * a * b * early.coherent * late.coherent / 4

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Psi+ when the same detector clicked twice, Psi- when both did."""
        return (1, 3) if self._same_detector_counts else (3,)
