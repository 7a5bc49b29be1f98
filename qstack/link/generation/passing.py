"""A link whose conditions change slowly and come back, as those under a passing satellite do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qstack import bell
from qstack.link.errors import LinkError
from qstack.link.model import Floats, Heralds, LinkModel


@dataclass(frozen=True)
class Passing:
    """A pass cut into slices, in each of which the attempts are all alike, gone through over and over.

    Time counts only while the link is in view: the next pass follows the last one at once. Each slice holds as many
    whole attempts as fit into it; the rest of its time is cut off.

    Attributes:
        slices: how long each lasts (s), and how the link makes pairs meanwhile.
    """

    slices: tuple[tuple[float, LinkModel], ...]

    def __post_init__(self) -> None:
        """Refuse impossible passes.

        Raises:
            LinkError: there is no slice, one is too short for an attempt, or they announce different Bell states.
        """
        if not self.slices:
            raise LinkError("a pass without slices makes no pairs; give at least one (duration_s, model)")
        for duration_s, model in self.slices:
            if not 0 < model.attempt_time_s <= duration_s < np.inf:
                raise LinkError(
                    f"a slice lasts {duration_s} s and an attempt in it {model.attempt_time_s} s; give attempts that "
                    "take time, and a finite duration that one fits into"
                )
        announced = {model.bell_indices for model in self._models}
        if len(announced) > 1:
            raise LinkError(f"the slices announce different Bell states, {announced}; make them all with the same link")

    @property
    def _models(self) -> list[LinkModel]:
        return [model for _, model in self.slices]

    @cached_property
    def _attempts(self) -> NDArray[np.int64]:
        """Whole attempts in each slice, at least 1."""
        return np.array([max(1, int(duration_s / model.attempt_time_s)) for duration_s, model in self.slices])

    @cached_property
    def _attempt_times_s(self) -> Floats:
        return np.array([model.attempt_time_s for model in self._models])

    @cached_property
    def _shares(self) -> Floats:
        """Share of the heralds that fall in each slice."""
        heralds = self._attempts * [model.success_probability for model in self._models]
        return np.asarray(heralds / heralds.sum())

    @cached_property
    def success_probability(self) -> float:
        """Mean over all attempts: over `attempt_time_s`, the mean rate of heralds in the time in view."""
        return float(np.average([model.success_probability for model in self._models], weights=self._attempts))

    @cached_property
    def attempt_time_s(self) -> float:
        """Mean over all attempts."""
        return float(np.average(self._attempt_times_s, weights=self._attempts))

    @cached_property
    def stored_s(self) -> tuple[float, float]:
        """Mean over all heralds."""
        first, second = self._shares @ np.array([model.stored_s for model in self._models])
        return float(first), float(second)

    @cached_property
    def density(self) -> NDArray[np.complex128]:
        """Mean state over all heralds, shape (4, 4)."""
        return np.asarray(np.tensordot(self._shares, [model.density for model in self._models], axes=1))

    @cached_property
    def state(self) -> Floats:
        """Weights of the four Bell states in `density`, shape (4,)."""
        return bell.twirl(self.density)

    @cached_property
    def twirled(self) -> bool:
        """Whether the state of any slice is no mixture of Bell states."""
        return any(model.twirled for model in self._models)

    @property
    def bell_indices(self) -> tuple[int, ...]:
        """Those of every slice."""
        return self.slices[0][1].bell_indices

    def sample(self, n: int, rng: np.random.Generator) -> Heralds:
        """Draw n heralds, each after one that fell where a herald typically falls.

        The wait before it is thus that between two neighbours in a long series, whose mean is the pass's time over
        its heralds. A wait counted from a moment picked by time instead would fall into long gaps more often than
        into short ones, and be longer on average than those between heralds (the inspection paradox). Waits of one
        call are independent, where a long series has runs of short ones.

        Each attempt adds -log(1 - p) to the hazard, and the herald is the first attempt that takes the sum since the
        last one past an exponential: that is geometric, exactly, where p stays the same.
        """
        attempts, attempt_s = self._attempts, self._attempt_times_s
        chances = np.array([model.success_probability for model in self._models])
        hazard = -np.log1p(-np.minimum(chances, 1 - 1e-16))
        hazard_ends = np.cumsum(attempts * hazard)
        time_ends = np.cumsum(attempts * attempt_s)

        begun = rng.choice(attempts.size, size=n, p=self._shares)
        left = attempts[begun] - rng.integers(attempts[begun]) - 1
        drawn = rng.standard_exponential(n)
        beyond = drawn - left * hazard[begun]

        passes, rest = np.divmod(hazard_ends[begun] + np.maximum(beyond, 0), hazard_ends[-1])
        later = np.minimum(np.searchsorted(hazard_ends, rest), attempts.size - 1)
        into = np.ceil((rest - (hazard_ends - attempts * hazard)[later]) / hazard[later]).clip(1, attempts[later])
        later_s = passes * time_ends[-1] + (time_ends - attempts * attempt_s)[later] + into * attempt_s[later]

        soon_s = np.ceil(drawn / hazard[begun]) * attempt_s[begun]
        is_soon = beyond <= 0
        time_s = np.where(is_soon, soon_s, left * attempt_s[begun] + later_s - time_ends[begun])
        states = np.stack([model.state for model in self._models])
        return Heralds(time_s, states[np.where(is_soon, begun, later)])
