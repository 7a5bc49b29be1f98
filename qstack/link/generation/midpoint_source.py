"""A pair source in the middle, and memories that know when they have caught a photon (Jones et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.arm import Arm, longer_s, told_arms
from qstack.link.detector import PERFECT_DETECTOR, Detector
from qstack.link.errors import LinkError, need_amount, need_count
from qstack.link.generation.spdc import Coincidence, End, PairSource, end_of, single_probability, singles
from qstack.link.model import Heralds, Steady, multiplexed, waiting_attempts


@dataclass(frozen=True)
class MidpointSource(Steady):
    """A source sends the photons of each pair to two nodes, which latch them into memories.

    An attempt is a round of Jones et al. 2016: the source fires a train of pulses; the memory at each node stays open
    until it has latched, tells the other node which pulse it was, and is reset by the end of the round unless both
    latched the same one. So a memory is busy only after it has caught a photon, however rarely that happens.

    A memory latches if exactly one photon is absorbed, and takes over its polarisation; it stays open if there were
    none or several. A false latch (a dark count, a stray photon) counts as one more and leaves it in a random state.

    Attributes:
        source: the source; its coupling to each side is the `emission` of that arm.
        arms: the ways of the two photons to the nodes.
        repetition_rate_hz: pulses per second within a train.
        latch: what absorbs at each node, once per polarisation: its efficiency is that of absorption and herald
            together, its dark counts are false latches. Its dead time plays no part: a memory that has latched waits
            for the other node anyway.
        pulses: length of the train; about one over the probability of a latch is best.
        modes: trains side by side (wavelengths, fibres), each with a memory of its own at each node.
    """

    source: PairSource
    arms: tuple[Arm, Arm]
    repetition_rate_hz: float
    latch: Detector = PERFECT_DETECTOR
    pulses: int = 1
    modes: int = 1

    def __post_init__(self) -> None:
        """Refuse impossible links.

        Raises:
            LinkError: a figure is out of range, or both nodes never latch.
        """
        need_amount("repetition_rate_hz", self.repetition_rate_hz, "pulses per second", positive=True)
        need_count("pulses", self.pulses)
        need_count("modes", self.modes)
        if not self._latched.probability > 0:
            raise LinkError(f"a pair is never latched: {told_arms(self.arms)}; shorten the way or lower its loss")

    @cached_property
    def _ends(self) -> tuple[End, End]:
        first, second = (end_of(arm, self.latch) for arm in self.arms)
        return first, second

    @cached_property
    def _latched(self) -> Coincidence:
        """Both memories, open until then, latch the same pulse."""
        return singles(self.source, *self._ends)

    @cached_property
    def _any_latch(self) -> float:
        """Probability that a pulse is latched by one node or both."""
        return sum(single_probability(self.source, end) for end in self._ends) - self._latched.probability

    @cached_property
    def single_probability(self) -> float:
        """Probability that one train ends with a pair: the first pulse latched at all is latched by both nodes."""
        return self._latched.probability / self._any_latch * multiplexed(self._any_latch, self.pulses)

    @cached_property
    def success_probability(self) -> float:
        """Probability that at least one of the modes ends with a pair."""
        return multiplexed(self.single_probability, self.modes)

    @property
    def attempt_time_s(self) -> float:
        """The train, and then until each node has heard of the other's last pulse: twice the longer arm.

        The first pulse of the next train is sent ahead, so that it arrives when the memories are reset.
        """
        return self.pulses / self.repetition_rate_hz + 2 * longer_s(self.arms)

    @property
    def stored_s(self) -> tuple[float, float]:
        """From each photon's arrival until both nodes have heard of the other's along both arms."""
        first, second = (arm.flight_time_s + longer_s(self.arms) for arm in reversed(self.arms))
        return first, second

    @cached_property
    def density(self) -> NDArray[np.complex128]:
        """Exact state of two memories that have latched the same pulse, shape (4, 4); a Werner state."""
        return bell.density_matrix(self._latched.state(self.source))

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Always Phi+."""
        return (0,)

    def sample(self, n: int, rng: np.random.Generator) -> Heralds:
        """Draw n heralds: whole rounds without a pair, then the pulses up to the first pair, and word of it.

        The number of that pulse, geometric but cut off at the end of the train, is drawn from its inverse
        distribution function; with several modes it is the smallest of theirs.
        """
        failed = waiting_attempts(self.success_probability, n, rng) - 1
        below = rng.random(n) * self.success_probability
        latched = -np.expm1(np.log1p(-below) / self.modes) * self._any_latch / self._latched.probability
        number = np.ceil(np.log1p(-np.minimum(latched, 1 - 1e-16)) / np.log1p(-self._any_latch))
        train = np.clip(number, 1, self.pulses) / self.repetition_rate_hz
        times = failed * self.attempt_time_s + train + 2 * longer_s(self.arms)
        return Heralds(times, np.broadcast_to(self.state, (n, 4)))
