"""What a Bell-diagonal pair is worth: error rates, CHSH value, key and entanglement that can be had from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.bell.states import State, transform


def qber(state: State) -> dict[str, NDArray[np.float64]]:
    """Probability that outcomes disagree with Phi+ when both ends measure the same Pauli: X, Y, Z."""
    _, zz, xx, minus_yy = np.moveaxis(transform(state), -1, 0)
    return {"X": (1 - xx) / 2, "Y": (1 - minus_yy) / 2, "Z": (1 - zz) / 2}


def chsh_value(state: State) -> NDArray[np.float64]:
    """CHSH value at its best settings, 2 sqrt(sum of the two largest squares) (Horodecki et al. 1995)."""
    squares = np.sort(transform(state)[..., 1:] ** 2, axis=-1)
    return np.asarray(2 * np.sqrt(squares[..., 1] + squares[..., 2]))


def key_fraction(state: State) -> NDArray[np.float64]:
    """Asymptotic BBM92 key bits per pair, 1 - h(QBER_X) - h(QBER_Z), not below 0 (Shor and Preskill 2000)."""
    rates = qber(state)
    return np.maximum(0.0, 1 - binary_entropy(rates["X"]) - binary_entropy(rates["Z"]))


def hashing_yield(state: State) -> NDArray[np.float64]:
    """Perfect pairs per pair by one-way hashing, 1 - H(weights), not below 0.

    Bennett, DiVincenzo, Smolin and Wootters 1996. Also the asymptotic key bits per pair of the six-state protocol with
    one-way post-processing (Lo 2001).
    """
    return np.maximum(0.0, 1 - entropy(state))


def log_negativity(state: State) -> NDArray[np.float64]:
    """Logarithmic negativity in ebits, log2(2 max weight), not below 0 (Vidal and Werner 2002).

    No local operations and messages distil more perfect pairs per pair than this.
    """
    return np.asarray(np.log2(np.maximum(1.0, 2 * np.max(state, axis=-1))))


def entropy(weights: ArrayLike) -> NDArray[np.float64]:
    """Entropy in bits of distributions along the last axis."""
    value = np.asarray(weights, dtype=np.float64)
    return np.asarray(-np.sum(value * np.log2(np.maximum(value, 1e-300)), axis=-1))


def binary_entropy(p: ArrayLike) -> NDArray[np.float64]:
    """h(p) in bits."""
    value = np.clip(np.asarray(p, dtype=np.float64), 0.0, 1.0)
    return entropy(np.stack([value, 1 - value], axis=-1))
