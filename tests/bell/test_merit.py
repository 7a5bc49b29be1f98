"""What pairs are worth, against density matrices and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from qstack import bell
from tests.bell.cases import chance, close, states, weights
from tests.swapping import density


@given(weights)
def test_error_rates(state: np.ndarray) -> None:
    rho = density.mixture(state)
    for basis, pauli, sign in (("X", density.X, 1), ("Y", density.Y, -1), ("Z", density.Z, 1)):
        agree = sign * np.trace(rho @ np.kron(pauli, pauli)).real
        close(bell.qber(state)[basis], (1 - agree) / 2)


@given(weights)
def test_chsh_value_is_reached_and_not_exceeded(state: np.ndarray) -> None:
    rho, rng = density.mixture(state), np.random.default_rng(5)
    paulis = (density.X, density.Y, density.Z)
    tensor = np.array([[np.trace(rho @ np.kron(p, q)).real for q in paulis] for p in paulis])
    # Settings b, b' at angle t between orthogonal c, c' give 2 (|T c| cos t + |T c'| sin t) at best (Horodecki 1995).
    frames = np.linalg.qr(rng.normal(size=(400, 3, 3)))[0]
    lengths = np.linalg.norm(frames @ tensor.T, axis=-1)[:, :2]
    assert np.all(2 * np.linalg.norm(lengths, axis=-1) <= bell.chsh_value(state) + 1e-9)
    axes = np.linalg.norm(tensor, axis=0)
    close(max(2 * math.hypot(axes[i], axes[j]) for i, j in ((0, 1), (0, 2), (1, 2))), bell.chsh_value(state))


@pytest.mark.parametrize(
    ("error_rate", "expected"), [(0.01, 0.838414), (0.03, 0.611216), (0.05, 0.427206), (0.10, 0.062009)]
)
def test_published_key_fractions(error_rate: float, expected: float) -> None:
    # Independent bit and phase flips of the same rate: the rates of BB84.
    q = error_rate
    state = np.array([(1 - q) ** 2, q * (1 - q), q * (1 - q), q * q])
    close(bell.key_fraction(state), expected, 1e-6)
    assert bell.key_fraction(bell.werner(0.8)) == 0.0


@given(weights)
def test_hashing_yields_the_coherent_information(state: np.ndarray) -> None:
    rho = density.mixture(state)
    spectra = [np.linalg.eigvalsh(each) for each in (density.kept(rho, 1), rho)]
    half, whole = (-float(np.sum(values * np.log2(values))) for values in spectra)
    close(bell.hashing_yield(state), max(0.0, half - whole))


@given(weights)
def test_log_negativity_is_that_of_the_partial_transpose(state: np.ndarray) -> None:
    transposed = density.mixture(state).reshape(2, 2, 2, 2).swapaxes(1, 3).reshape(4, 4)
    close(bell.log_negativity(state), math.log2(np.abs(np.linalg.eigvalsh(transposed)).sum()))


@given(states)
def test_no_more_is_distilled_than_the_log_negativity_allows(state: np.ndarray) -> None:
    assert 0 <= bell.key_fraction(state) <= bell.hashing_yield(state) + 1e-12 <= bell.log_negativity(state) + 2e-12


def test_perfect_pairs_are_worth_one_bit_whichever_they_are() -> None:
    for worth in (bell.hashing_yield, bell.log_negativity, bell.key_fraction):
        close(worth(np.eye(4)), np.ones(4))


def test_the_published_six_state_threshold() -> None:
    def kept(error_rate: float) -> float:
        return float(bell.hashing_yield(bell.werner(1 - 1.5 * error_rate)))

    close(bell.qber(bell.werner(1 - 1.5 * 0.126193))["Z"], 0.126193)
    assert kept(0.126193 - 1e-4) > 0 == kept(0.126193 + 1e-4)


@given(chance)
def test_binary_entropy(p: float) -> None:
    expected = -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)
    close(bell.binary_entropy(p), expected, 1e-12)
    close(bell.entropy([p / 2, p / 2, (1 - p) / 2, (1 - p) / 2]), 1 + expected)
