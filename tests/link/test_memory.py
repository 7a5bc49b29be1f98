"""Memories: figures of the table, the twirl against exact density matrices, and how long pairs are of use."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qstack import bell
from qstack.link import platform_profile
from qstack.link.errors import LinkError
from qstack.link.memory import Memory, stored, stored_exactly, useful_s

PERFECT = Memory()
ZZ, XX, YY = (np.kron(p, p) for p in ([[1, 0], [0, -1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]]))
PHI = np.array([1, 0, 0, 1]) / math.sqrt(2)


def relaxed(rho: np.ndarray, t_s: float, memory: Memory, qubit: int, steps: int = 2000) -> np.ndarray:
    """The master equation, integrated by small steps: decay towards 0 at 1/T1, and dephasing at 1/T2 - 1/(2 T1)."""
    lower, z = np.array([[0, 1], [0, 0]]), np.diag([1, -1])
    here = (lambda a: np.kron(a, np.eye(2))) if qubit == 0 else (lambda a: np.kron(np.eye(2), a))
    decay, dephasing = 1 / memory.t1_s, 1 / memory.t2_s - 1 / (2 * memory.t1_s)
    down, flip = here(lower), here(z)
    number = down.conj().T @ down

    def slope(r: np.ndarray) -> np.ndarray:
        damped = down @ r @ down.conj().T - (number @ r + r @ number) / 2
        return np.asarray(decay * damped + dephasing / 2 * (flip @ r @ flip - r))

    dt = t_s / steps
    for _ in range(steps):
        half = rho + dt / 2 * slope(rho)
        rho = rho + dt * slope(half)
    return rho


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((Memory(t2_s=1.0), PERFECT), 0.952419),
        ((Memory(t2_s=1.0), Memory(t2_s=1.0)), 0.909365),
        ((Memory(1.0, 1.0), PERFECT), 0.928629),
        ((Memory(1.0, 0.5), PERFECT), 0.885575),
    ],
)
def test_a_tenth_of_a_second(ends: tuple[Memory, Memory], expected: float) -> None:
    assert bell.fidelity(stored(bell.PERFECT, (0.1, 0.1), ends)) == pytest.approx(expected, abs=1e-6)
    exact = stored_exactly(np.outer(PHI, PHI), (0.1, 0.1), ends)
    assert (PHI @ exact @ PHI).real == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("memory", [Memory(1.0, 0.5), Memory(0.4, 0.8), Memory(math.inf, 0.3)])
@pytest.mark.parametrize("qubit", [0, 1])
def test_kraus_operators_solve_the_master_equation(memory: Memory, qubit: int) -> None:
    rng = np.random.default_rng(5)
    root = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    rho = root @ root.conj().T
    rho /= np.trace(rho)
    times, ends = ((0.3, 0.0), (memory, PERFECT)) if qubit == 0 else ((0.0, 0.3), (PERFECT, memory))
    np.testing.assert_allclose(stored_exactly(rho, times, ends), relaxed(rho, 0.3, memory, qubit), atol=1e-7)


memories = st.builds(
    lambda t1, share: Memory(t1, 2 * t1 * share), st.floats(0.01, 100), st.floats(0.01, 1)
) | st.builds(lambda t2: Memory(t2_s=t2), st.floats(0.01, 100))
states = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(lambda w: np.array(w) / sum(w))
times = st.floats(0, 10)


@given(memories, times)
def test_kraus_operators_lose_nothing(memory: Memory, t_s: float) -> None:
    kraus = memory.kraus(t_s)
    np.testing.assert_allclose(np.einsum("kij,kil->jl", kraus.conj(), kraus), np.eye(2), atol=1e-12)


@given(states, memories, memories, times, times)
def test_twirl_against_exact_correlations(state: Any, first: Memory, second: Memory, t_a: float, t_b: float) -> None:
    """XX and YY are the same; ZZ only where one end alone relaxes, otherwise gamma_A gamma_B apart."""
    twirled = stored(state, (t_a, t_b), (first, second))
    exact = stored_exactly(bell.density_matrix(state), (t_a, t_b), (first, second))
    _, zz, xx, minus_yy = bell.transform(twirled)
    apart = -math.expm1(-t_a / first.t1_s) * -math.expm1(-t_b / second.t1_s)
    seen = [float(np.trace(exact @ each).real) for each in (ZZ, XX, YY)]
    np.testing.assert_allclose(seen, [zz + apart, xx, -minus_yy], atol=1e-9)


@given(states, st.floats(0.01, 100), times)
def test_dephasing_leaves_bell_diagonal_pairs_bell_diagonal(state: Any, t2_s: float, t_s: float) -> None:
    ends = (Memory(t2_s=t2_s), Memory(t2_s=2 * t2_s))
    exact = stored_exactly(bell.density_matrix(state), (t_s, t_s), ends)
    np.testing.assert_allclose(exact, bell.density_matrix(stored(state, (t_s, t_s), ends)), atol=1e-12)


def test_relaxation_at_both_ends_is_better_than_its_twirl_says() -> None:
    """After a long time both qubits are 0: half of that is Phi+, where the twirl leaves a quarter."""
    ends = (Memory(1.0, 1.0), Memory(1.0, 1.0))
    exact = stored_exactly(np.outer(PHI, PHI), (50.0, 50.0), ends)
    assert (PHI @ exact @ PHI).real == pytest.approx(0.5)
    assert exact[0, 0].real == pytest.approx(1.0)
    assert bell.fidelity(stored(bell.PERFECT, (50.0, 50.0), ends)) == pytest.approx(0.25)


def test_many_times_and_states_at_once() -> None:
    ends = (Memory(2.0, 1.0), Memory(t2_s=3.0))
    when = np.array([0.0, 0.1, 1.0])
    together = stored(bell.werner([0.9, 0.8, 0.7]), (when, 2 * when), ends)
    for k, fidelity in enumerate([0.9, 0.8, 0.7]):
        alone = stored(bell.werner(fidelity), (when[k], 2 * when[k]), ends)
        np.testing.assert_allclose(together[k], alone)
    matrices = bell.density_matrix(bell.werner([0.9, 0.8]))
    exact = stored_exactly(matrices, (0.1, 0.2), ends)
    np.testing.assert_allclose(exact[1], stored_exactly(matrices[1], (0.1, 0.2), ends))


def test_loss_is_told_and_the_cutoff_loses_everything() -> None:
    memory = Memory(1.0, 1.0, efficiency=0.6, cutoff_s=0.5)
    np.testing.assert_array_equal(memory.comes_back([0.0, 0.5, 0.51]), [0.6, 0.6, 0.0])
    assert memory.aged(0.3).cutoff_s == pytest.approx(0.2)
    assert memory.aged(0.7).cutoff_s == 0.0
    assert PERFECT.comes_back(1e9) == 1.0


def test_memories_of_platforms() -> None:
    crystal = Memory.of(platform_profile("rare_earth_memory"))
    assert (crystal.efficiency, crystal.cutoff_s) == (0.51, 25e-6)
    ion = Memory.of(platform_profile("trapped_ion_node"))
    assert (ion.t1_s, ion.t2_s, ion.cutoff_s) == (math.inf, 85e-3, math.inf)
    receiver = platform_profile("photonic_spdc").adjusted({"t1_s": 1e-9, "t2_s": 1e-9})
    assert Memory.of(receiver) == PERFECT


def test_how_long_a_dephasing_pair_is_of_use() -> None:
    """F = (1 + e^(-2t/T2)) / 2 at both ends, so t = -T2/2 ln(2F - 1)."""
    ends = (Memory(t2_s=1.0), Memory(t2_s=1.0))
    assert useful_s(bell.PERFECT, ends, 0.9) == pytest.approx(-0.5 * math.log(0.8), rel=1e-9)
    assert useful_s(bell.PERFECT, ends, 0.5) > 10
    assert useful_s(bell.PERFECT, ends, 0.49) == math.inf
    assert useful_s(bell.PERFECT, ends, 1.0) < 1e-9


def test_how_long_a_depolarising_pair_is_of_use() -> None:
    """F = (1 + 3 w e^(-t (1/Ta + 1/Tb))) / 4 for a Werner state of w = (4F - 1) / 3."""
    ends = (Memory(2.0, 2.0), Memory(0.5, 0.5))
    expected = math.log((4 * 0.9 - 1) / (4 * 0.6 - 1)) / (1 / 2.0 + 1 / 0.5)
    assert useful_s(bell.werner(0.9), ends, 0.6) == pytest.approx(expected, rel=1e-9)


def test_pairs_of_no_use_and_pairs_for_ever() -> None:
    ends = (Memory(1.0, 1.0), PERFECT)
    assert useful_s(bell.werner(0.8), ends, 0.9) == 0.0
    assert useful_s(bell.werner(0.9), (PERFECT, PERFECT), 0.9) == math.inf
    assert useful_s(bell.werner(0.9), ends, 0.2) == math.inf
    assert useful_s(bell.werner(0.9), (PERFECT, Memory(cutoff_s=2.0)), 0.9) == 2.0
    assert useful_s(bell.PERFECT, (Memory(t2_s=1.0, cutoff_s=0.01), PERFECT), 0.9) == 0.01


def test_a_pair_can_fall_late_after_it_has_risen() -> None:
    """Phi- with a slow ZZ: XX grows back from -1 first, then ZZ goes."""
    ends = (Memory(t1_s=1e4, t2_s=1.0), PERFECT)
    state = np.array([0.30, 0.0, 0.70, 0.0])
    found = useful_s(state, ends, 0.29)
    assert found == pytest.approx(-1e4 * math.log(4 * 0.29 - 1), rel=1e-6)


def test_a_pair_can_dip_below_and_come_back() -> None:
    """F = (1 + .8 (x^2 - x)) / 4 with x = e^(-t/2): below .22 from x = (1 + sqrt(.4)) / 2 on, a quarter at the end."""
    state = np.array([0.25, 0.05, 0.65, 0.05])
    found = useful_s(state, (Memory(t1_s=1.0, t2_s=2.0), PERFECT), 0.22)
    assert found == pytest.approx(-2 * math.log((1 + math.sqrt(0.4)) / 2), rel=1e-9)


@given(states, memories, memories, st.floats(0.05, 0.999))
def test_the_floor_is_met_until_then_and_missed_after(state: Any, first: Memory, second: Memory, floor: float) -> None:
    ends = (first, second)

    def fidelity(t_s: float) -> float:
        return float(bell.fidelity(stored(state, (t_s, t_s), ends)))

    until = useful_s(state, ends, floor)
    if until == 0:
        assert fidelity(0.0) < floor + 1e-9
    elif until == math.inf:
        assert min(fidelity(t) for t in np.geomspace(1e-4, 1e5, 200)) >= floor - 1e-9
    else:
        assert min(fidelity(t) for t in np.linspace(0, until, 50)) >= floor - 1e-9
        assume(fidelity(until * 1.01) < floor - 1e-9 or fidelity(until * 1.01) > floor + 1e-9)
        assert fidelity(until * 1.01) < floor


@pytest.mark.parametrize(
    "wrong",
    [
        {"t1_s": 0.0},
        {"t1_s": 1.0, "t2_s": 2.1},
        {"t2_s": math.nan},
        {"efficiency": 0.0},
        {"efficiency": 1.1},
        {"cutoff_s": -1.0},
        {"cutoff_s": math.nan},
    ],
)
def test_impossible_memories_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(LinkError):
        Memory(**wrong)


@pytest.mark.parametrize("t_s", [-1.0, math.nan, math.inf])
def test_impossible_storage_times_are_refused(t_s: float) -> None:
    with pytest.raises(LinkError):
        Memory(t2_s=1.0).kraus(t_s)
