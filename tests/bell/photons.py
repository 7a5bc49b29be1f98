"""An independent judge of swaps by photons: two photons on a beam splitter, as amplitudes over pairs of modes.

A photon is in one of four paths (two that meet, two where losses go), one of two polarisations, which encode the
qubit, and one of two inner modes, by which photons can be told apart. Two photons are a symmetric vector.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from tests.swapping import density

Matrix = density.Matrix


def swapped(first: Matrix, second: Matrix, visibility: float, efficiency: float) -> tuple[Matrix, float]:
    """Pairs (a, b) and (c, d): b and c are photons, measured at the beam splitter; d is corrected: state of a, d."""
    rho = np.kron(first, second)
    out = np.zeros((4, 4), dtype=np.complex128)
    arrived = _arriving(visibility, efficiency)
    for one, other in itertools.combinations(itertools.product((0, 1), repeat=2), 2):
        if one[1] == other[1]:
            continue  # the same polarisation twice: not Psi+ or Psi-
        detectors = _detector(*one), _detector(*other)
        pattern = np.kron(*detectors) + np.kron(*detectors[::-1])
        found = density.kept(density.applied(rho, arrived.conj().T @ pattern @ arrived, 1, 2), 0, 3)
        found = density.gate(found, density.X, 1)
        if one[0] != other[0]:  # only the antisymmetric Psi- sends photons both ways
            found = density.gate(found, density.Z, 1)
        out = out + found
    probability = float(np.trace(out).real)
    return out / probability, probability


def _arriving(visibility: float, efficiency: float) -> Matrix:
    """Two-photon amplitudes behind the beam splitter for each of the four polarisation states, shape (256, 4)."""
    inner = np.array([1.0, 0.0]), np.array([math.sqrt(visibility), math.sqrt(1 - visibility)])
    columns = []
    for polarisations in itertools.product((0, 1), repeat=2):
        a, b = (np.kron(np.kron(np.eye(4)[k], np.eye(2)[polarisations[k]]), inner[k]) for k in (0, 1))
        columns.append((np.kron(a, b) + np.kron(b, a)) / math.sqrt(2))
    kept, lost = math.sqrt(efficiency), math.sqrt(1 - efficiency)
    loss = np.kron([[kept, lost], [-lost, kept]], np.eye(2))
    splitter = np.eye(4)
    splitter[:2, :2] = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
    one_photon = np.kron(splitter @ loss, np.eye(4))
    return np.kron(one_photon, one_photon) @ np.stack(columns, axis=1)


def _detector(path: int, polarisation: int) -> Matrix:
    seen = np.kron(np.eye(4)[path], np.eye(2)[polarisation])
    return np.kron(np.diag(seen), np.eye(2))
