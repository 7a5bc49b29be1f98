"""Entanglement swapping: neighbours' pairs become one pair between two nodes that never met.

Every repeater on the way holds one half of a pair to its left and one to its right. Measuring the two together (a Bell
measurement) glues the pairs into one longer pair, up to a Pauli correction that depends on the outcome. Corrections add
up: Bob needs only the exclusive or of all outcomes, so every repeater tells him its two bits once.

Reference: M. Zukowski et al., Phys. Rev. Lett. 71, 4287 (1993).
Resources: for n repeaters n + 1 pairs and 2n bits (and 1 of 3 values for the check).
Score: `fidelity` to Phi+, from the correlations (1 + XX - YY + ZZ) / 4; above 1/2 the ends are entangled.
"""

from __future__ import annotations

from typing import Any

from qstack.language import Bit, Int, Node, Qubit, entangle, protocol
from qstack.stats import Estimate, correlation


@protocol
def bell_measurement(left: Qubit, right: Qubit) -> tuple[Bit, Bit]:
    """Which Bell state two qubits of a node are in: (z, x), 00 for Phi+."""
    left.cnot(right)
    left.h()
    return left.measure(), right.measure()


@protocol
def measure_in(qubit: Qubit, basis: Int) -> Bit:
    """Measure Z, X or Y for `basis` 0, 1 or 2."""
    return qubit.sdg(when=basis == 2).h(when=basis.select([0, 1, 1])).measure()


@protocol
def entanglement_swapping(alice: Node, repeaters: list[Node], bob: Node) -> dict[str, Bit | Int]:
    """Connect alice to bob through any number of repeaters, and check the pair they get."""
    basis = alice.draw("basis", values=3)
    a, right = entangle(alice, repeaters[0])
    flip_z, flip_x = [], []
    for node, following in zip(repeaters, [*repeaters[1:], bob], strict=True):
        left, (here, right) = right, entangle(node, following)
        z, x = bell_measurement(left, here)
        flip_z.append(z.send(bob).at(bob))
        flip_x.append(x.send(bob).at(bob))
    b = right
    for z, x in zip(flip_z, flip_x, strict=True):
        b.x(when=x).z(when=z)
    told = basis.send(bob)
    return {"basis": basis, "a": measure_in(a, basis), "b": measure_in(b, told)}


@entanglement_swapping.score(bounds={"fidelity": {"without entanglement": 1 / 2}})
def _(outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Estimate]:
    zz, xx, yy = (correlation(outputs["a"], outputs["b"], outputs["basis"] == basis) for basis in range(3))
    fidelity = Estimate.combine([(0.25, zz), (0.25, xx), (-0.25, yy)], constant=0.25).within(-0.5, 1.0)
    return {"fidelity": fidelity, "XX": xx, "YY": yy, "ZZ": zz}
