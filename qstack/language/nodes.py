"""Nodes of a traced program and what they bring into being: qubits, draws, inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from math import fsum, isfinite, prod
from typing import TYPE_CHECKING, Any

from qstack.language.angles import is_number
from qstack.language.errors import (
    ArgumentError,
    DuplicateNameError,
    ProbabilityError,
    SelfEntangleError,
    StateError,
    TraceError,
)
from qstack.language.program import Draw, Drawn, Entangle, Input, Prepare
from qstack.language.qubits import Qubit
from qstack.language.trace import Trace, build, here
from qstack.language.values import check_values, located, poly_of

if TYPE_CHECKING:
    import numpy as np

    from qstack.language.located import Located

STATES = ("0", "1", "+", "-", "+i", "-i")


class Node:
    """A role while a protocol is traced; in a conversation, a role that computes and talks."""

    __slots__ = ("_name", "_trace")

    def __init__(self, trace: Trace | None, name: str) -> None:
        self._trace = trace
        self._name = name

    @property
    def name(self) -> str:
        """The role's name; `parties[1]` in a list role."""
        return self._name

    def qubit(self, state: str = "0") -> Qubit:
        """A new qubit here, in the eigenstate 0, 1, +, -, +i or -i.

        Raises:
            StateError: no such state.
        """
        trace = self.live("qubit")
        if state not in STATES:
            raise StateError(
                f"{here()}: {self._name} has no state {state!r} to prepare; states are {', '.join(STATES)}"
            )
        name = trace.fresh("q")
        fields = {"line": here(), "op": "prepare", "node": self._name, "qubit": name, "state": state}
        trace.operations.append(build(Prepare, fields))
        return Qubit(trace, name, self)

    def draw(self, name: str, values: int = 2, p: object = None) -> Any:
        """A random value 0..values-1 known here only; a `Bit` if there are two values, else an `Int`.

        Args:
            name: what it stands for, shown in diagrams.
            values: how many values.
            p: probability of each value; for two values, the probability of 1 will do. Uniform if None.
        """
        if values == 2 and is_number(p):
            p = (1.0 - p, p)
        return draw_jointly((self, name, values), p=p)[0]

    def input(self, name: str, values: int = 2) -> Any:
        """A value 0..values-1 that the caller gives to this node when the program runs.

        Raises:
            DuplicateNameError: this node has an input of that name already.
        """
        trace = self.live("input")
        check_values(values, f"input {name!r} of {self._name}")
        line = here()
        if (first := trace.inputs.get((self._name, name))) is not None:
            raise DuplicateNameError(
                f"{line}: {self._name} has an input {name!r} already, from {first}; choose another name"
            )
        trace.inputs[self._name, name] = line
        source = trace.fresh("i")
        fields = {
            "line": line,
            "op": "input",
            "node": self._name,
            "name": name,
            "source": source,
            "values": values,
        }
        trace.operations.append(build(Input, fields))
        return located(trace, {self._name: poly_of(source, values)}, values)

    def do(self, function: Callable[..., Any], /, *args: object, **kwargs: object) -> Located:
        """Compute here, in a conversation; see `qstack.language.located.Party.do`."""
        raise TraceError(
            f"{here()}: {self._name}.do computes on values of many shots and works only in a conversation (async def); "
            "in a program use ^ ~ & | and select"
        )

    @property
    def rng(self) -> np.random.Generator:
        """The node's own randomness, in a conversation."""
        raise TraceError(f"{here()}: {self._name}.rng works only in a conversation (async def); in a program use .draw")

    def live(self, what: str) -> Trace:
        """The trace this node belongs to.

        Raises:
            TraceError: it is over, or this is a node of a conversation.
        """
        trace = self._trace
        if trace is None or trace.closed:
            raise TraceError(f"{here()}: {self._name}: {what} works only while the program of this node is traced")
        return trace

    def __repr__(self) -> str:
        return self._name


