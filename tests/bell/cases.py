"""What the tests of the algebra draw, and how they compare."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from qstack import bell

weights = st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4).map(lambda w: np.array(w) / sum(w))
"""Bell-diagonal states of full rank."""

states = weights | st.sampled_from([*np.eye(4), *(np.eye(4)[:2] + np.eye(4)[2:]) / 2])
"""Any, pure ones too."""

chance = st.floats(0.0, 1.0)
noises = st.tuples(chance, chance, chance)
"""At one end: depolarisation by one-qubit gates and by two-qubit gates, and readout error."""

PHI_PLUS = np.array([1.0, 0.0, 0.0, 0.0])


def ends(*noise: tuple[float, float, float]) -> bell.Ends:
    first, second = (bell.LocalNoise(*each) for each in noise)
    return first, second


def relabelled(state: np.ndarray, index: int) -> np.ndarray:
    """The state after the Pauli of that Bell index on one qubit."""
    return state[..., np.arange(4) ^ index]


def close(left: object, right: object, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(np.asarray(left), np.asarray(right), rtol=0, atol=tolerance)


def need_distributions(state: np.ndarray) -> None:
    assert np.all(state >= 0)
    close(state.sum(axis=-1), np.ones(state.shape[:-1]), 1e-12)
