"""Links that change slowly, against the mean over time and a walk through every attempt."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.link import Arm, Detector, DoubleClick, Fibre, Heralded, LinkError
from qstack.link.generation.passing import Passing
from qstack.link.model import LinkModel
from qstack.stats import chi_square_p, mean, within_sigma

QUICK, SLOW, MIDDLE = Heralded(0.3, 1e-3, 0.9), Heralded(0.001, 1e-3, 0.7), Heralded(0.02, 2e-3, 0.8)
PASS = Passing(((0.05, SLOW), (0.02, QUICK), (0.3, MIDDLE)))
"""50, 20 and 150 attempts: 0.05, 6 and 3 heralds in 0.37 s."""
HERALDS = np.array([0.05, 6.0, 3.0])


def slice_of(states: np.ndarray) -> np.ndarray:
    """The slice each herald fell into, told by its fidelity."""
    return np.searchsorted([0.75, 0.85], states[:, 0])[:, None] == [[0, 2, 1]]


def test_figures_are_means_over_attempts_and_heralds() -> None:
    assert PASS.success_probability / PASS.attempt_time_s == pytest.approx(9.05 / 0.37)
    assert PASS.success_probability == pytest.approx(9.05 / 220)
    weights = HERALDS / 9.05
    assert PASS.state[0] == pytest.approx(weights @ [0.7, 0.9, 0.8])
    np.testing.assert_allclose(PASS.density, bell.density_matrix(bell.werner(weights @ [0.7, 0.9, 0.8])), atol=1e-12)
    assert PASS.bell_indices == (0,)
    assert not PASS.twirled


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_heralds_come_at_the_mean_rate_and_in_the_slices_in_proportion(seed: int) -> None:
    times, states = PASS.sample(100_000, np.random.default_rng(seed))
    assert states.shape == (100_000, 4)
    assert within_sigma(mean(times), 0.37 / 9.05)
    assert within_sigma(mean(states[:, 0]), PASS.state[0])
    counts = slice_of(states).argmax(axis=1)
    assert chi_square_p(np.bincount(counts, minlength=3), HERALDS / 9.05) > 1e-4


def test_waits_are_those_of_a_walk_through_every_attempt() -> None:
    """A long series, attempt by attempt; its waits and the slices they end in are the sampled ones in law."""
    chances = np.repeat([0.001, 0.3, 0.02], [50, 20, 150])
    took = np.repeat([1e-3, 1e-3, 2e-3], [50, 20, 150])
    passes = 4000
    rng = np.random.default_rng(11)
    hits = np.flatnonzero(rng.random(passes * chances.size) < np.tile(chances, passes))
    ends = np.cumsum(np.tile(took, passes))
    walked = np.diff(ends[hits])
    times, _ = PASS.sample(walked.size, np.random.default_rng(12))
    edges = np.array([0.0, 1.5e-3, 2.5e-3, 4.5e-3, 0.0105, 0.0305, 0.1005, 0.2005, 0.3005, np.inf])
    seen, due = (np.histogram(waits, edges)[0] for waits in (times, walked))
    # Two samples of the same size: the difference of each class has variance seen + due.
    assert np.all(np.abs(seen - due) < 4 * np.sqrt(seen + due))
    assert due.min() > 100


@pytest.mark.parametrize("durations_s", [(0.5,), (0.01,), (0.01, 0.006)])
def test_slices_all_alike_are_the_steady_link(durations_s: tuple[float, ...]) -> None:
    steady = Heralded(0.07, 2e-3, 0.9)
    single = Passing(tuple((duration_s, steady) for duration_s in durations_s))
    assert single.success_probability == pytest.approx(0.07)
    assert single.attempt_time_s == pytest.approx(2e-3)
    times, states = single.sample(50_000, np.random.default_rng(3))
    attempts = times / 2e-3
    np.testing.assert_allclose(attempts, np.round(attempts), rtol=1e-9)
    counts = np.bincount(np.minimum(np.round(attempts).astype(int), 41), minlength=42)[1:]
    expected = np.array([0.07 * 0.93**k for k in range(40)])
    assert chi_square_p(counts, np.append(expected, 1 - expected.sum())) > 1e-4
    np.testing.assert_allclose(states, np.broadcast_to(steady.state, (50_000, 4)))


@pytest.mark.parametrize("p", [1e-30, 1e-12, 1e-3])
def test_rare_heralds_wait_for_many_passes(p: float) -> None:
    """Then the slices hardly matter: the wait is exponential, at the mean rate."""
    link = Passing(((1.0, Heralded(p, 1e-3)), (3.0, Heralded(p / 3, 1e-2))))
    times = link.sample(40_000, np.random.default_rng(5)).time_s * (1000 * p + 100 * p) / 4.0
    assert within_sigma(mean(times), 1.0)
    if p < 1e-6:
        assert abs((times < math.log(2)).mean() - 0.5) < 4 * 0.5 / math.sqrt(times.size)


def test_sure_heralds_take_one_attempt_each() -> None:
    link = Passing(((1.0, Heralded(1.0, 1e-3)), (1.0, Heralded(1.0, 2e-3))))
    times, _ = link.sample(30_000, np.random.default_rng(6))
    assert set(np.round(times, 9)) == {1e-3, 2e-3}
    assert within_sigma(mean(times), 2 / 1500)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(1e-6, 1), st.floats(0.3, 1)), min_size=1, max_size=6))
def test_every_herald_takes_at_least_an_attempt(slices: list[tuple[float, float, float]]) -> None:
    link = Passing(tuple((duration, Heralded(p, 1e-3, fidelity)) for duration, p, fidelity in slices))
    times, states = link.sample(50, np.random.default_rng(1))
    assert np.all(times >= 1e-3 * (1 - 1e-6))
    np.testing.assert_allclose(states.sum(axis=1), 1)
    np.testing.assert_allclose(link.state, bell.twirl(link.density))
    assert min(f for _, _, f in slices) - 1e-9 <= link.state[0] <= max(f for _, _, f in slices) + 1e-9


def test_memories_wait_as_long_as_they_do_for_a_mean_herald() -> None:
    def station(km: float) -> LinkModel:
        return DoubleClick((Arm(Fibre(km)), Arm(Fibre(km / 2))), Detector(0.5))

    near, far = station(10.0), station(60.0)
    link = Passing(((1.0, near), (2.0, far)))
    heralds = [near.success_probability / near.attempt_time_s, 2 * far.success_probability / far.attempt_time_s]
    for end in (0, 1):
        expected = np.average([near.stored_s[end], far.stored_s[end]], weights=heralds)
        assert link.stored_s[end] == pytest.approx(expected, rel=1e-3)
    assert link.bell_indices == near.bell_indices


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Passing(()),
        lambda: Passing(((0.0, QUICK),)),
        lambda: Passing(((math.nan, QUICK),)),
        lambda: Passing(((math.inf, QUICK),)),
        lambda: Passing(((1e-4, QUICK),)),
        lambda: Passing(((1.0, QUICK), (1.0, DoubleClick((Arm(Fibre(1.0)), Arm(Fibre(1.0))))))),
        lambda: Passing(((1.0, DoubleClick((Arm(Fibre(0.0)), Arm(Fibre(0.0))))),)),
    ],
)
def test_impossible_passes_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(LinkError):
        wrong()