def need_node(value: object, what: str) -> Node:
    """The value, if it is a node.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(value, Node):
        hint = "; qubits have .node" if isinstance(value, Qubit) else ""
        raise ArgumentError(f"{here()}: {what} is a node; got {value!r}{hint}")
    return value


def entangle(a: Node, b: Node, fidelity: float | None = None) -> tuple[Qubit, Qubit]:
    """A pair Phi+ between two nodes: the qubit at `a` and the qubit at `b`.

    Args:
        a: one node.
        b: the other node.
        fidelity: the least fidelity that is acceptable; without a network pairs are perfect.

    Raises:
        SelfEntangleError: both are the same node.
        ProbabilityError: the fidelity is not in (0, 1].
    """
    trace = need_node(a, "the first end of a pair").live("entangle")
    if need_node(b, "the second end of a pair").live("entangle") is not trace or a.name == b.name:
        raise SelfEntangleError(
            f"{here()}: {a.name} cannot share a pair with itself; entangle takes two different nodes"
        )
    if fidelity is not None and not (is_number(fidelity) and 0 < fidelity <= 1):
        raise ProbabilityError(
            f"{here()}: the pair of {a.name} and {b.name} asks for fidelity {fidelity!r}; "
            "give a number above 0, at most 1"
        )
    qubits = (trace.fresh("q"), trace.fresh("q"))
    fields = {
        "line": here(),
        "op": "entangle",
        "pair": trace.fresh("p"),
        "nodes": (a.name, b.name),
        "qubits": qubits,
        "fidelity": None if fidelity is None else float(fidelity),
    }
    trace.operations.append(build(Entangle, fields))
    return Qubit(trace, qubits[0], a), Qubit(trace, qubits[1], b)


def draw_jointly(*values: tuple[Node, str, int], p: object = None) -> tuple[Any, ...]:
    """Random values drawn together, each known at one node only, as if a referee dealt them.

    Args:
        values: `(node, name, values)` for each.
        p: joint probabilities, an array with one axis per value (or the same flattened row by row); uniform if None.

    Returns:
        A `Bit` or an `Int` for each.

    Raises:
        ProbabilityError: the table has the wrong size, is negative somewhere or does not sum to 1.
    """
    if not values:
        raise ArgumentError(f"{here()}: draw_jointly takes (node, name, values) triples, such as (alice, 'x', 2)")
    trace = need_node(values[0][0], "the place of a draw").live("draw")
    sizes = [check_values(size, f"draw {name!r} of {node!r}") for node, name, size in values]
    drawn = tuple(
        build(
            Drawn,
            {
                "node": need_node(node, "the place of a draw").name,
                "name": name,
                "source": trace.fresh("d"),
                "values": n,
            },
        )
        for node, name, n in values
    )
    table = None if p is None else _table(p, prod(sizes), ", ".join(name for _, name, _ in values))
    trace.operations.append(build(Draw, {"line": here(), "op": "draw", "drawn": drawn, "table": table}))
    return tuple(located(trace, {d.node: poly_of(d.source, d.values)}, d.values) for d in drawn)


def _table(p: object, size: int, names: str) -> tuple[float, ...]:
    flat: list[Any] = list(_flat(p))
    if not all(is_number(each) and isfinite(each) and each >= 0 for each in flat) or abs(fsum(flat) - 1) > 1e-9:
        raise ProbabilityError(f"{here()}: the probabilities of {names} must be at least 0 and sum to 1; got {p!r}")
    if len(flat) != size:
        raise ProbabilityError(
            f"{here()}: {names} has {size} combinations of values and {len(flat)} probabilities were given"
        )
    return tuple(float(each) for each in flat)


def _flat(p: object) -> Iterable[object]:
    """Innermost elements, row by row, of nested sequences or an array."""
    if isinstance(p, Iterable) and not isinstance(p, str):
        for each in p:
            yield from _flat(each)
    else:
        yield p


def hint(given: object, known: Iterable[str]) -> str:
    """`; did you mean X?` where a known name is close."""
    close = get_close_matches(str(given), list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
