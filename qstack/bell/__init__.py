"""Algebra of Bell-diagonal pairs, vectorised over any leading axes. Leaf: imports no other room.

A state is float64[..., 4]: the weights of Phi+, Psi+, Phi-, Psi-, i.e. index 2z + x for the Pauli X^x Z^z
applied to one half of Phi+. It is a probability distribution over Paulis, so its Walsh-Hadamard transform
turns what composes (swaps, Pauli channels, decay) into elementwise products.
"""

from qstack.bell.merit import (
    binary_entropy,
    chsh_value,
    entropy,
    hashing_yield,
    key_fraction,
    log_negativity,
    qber,
)
from qstack.bell.operations import (
    NOISELESS,
    LocalNoise,
    decohere,
    decoherence,
    depolarise,
    optical_swap,
    optical_swap_factor,
    pauli,
    swap,
    swap_factor,
)
from qstack.bell.purification import Ends, bbpssw, dejmps, double_selection, pump
from qstack.bell.states import (
    PERFECT,
    BellStateError,
    State,
    as_state,
    density_matrix,
    fidelity,
    from_transform,
    sample_paulis,
    transform,
    twirl,
    werner,
)

__all__ = [
    "NOISELESS",
    "PERFECT",
    "BellStateError",
    "Ends",
    "LocalNoise",
    "State",
    "as_state",
    "bbpssw",
    "binary_entropy",
    "chsh_value",
    "decohere",
    "decoherence",
    "dejmps",
    "density_matrix",
    "depolarise",
    "double_selection",
    "entropy",
    "fidelity",
    "from_transform",
    "hashing_yield",
    "key_fraction",
    "log_negativity",
    "optical_swap",
    "optical_swap_factor",
    "pauli",
    "pump",
    "qber",
    "sample_paulis",
    "swap",
    "swap_factor",
    "transform",
    "twirl",
    "werner",
]
