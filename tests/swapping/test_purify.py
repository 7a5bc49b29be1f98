"""Purification with imperfect stations, and its repetition until it succeeds."""

from __future__ import annotations

import numpy as np
import pytest

from qstack import bell
from qstack.link import Heralded
from qstack.stats import chi_square_p, mean, within_sigma
from qstack.swapping import Chain, Station, sample
from qstack.swapping.purify import until_success
from tests.swapping import density


def test_rounds_on_a_link_wait_and_repeat() -> None:
    """A link that heralds every 10 ms: two pairs, the comparison, and all again after a failure."""
    stations = (
        Station(0.8, 0.5, 0.01, 0.02, 0.01, operation_time_s=3e-3),
        Station(0.6, 0.7, 0.03, 0.01, 0.05, operation_time_s=2e-3),
    )
    chain = Chain(("a", "b"), stations, (Heralded(1.0, 10e-3, 0.9),), (1e-3,), link_rounds=1)
    delivery = sample(chain, 20_000, 1, np.random.default_rng(3))
    fresh = density.mixture(bell.werner(0.9))
    noise = (0.01, 0.02, 0.01), (0.03, 0.01, 0.05)

    def stored(rho: density.Matrix, t: float) -> density.Matrix:
        for qubit, (t1, t2) in enumerate(((0.8, 0.5), (0.6, 0.7))):
            rho = density.twirled(density.relaxed(rho, t, t1, t2, qubit))
        return rho

    rho, success = density.selected([density.turned(pair, noise) for pair in (stored(fresh, 10e-3), fresh)], noise)
    expected = density.weights_of(stored(rho, 4e-3))
    np.testing.assert_allclose(delivery.states[:, 0], np.broadcast_to(expected, (20_000, 4)), atol=1e-12)
    tries = np.round(delivery.shot_time_s / 24e-3).astype(int)
    np.testing.assert_allclose(delivery.shot_time_s, tries * 24e-3)
    counts = np.bincount(np.minimum(tries, 6), minlength=7)[1:]
    geometric = [success * (1 - success) ** k for k in range(5)]
    assert chi_square_p(counts, [*geometric, 1 - sum(geometric)]) > 1e-4
    assert delivery.link_states is None


def test_rounds_end_to_end_purify_what_the_chain_delivers() -> None:
    links = (Heralded(0.2, 1.0, 0.95),) * 2
    chain = Chain(("a", "b", "c"), (Station(),) * 3, links, (0.0, 0.0), end_rounds=2)
    delivery = sample(chain, 4000, 1, np.random.default_rng(4))
    swapped = bell.swap(bell.werner(0.95), bell.werner(0.95))
    once, first = bell.dejmps(swapped, swapped)
    twice, second = bell.dejmps(once, once)
    np.testing.assert_allclose(delivery.states[:, 0], np.broadcast_to(twice, (4000, 4)), atol=1e-12)
    # The slower of two geometrics of 0.2 takes (3 - 2 * 0.2) / (0.2 * (2 - 0.2)) slots on average.
    slots = (3 - 0.4) / (0.2 * 1.8)
    assert within_sigma(mean(delivery.shot_time_s), slots * 2 / first * 2 / second)


def test_rounds_on_links_and_end_to_end_agree_with_their_states_composed() -> None:
    links = (Heralded(1.0, 1.0, 0.9), Heralded(1.0, 1.0, 0.85))
    chain = Chain(("a", "b", "c"), (Station(),) * 3, links, (0.0, 0.0), link_rounds=1, end_rounds=1)
    delivery = sample(chain, 10, 1, np.random.default_rng(4))
    better = [bell.dejmps(bell.werner(f), bell.werner(f))[0] for f in (0.9, 0.85)]
    swapped = bell.swap(*better)
    np.testing.assert_allclose(delivery.states[0, 0], bell.dejmps(swapped, swapped)[0], atol=1e-12)


@pytest.mark.parametrize("p", [1.0, 0.6, 0.01])
def test_tries_until_success_are_geometric_and_independent(p: float) -> None:
    rng, n = np.random.default_rng(7), 20_000

    def attempt(k: int) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        worked = rng.random(k) < p
        return np.ones(k), [np.stack([worked, rng.random(k)], axis=1)], worked

    times, (made,) = until_success(attempt, n)
    assert times.shape == (n,)
    assert made.shape == (n, 2)
    assert np.all(made[:, 0] == 1.0)
    assert np.unique(made[:, 1]).size == n
    assert within_sigma(mean(times), 1 / p) if p < 1 else np.all(times == 1)
    if p < 1:
        assert within_sigma(mean(times**2), (2 - p) / p**2)
        centred = times - times.mean()
        assert abs(float((centred[:-1] * centred[1:]).mean())) < 4 * times.var() / np.sqrt(n)


def test_the_time_of_failures_goes_to_the_success_that_follows_them() -> None:
    script = iter([(5.0, False), (1.0, True), (2.0, True), (7.0, False), (3.0, True)] * 40)

    def attempt(k: int) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        rows = [next(script) for _ in range(min(k, 7))]
        times = np.array([time for time, _ in rows])
        return times, [times.copy()], np.array([worked for _, worked in rows])

    times, (made,) = until_success(attempt, 9)
    np.testing.assert_array_equal(times, [6.0, 2.0, 10.0] * 3)
    np.testing.assert_array_equal(made, [1.0, 2.0, 3.0] * 3)
