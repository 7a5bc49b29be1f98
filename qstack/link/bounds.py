"""What no protocol can exceed: secret bits or ebits per use of a lossy channel and mode, with free classical talk.

A bound holds for its number of stations in between: a station in the middle that only measures counts as one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qstack.link.errors import LinkError

Floats = NDArray[np.float64]


def plob_bound(transmissivity: ArrayLike) -> Floats:
    """Capacity of the pure-loss channel, -log2(1 - eta): reached, and binding for direct links only.

    Pirandola, Laurenza, Ottaviani, Banchi 2017, Nature Communications 8, 15043.

    Args:
        transmissivity: probability eta that a photon comes through, any shape.

    Returns:
        Bits per use and mode, of the same shape; infinite where nothing is lost.

    Raises:
        LinkError: a transmissivity is outside [0, 1].
    """
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log1p(-_checked(transmissivity)) / math.log(2))


def tgw_bound(transmissivity: ArrayLike) -> Floats:
    """The older, looser bound log2((1 + eta) / (1 - eta)), from the squashed entanglement.

    Takeoka, Guha, Wilde 2014, Nature Communications 5, 5235. Arguments, result and errors as for `plob_bound`.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(2 * np.arctanh(_checked(transmissivity)) / math.log(2))


def repeater_bound(transmissivity: ArrayLike, repeaters: ArrayLike) -> Floats:
    """Capacity with equally spaced ideal repeaters, -log2(1 - eta^(1 / (n + 1))): `plob_bound` of one piece.

    Pirandola 2019, Communications Physics 2, 51.

    Args:
        transmissivity: probability that a photon would come through from end to end.
        repeaters: number n of stations in between, 0 or more; the two broadcast against each other.

    Returns:
        Bits per use of the chain and mode; infinite where nothing is lost.

    Raises:
        LinkError: a transmissivity is outside [0, 1], or a number of repeaters is negative.
    """
    number = np.asarray(repeaters)
    if not np.all(number >= 0):
        raise LinkError(f"repeaters is {number}; give 0 or more")
    return plob_bound(_checked(transmissivity) ** (1 / (number + 1)))


def _checked(transmissivity: ArrayLike) -> Floats:
    value = np.asarray(transmissivity, dtype=np.float64)
    if not np.all((value >= 0) & (value <= 1)):
        raise LinkError(f"transmissivity is {value}; give probabilities from 0 to 1")
    return value
