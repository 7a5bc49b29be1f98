"""Qubits of a traced program: located and linear.

A qubit lives at one node and is used once: what measures it, discards it or sends it away consumes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from qstack.boolean import Poly
from qstack.language.angles import affine, form_of, is_number
from qstack.language.errors import (
    ArgumentError,
    BasisError,
    ConditionError,
    LocalityError,
    NoCloningError,
    ProbabilityError,
    RepeatError,
    SameQubitError,
    SelfSendError,
    TracedBitError,
    TraceError,
)
from qstack.language.program import Affine, Discard, Gate, Measure, Reset, Transmit
from qstack.language.trace import Trace, build, here
from qstack.language.values import Angle, Bit

if TYPE_CHECKING:
    from qstack.language.nodes import Node

When = Bit | bool | None


class Qubit:
    """A qubit at a node. Gates return the qubit itself, so they can be chained; `when=` makes a gate conditional."""

    __slots__ = ("_arrived", "_gone", "_name", "_node", "_scope", "_trace")

    def __init__(self, trace: Trace, name: str, node: Node, arrived: str | None = None) -> None:
        self._trace = trace
        self._name = name
        self._node = node
        self._scope = trace.scope
        self._arrived = arrived
        self._gone: str | None = None

    @property
    def node(self) -> Node:
        """The node where it is."""
        return self._node

    @property
    def name(self) -> str:
        """Its identifier in the program."""
        return self._name

    def x(self, *, when: When = None) -> Self:
        """Pauli X."""
        return self._one("x", when)

    def y(self, *, when: When = None) -> Self:
        """Pauli Y."""
        return self._one("y", when)

    def z(self, *, when: When = None) -> Self:
        """Pauli Z."""
        return self._one("z", when)

    def h(self, *, when: When = None) -> Self:
        """Hadamard."""
        return self._one("h", when)

    def s(self, *, when: When = None) -> Self:
        """Square root of Z."""
        return self._one("s", when)

    def sdg(self, *, when: When = None) -> Self:
        """Inverse of S."""
        return self._one("sdg", when)

    def t(self, *, when: When = None) -> Self:
        """Fourth root of Z."""
        return self._one("t", when)

    def tdg(self, *, when: When = None) -> Self:
        """Inverse of T."""
        return self._one("tdg", when)

    def sx(self, *, when: When = None) -> Self:
        """Square root of X."""
        return self._one("sx", when)

    def rx(self, theta: Angle | float, *, when: When = None) -> Self:
        """Rotation about X by `theta` radians."""
        return self._one("rx", when, (theta,))

    def ry(self, theta: Angle | float, *, when: When = None) -> Self:
        """Rotation about Y by `theta` radians."""
        return self._one("ry", when, (theta,))

    def rz(self, theta: Angle | float, *, when: When = None) -> Self:
        """Rotation about Z by `theta` radians."""
        return self._one("rz", when, (theta,))

    def u(self, theta: Angle | float, phi: Angle | float, lam: Angle | float, *, when: When = None) -> Self:
        """Any one-qubit gate, `U(theta, phi, lambda)` of OpenQASM 3, radians."""
        return self._one("u", when, (theta, phi, lam))

    def cx(self, target: Qubit, *, when: When = None) -> Self:
        """Controlled X with this qubit as control."""
        return self._two("cx", target, when)

    cnot = cx

    def cz(self, other: Qubit, *, when: When = None) -> Self:
        """Controlled Z."""
        return self._two("cz", other, when)

    def swap(self, other: Qubit, *, when: When = None) -> Self:
        """Exchange the states of two qubits of a node."""
        return self._two("swap", other, when)

    def measure(self, basis: str = "Z") -> Bit:
        """Measure in the basis X, Y or Z and consume the qubit; 0 is the eigenvalue +1.

        Raises:
            BasisError: no such basis.
            RepeatError: inside a repeated body, for a qubit from outside it.
        """
        if basis not in ("X", "Y", "Z"):
            close = f"; did you mean {str(basis).upper()}?" if str(basis).upper() in ("X", "Y", "Z") else ""
            raise BasisError(
                f"{here()}: qubit {self._name} of {self._node.name} cannot be measured in basis {basis!r}; "
                f"bases are X, Y and Z{close}"
            )
        line = self._consume("measured")
        bit = self._trace.fresh("m")
        node = self._node.name
        fields = {
            "line": line,
            "op": "measure",
            "node": node,
            "qubit": self._name,
            "basis": basis,
            "bit": bit,
            "detected": self._arrived,
        }
        self._trace.operations.append(build(Measure, fields))
        return Bit(self._trace, {node: (Poly.atom(bit),)}, self._arrived)

    def reset(self) -> Self:
        """Put the qubit into |0>."""
        line = self._alive()
        self._not_outer("reset", line)
        fields = {"line": line, "op": "reset", "node": self._node.name, "qubit": self._name}
        self._trace.operations.append(build(Reset, fields))
        self._arrived = None
        return self

    def discard(self) -> None:
        """Give the qubit up without looking at it."""
        line = self._consume("discarded")
        fields = {"line": line, "op": "discard", "node": self._node.name, "qubit": self._name}
        self._trace.operations.append(build(Discard, fields))

    def transmit(self, node: Node, survival: float | None = None) -> tuple[Qubit, Bit]:
        """Send the qubit as a photon to another node.

        Args:
            node: where to.
            survival: probability that it arrives; None leaves it to the network (certain without one).

        Returns:
            The qubit at the other node, and a bit known there that says whether it arrived. A qubit that did not
            arrive is noise; outcomes measured on it are marked by `.detected`.

        Raises:
            TraceError: it was transmitted before: a photon makes one journey.
        """
        line = self._alive()
        target = node.name if hasattr(node, "live") else None
        if target is None:
            raise ArgumentError(f"{line}: qubit {self._name} is transmitted to a node; got {node!r}")
        if target == self._node.name:
            raise SelfSendError(f"{line}: {target} would transmit qubit {self._name} to itself; it is there already")
        if self._arrived is not None:
            raise TraceError(
                f"{line}: qubit {self._name} of {self._node.name} came as a photon already and cannot be sent on; "
                "measure it, or teleport it over a pair"
            )
        if survival is not None and not (is_number(survival) and 0 <= survival <= 1):
            raise ProbabilityError(f"{line}: qubit {self._name}: survival is {survival!r}; give a probability")
        node.live("transmit")
        source, trace = self._node.name, self._trace
        self._consume(f"transmitted to {target}")
        arrived = trace.fresh("t")
        fields = {
            "line": line,
            "op": "transmit",
            "nodes": (source, target),
            "qubit": self._name,
            "arrived": arrived,
            "survival": None if survival is None else float(survival),
        }
        trace.operations.append(build(Transmit, fields))
        return Qubit(trace, self._name, node, arrived), Bit(trace, {target: (Poly.atom(arrived),)})

    def _one(self, gate: str, when: When, angles: tuple[Angle | float, ...] = ()) -> Self:
        trace, node = self._trace, self._node._name
        line = self._alive()
        condition = None if when is None else self._condition(when, node, gate, line)
        if trace.scope is not self._scope:
            condition = _guarded(condition, (self,), node, line)
        if condition is not None and condition.is_constant:
            if not condition:
                return self
            condition = None
        fields = {
            "line": line,
            "op": "gate",
            "node": node,
            "gate": gate,
            "qubits": (self._name,),
            "angles": tuple(_angle(angle, node) for angle in angles) if angles else (),
            "when": condition,
        }
        trace.operations.append(build(Gate, fields))
        return self

    def _two(self, gate: str, other: Qubit, when: When) -> Self:
        trace, node = self._trace, self._node._name
        line = self._alive()
        if not isinstance(other, Qubit):
            raise ArgumentError(f"{line}: {gate} on qubit {self._name} of {node} takes another qubit; got {other!r}")
        if other is self or (other._name == self._name and other._trace is trace):
            other._alive()
            raise SameQubitError(
                f"{line}: {gate} at {node} was given qubit {self._name} twice; it takes two different qubits"
            )
        other._alive()
        if other._node._name != node:
            raise LocalityError(
                f"{line}: {gate} between qubit {self._name} at {node} and qubit {other._name} at {other._node._name}: "
                "no gate reaches across nodes; share a pair with entangle and teleport one of them"
            )
        condition = None if when is None else self._condition(when, node, gate, line)
        if trace.scope is not self._scope or trace.scope is not other._scope:
            condition = _guarded(condition, (self, other), node, line)
        if condition is not None and condition.is_constant:
            if not condition:
                return self
            condition = None
        fields = {
            "line": line,
            "op": "gate",
            "node": node,
            "gate": gate,
            "qubits": (self._name, other._name),
            "angles": (),
            "when": condition,
        }
        trace.operations.append(build(Gate, fields))
        return self

    def _condition(self, when: Bit | bool, node: str, gate: str, line: str) -> Poly | None:
        if isinstance(when, Bit):
            return when._form(node)[0]
        if isinstance(when, bool):
            return None if when else Poly()
        raise ConditionError(
            f"{line}: {gate} on qubit {self._name} of {node}: when= takes a bit; got {when!r} "
            "(compare an integer: d == 2)"
        )

    def _alive(self) -> str:
        """The current source line.

        Raises:
            NoCloningError: the qubit is consumed.
            TraceError: the trace is over.
        """
        line = here()
        if self._gone is not None:
            raise NoCloningError(
                f"{line}: qubit {self._name} of {self._node.name} no longer exists: it was {self._gone}; "
                "a qubit cannot be copied or used after that"
            )
        if self._trace.closed:
            raise TraceError(f"{line}: qubit {self._name} of {self._node.name} belongs to a trace that is over")
        return line

    def _consume(self, how: str) -> str:
        line = self._alive()
        self._not_outer(how, line)
        self._gone = f"{how} at {line}"
        return line

    def _not_outer(self, how: str, line: str) -> None:
        if any(scope not in self._scope.chain for scope in self._trace.scope.chain):
            raise RepeatError(
                f"{line}: qubit {self._name} of {self._node.name} was made outside the repeated body and cannot be "
                f"{how} inside: rounds after a success must leave it alone. Use gates on it here, consume it afterwards"
            )

    def _opaque(self, *_: object) -> Any:
        raise TracedBitError(
            f"{here()}: qubit {self._name} of {self._node.name} has no value; "
            "measure it, and use the bit with `when=` or select"
        )

    __bool__ = __int__ = __float__ = __index__ = __iter__ = __len__ = __getitem__ = _opaque

    def __copy__(self) -> Self:
        raise NoCloningError(f"{here()}: qubit {self._name} of {self._node.name} cannot be copied")

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __repr__(self) -> str:
        return f"<Qubit {self._name} at {self._node.name}{', ' + self._gone if self._gone else ''}>"


def _angle(value: Angle | float, node: str) -> Affine:
    if type(value) is Angle:
        return affine(value._form(node))
    return affine(form_of(value, here))


def _guarded(condition: Poly | None, qubits: tuple[Qubit, ...], node: str, line: str) -> Poly | None:
    """The condition, and that no earlier round of the repeats around has succeeded, for qubits from outside them."""
    trace = qubits[0]._trace
    for scope in trace.scope.chain:
        if scope.done is None or all(scope in qubit._scope.chain for qubit in qubits):
            continue
        form = scope.done._forms.get(node)
        if form is None:
            raise LocalityError(
                f"{line}: {node} acts on qubit {qubits[0]._name} from outside the repeated body but does not know "
                f"whether an earlier round succeeded, only {' and '.join(scope.done._forms)} does; "
                f"give `until` a bit that was sent to {node}"
            )
        running = ~form[0]
        condition = running if condition is None else condition & running
    return condition
