"""The hardware of simulations against density matrices: what is found, and what is left, for every Bell state."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from qstack import bell
from qstack.link.service import PairId
from qstack.simulation.world import Herald, World
from qstack.stats import chi_square_p, proportion, within_sigma
from qstack.swapping import Chain, Station
from qstack.swapping.plan import Scheme
from qstack.swapping.service import CheckPair
from tests.simulation.cases import PERFECT, Announced, row
from tests.swapping import density

PLAIN = row(2, PERFECT, Announced(1.0, 1e-3))
NOISELESS = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def stored(world: World, hop: int, state: np.ndarray, now_s: float = 0.0) -> PairId:
    return world.store(hop, Herald(0.0, bell.transform(np.asarray(state, dtype=float)), 0), now_s)


def handed_over(world: World, places: tuple[int, int], qubits: tuple[PairId, PairId], index: int = 0) -> np.ndarray:
    assert world.deliver(places[0], qubits[0], index, 0.0) is None
    state = world.deliver(places[1], qubits[1], index, 0.0)
    assert state is not None
    assert world.qubits == 0
    return state


@pytest.mark.parametrize(("left", "right"), list(itertools.product(range(4), repeat=2)))
def test_what_a_swap_finds_tells_the_bell_state_that_it_leaves(left: int, right: int) -> None:
    """The outcomes that are possible, and the states they leave, are those of projections on Bell states."""
    rho = np.kron(density.mixture(np.eye(4)[left]), density.mixture(np.eye(4)[right]))
    found = set()
    for seed in range(24):
        world = World(PLAIN, np.random.default_rng(seed))
        one, other = stored(world, 0, np.eye(4)[left]), stored(world, 1, np.eye(4)[right])
        succeeded, index = world.swap(1, one, other, 0.0)
        projector = np.outer(density.BELL[index], density.BELL[index].conj())
        branch = density.kept(density.gate(rho, projector, 1, 2), 0, 3)
        state = handed_over(world, (0, 2), (one, other))
        np.testing.assert_allclose(state, density.weights_of(branch) / np.trace(branch).real, atol=1e-12)
        assert succeeded
        assert state[left ^ right ^ index] == pytest.approx(1)
        found.add(index)
    assert found == {0, 1, 2, 3}


def test_a_failed_swap_leaves_nothing_of_use() -> None:
    chain = row(2, Station(swap_success=0.3), Announced(1.0, 1e-3))
    successes = 0
    for seed in range(600):
        world = World(chain, np.random.default_rng(seed))
        one, other = stored(world, 0, bell.PERFECT), stored(world, 1, bell.PERFECT)
        succeeded, index = world.swap(1, one, other, 0.0)
        successes += succeeded
        state = handed_over(world, (0, 2), (one, other), index)
        np.testing.assert_allclose(state, bell.PERFECT if succeeded else 0.25, atol=1e-12)
    assert within_sigma(proportion(successes, 600), 0.3)


def checked(
    world: World, scheme: Scheme, pairs: list[PairId], corrections: list[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Both halves of a round on the first hop; the right end corrects."""
    kept, *by = pairs
    left = world.check(0, CheckPair(scheme, kept, tuple(by), (0,) * len(pairs)), 0.0)
    right = world.check(1, CheckPair(scheme, kept, tuple(by), tuple(corrections)), 0.0)
    return left, right


@pytest.mark.parametrize("scheme", ["dejmps", "double_selection"])
@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(4), repeat=2)))
def test_equal_outcomes_mean_success_whatever_the_bell_states_were(scheme: Scheme, first: int, second: int) -> None:
    """Pairs with known Bell states and known errors, so that the circuit leaves nothing to chance but both outcomes."""
    errors = (first, second, (first + 1) % 4)[: 3 if scheme == "double_selection" else 2]
    rho, probability = selected_if_possible(
        [density.turned(density.mixture(np.eye(4)[error]), NOISELESS) for error in errors]
    )
    for frames in itertools.product(range(4), repeat=len(errors)):
        world = World(PLAIN, np.random.default_rng(1))
        pairs = [stored(world, 0, np.eye(4)[frame ^ error]) for frame, error in zip(frames, errors, strict=True)]
        left, right = checked(world, scheme, pairs, list(frames))
        assert (left == right) == (probability > 0.5)
        state = handed_over(world, (0, 1), (pairs[0], pairs[0]))
        np.testing.assert_allclose(state, density.weights_of(rho) if left == right else 0.25, atol=1e-12)


def selected_if_possible(pairs: list[np.ndarray]) -> tuple[np.ndarray, float]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return density.selected(pairs, NOISELESS)


@pytest.mark.parametrize("scheme", ["dejmps", "bbpssw", "double_selection"])
def test_rounds_succeed_as_often_as_they_should(scheme: Scheme) -> None:
    """Also with noise that differs between the ends; single outcomes tell nothing."""
    stations = (Station(gate2_depolarizing=0.05), Station(gate1_depolarizing=0.02, readout_error=0.04), PERFECT)
    noise = tuple((each.gate1_depolarizing, each.gate2_depolarizing, each.readout_error) for each in stations[:2])
    chain = Chain(PLAIN.path, stations, PLAIN.links, PLAIN.flight_s)
    weights = np.array([0.7, 0.05, 0.15, 0.1])
    turn = density.made_werner if scheme == "bbpssw" else density.turned
    count = 3 if scheme == "double_selection" else 2
    rho, chance = density.selected([turn(density.mixture(weights), noise)] * count, noise)
    expected = density.weights_of(rho)
    if scheme == "bbpssw":  # given in the form that the next round makes of it
        expected = np.array([expected[0], *[(1 - expected[0]) / 3] * 3])
    world = World(chain, np.random.default_rng(2))
    tries, equal, ones = 1500, 0, 0
    for _ in range(tries):
        pairs = [stored(world, 0, weights) for _ in range(count)]
        left, right = checked(world, scheme, pairs, [0] * count)
        equal += left == right
        ones += left[0]
        state = handed_over(world, (0, 1), (pairs[0], pairs[0]))
        np.testing.assert_allclose(state, expected if left == right else 0.25, atol=1e-12)
    assert within_sigma(proportion(equal, tries), chance)
    assert chi_square_p([ones, tries - ones], [0.5, 0.5]) > 1e-4


def test_a_node_that_checks_alone_finds_something_at_random() -> None:
    """The other end has given up meanwhile: its qubits are gone, and nothing comes of it."""
    world = World(PLAIN, np.random.default_rng(3))
    found = set()
    for _ in range(20):
        kept, by = stored(world, 0, bell.PERFECT), stored(world, 0, bell.PERFECT)
        found.add(world.check(0, CheckPair("dejmps", kept, (by,), (0, 0)), 0.0))
        for qubit in (kept, by):
            world.discard(1, qubit, 0.0)
        world.discard(0, kept, 0.0)
    assert found == {(0,), (1,)}
    assert world.qubits == 0


def test_heralds_announce_what_they_leave() -> None:
    link = Announced(0.25, 1e-3, 0.9)
    world = World(row(1, PERFECT, link), np.random.default_rng(4))
    heralds = [world.herald(0) for _ in range(2000)]
    for herald in heralds[:50]:
        weights = bell.from_transform(herald.correlations)
        assert weights[herald.bell_index] == pytest.approx(0.9)
    counts = np.bincount([herald.bell_index for herald in heralds], minlength=4)
    assert chi_square_p(counts, [0.25] * 4) > 1e-4
    assert np.mean([herald.time_s for herald in heralds]) == pytest.approx(4e-3, rel=0.08)
