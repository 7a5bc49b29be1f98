"""Pauli frames: which X and Z are still owed to a qubit, as Boolean functions, and how gates move them.

A frame (x, z) says that the qubit's true state is X^x Z^z applied to the state in the circuit. Signs are dropped: an
owed Pauli is classical in every shot, so its global phase means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qstack.boolean import FALSE, Poly
from qstack.circuit import CLIFFORD_GATES

CLIFFORD = CLIFFORD_GATES
ROTATION_AXIS = {"rx": "x", "ry": "y", "rz": "z", "t": "z", "tdg": "z"}
"""Gates that an owed Pauli passes by turning the angle's sign where the two anticommute."""


class Frame(NamedTuple):
    """The X and the Z owed to one qubit."""

    x: Poly = FALSE
    z: Poly = FALSE

    def __bool__(self) -> bool:
        return bool(self.x) or bool(self.z)


NO_FRAME = Frame()


def conjugate(gate: str, frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """The frames after a Clifford gate that were `frames` before it (Gottesman 1998, table 1)."""
    if len(frames) == 1:
        (x, z) = frames[0]
        match gate:
            case "x" | "y" | "z":
                return (Frame(x, z),)
            case "h":
                return (Frame(z, x),)
            case "s" | "sdg":
                return (Frame(x, x ^ z),)
            case "sx":
                return (Frame(x ^ z, z),)
    else:
        (x1, z1), (x2, z2) = frames
        match gate:
            case "cx":
                return Frame(x1, z1 ^ z2), Frame(x1 ^ x2, z2)
            case "cz":
                return Frame(x1, z1 ^ x2), Frame(x2, z2 ^ x1)
            case "swap":
                return Frame(x2, z2), Frame(x1, z1)
    raise ValueError(f"{gate} is no Clifford gate on {len(frames)} qubits")


def owe(frame: Frame, pauli: str, when: Poly) -> Frame:
    """The frame with one more Pauli (`x`, `y` or `z`) owed where `when` is true."""
    return Frame(
        frame.x ^ when if pauli in "xy" else frame.x,
        frame.z ^ when if pauli in "yz" else frame.z,
    )


def anticommuting(frame: Frame, axis: str) -> Poly:
    """Where the owed Pauli anticommutes with a rotation about `axis`."""
    match axis:
        case "x":
            return frame.z
        case "z":
            return frame.x
        case _:
            return frame.x ^ frame.z
