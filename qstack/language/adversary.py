"""Dishonest roles: strategies that rewrite one role's half of a program, and what it says in a conversation.

A strategy can change what its role does with its own qubits, what it tells each of the others, and what it reports. It
cannot touch another role's half: `corrupt` checks that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from qstack.boolean import FALSE, TRUE, Poly
from qstack.language.errors import StrategyError
from qstack.language.program import (
    Affine,
    Discard,
    Draw,
    Drawn,
    Entangle,
    Gate,
    Measure,
    Operation,
    Output,
    Prepare,
    Program,
    Require,
    Reset,
    Send,
    Transmit,
    nodes_of,
    qubits_of,
)
from qstack.language.sources import located_sources, sources_made, sources_read

WITHHELD = object()
"""What `Strategy.payload` returns to say nothing and stop taking part."""

Value = tuple[Poly, ...] | Affine


class Desk:
    """Where a strategy works: its role, the roles there are, and fresh randomness of its own."""

    def __init__(self, role: str, roles: tuple[str, ...], used: set[str]) -> None:
        self.role, self.roles = role, roles
        self.pending: list[Draw] = []
        self._used = used

    def draw(self, name: str, values: int = 2, p: Sequence[float] | None = None) -> tuple[Poly, ...]:
        """A fresh random value 0..values-1 known to this role: one indicator per value from 1 up."""
        count = sum(1 for source in self._used if source.startswith("e"))
        source = f"e{count}"
        self._used.add(source)
        drawn = Drawn(node=self.role, name=name, source=source, values=values)
        self.pending.append(Draw(drawn=(drawn,), table=None if p is None else tuple(p), line="adversary"))
        return (Poly.atom(source),) if values == 2 else tuple(Poly.atom(f"{source}={v}") for v in range(1, values))

    def coin(self, probability: float) -> Poly:
        """A bit that is true with this probability; no draw for 0 and 1."""
        if probability in (0, 1):
            return TRUE if probability else FALSE
        return self.draw("lie", p=(1.0 - probability, probability))[0]


class Strategy:
    """What a dishonest role does; this one is honest. Override what differs."""

    def operation(self, op: Operation, desk: Desk) -> Sequence[Operation]:
        """What the role does instead of an operation of its own: a gate, a measurement, a draw, a requirement, ..."""
        return (op,)

    def message(self, send: Send, desk: Desk) -> Value:
        """What the role tells `send.nodes[1]` instead of `send.value`."""
        return send.value

    def ending(self, desk: Desk) -> Sequence[Operation]:
        """What the role does at the end, before the results are reported."""
        return ()

    def report(self, output: Output, desk: Desk) -> tuple[Poly, ...]:
        """What the role reports instead of `output.value`."""
        return output.value

    def payload(self, target: str, value: Any, rng: np.random.Generator) -> Any:
        """In a conversation, what the role tells `target` instead of `value`; `WITHHELD` to stop taking part."""
        return value

    def reported(self, name: str, value: Any, rng: np.random.Generator) -> Any:
        """In a conversation, what the role reports as its result `name` instead of `value`."""
        return value


def _probability(value: float) -> None:
    if not 0 <= value <= 1:
        raise StrategyError(f"a strategy lies with a probability from 0 to 1; got {value!r}")


def _turned(value: tuple[Poly, ...], when: Poly) -> tuple[Poly, ...]:
    """A bit flipped, or an integer moved on by one (the last value to 0), where `when` holds."""
    zero = reduce(Poly.__xor__, value, TRUE)
    before = (zero, *value[:-1])
    return tuple((old & ~when) ^ (new & when) for old, new in zip(value, before, strict=True))


def _flipped(value: Any, chosen: Callable[[tuple[int, ...]], Any]) -> Any:
    """A bool, a bit or an array of bits with the chosen places flipped; anything else unchanged."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biu":
        mask = chosen(value.shape)
        return np.where(mask, 1 - value if value.dtype.kind != "b" else ~value, value).astype(value.dtype)
    if isinstance(value, bool | np.bool_):
        return bool(value) ^ bool(chosen(()))
    if isinstance(value, int | np.integer) and value in (0, 1):
        return int(value) ^ int(chosen(()))
    return value


@dataclass(frozen=True)
class FlipReports(Strategy):
    """Reports results wrongly with this probability: bits flipped, integers moved on by one.

    Attributes:
        probability: of a wrong report, each result on its own.
        names: the outputs it lies about, all of its own if empty.
    """

    probability: float = 1.0
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the probability."""
        _probability(self.probability)

    def report(self, output: Output, desk: Desk) -> tuple[Poly, ...]:
        """The value, turned over where a coin says so."""
        if self.names and output.name not in self.names:
            return output.value
        return _turned(output.value, desk.coin(self.probability))

    def reported(self, name: str, value: Any, rng: np.random.Generator) -> Any:
        """Bits and arrays of bits flipped where a coin says so."""
        if self.names and name not in self.names:
            return value
        return _flipped(value, lambda shape: rng.random(shape) < self.probability)


@dataclass(frozen=True)
class RandomReports(Strategy):
    """Reports results drawn at random, whatever it measured.

    Attributes:
        names: the outputs it makes up, all of its own if empty.
    """

    names: tuple[str, ...] = ()

    def report(self, output: Output, desk: Desk) -> tuple[Poly, ...]:
        """A fresh uniform value."""
        if self.names and output.name not in self.names:
            return output.value
        return desk.draw(output.name, len(output.value) + 1)

    def reported(self, name: str, value: Any, rng: np.random.Generator) -> Any:
        """Bits and arrays of bits replaced by coin flips."""
        if self.names and name not in self.names:
            return value
        return _flipped(value, lambda shape: rng.random(shape) < 0.5)


@dataclass(frozen=True)
class WrongBasis(Strategy):
    """Measures in another basis than asked with this probability: Z for X, X for Z, Z for Y."""

    probability: float = 1.0

    def __post_init__(self) -> None:
        """Check the probability."""
        _probability(self.probability)

    def operation(self, op: Operation, desk: Desk) -> Sequence[Operation]:
        """A gate that turns the basis, before each measurement."""
        if not isinstance(op, Measure):
            return (op,)
        coin = desk.coin(self.probability)
        if not coin:
            return (op,)
        gate = "sx" if op.basis == "Y" else "h"
        when = None if coin == TRUE else coin
        return (Gate(node=op.node, gate=gate, qubits=(op.qubit,), when=when, line=op.line), op)


@dataclass(frozen=True)
class Equivocate(Strategy):
    """Tells different recipients different things: those in `to` (every second role if empty) hear the opposite."""

    to: tuple[str, ...] = ()

    def _lied_to(self, roles: Sequence[str], target: str) -> bool:
        return target in self.to if self.to else list(roles).index(target) % 2 == 1

    def message(self, send: Send, desk: Desk) -> Value:
        """Bits flipped, integers moved on by one, angles turned by pi."""
        others = [role for role in desk.roles if role != desk.role]
        if not self._lied_to(others, send.nodes[1]):
            return send.value
        if isinstance(send.value, Affine):
            return Affine(constant=send.value.constant + np.pi, terms=send.value.terms)
        return _turned(send.value, TRUE)

    def payload(self, target: str, value: Any, rng: np.random.Generator) -> Any:
        """Bits and arrays of bits flipped for those in `to`."""
        return _flipped(value, lambda shape: np.ones(shape, dtype=np.bool_)) if target in self.to else value


@dataclass(frozen=True)
class Silent(Strategy):
    """Says nothing. In a program the others read silence as 0; in a conversation they wait in vain and time out."""

    def message(self, send: Send, desk: Desk) -> Value:
        """Nothing, read as 0."""
        return Affine() if isinstance(send.value, Affine) else tuple(FALSE for _ in send.value)

    def payload(self, target: str, value: Any, rng: np.random.Generator) -> Any:
        """Nothing, for good."""
        return WITHHELD


@dataclass(frozen=True)
class Abort(Strategy):
    """Refuses to accept a shot with this probability; in a conversation, stops before its first message with it."""

    probability: float = 1.0

    def __post_init__(self) -> None:
        """Check the probability."""
        _probability(self.probability)

    def ending(self, desk: Desk) -> Sequence[Operation]:
        """A requirement that fails with the probability."""
        return (Require(node=desk.role, bit=~desk.coin(self.probability), line="adversary"),)

    def payload(self, target: str, value: Any, rng: np.random.Generator) -> Any:
        """Nothing, with the probability."""
        return WITHHELD if rng.random() < self.probability else value


def corrupt(program: Program, adversary: Mapping[str, Strategy]) -> Program:
    """The program in which the named roles follow their strategies; all other halves stay as they are.

    Raises:
        StrategyError: a role that is not in the program, or a strategy that reaches into another half.
    """
    for role, strategy in adversary.items():
        if role not in program.roles:
            raise StrategyError(
                f"{program.name} has no role {role!r} to be dishonest; roles: {', '.join(program.roles)}"
            )
        program = _corrupted(program, role, strategy)
    return program


def _corrupted(program: Program, role: str, strategy: Strategy) -> Program:
    used = {source for op in program.operations for source in sources_made(op)}
    desk, own = Desk(role, program.roles, used), _Own(role)
    operations: list[Operation] = []
    for op in program.operations:
        replaced = _replaced(op, role, strategy, desk)
        operations += own.checked(op, (*desk.pending, *replaced))
        desk.pending.clear()
    ending = tuple(strategy.ending(desk))
    outputs = tuple(
        out.model_copy(update={"value": strategy.report(out, desk)}) if out.node == role else out
        for out in program.outputs
    )
    operations += own.checked(None, (*desk.pending, *ending))
    for before, after in zip(program.outputs, outputs, strict=True):
        own.check_value(after.value, before.value, f"its report of {before.name}")
    return program.model_copy(update={"operations": tuple(operations), "outputs": outputs})


def _replaced(op: Operation, role: str, strategy: Strategy, desk: Desk) -> Sequence[Operation]:
    if isinstance(op, Send):
        return (op.model_copy(update={"value": strategy.message(op, desk)}),) if op.nodes[0] == role else (op,)
    return tuple(strategy.operation(op, desk)) if nodes_of(op) == (role,) else (op,)


class _Own:
    """What belongs to a role so far: its qubits and the sources it knows."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.qubits: set[str] = set()
        self.sources: set[str] = set()

    def checked(self, op: Operation | None, replaced: Sequence[Operation]) -> Sequence[Operation]:
        """The operations put in place of `op`, if all of them are the role's own to do."""
        for new in replaced:
            if new is not op:
                self._check(op, new)
            self._take(new)
        made = {source for new in replaced for source in sources_made(new)}
        if op is not None and (lost := set(sources_made(op)) - made):
            raise StrategyError(
                f"{self.role}: the strategy leaves out {op.op} ({op.line}), whose result {', '.join(lost)} is used"
            )
        return replaced

    def _check(self, op: Operation | None, new: Operation) -> None:
        if isinstance(new, Send) and isinstance(op, Send) and (new.nodes, new.source) == (op.nodes, op.source):
            self.check_value(new.value, op.value, f"its message to {new.nodes[1]}")
            return
        if nodes_of(new) != (self.role,):
            raise StrategyError(
                f"{self.role}: the strategy does {new.op} at {', '.join(nodes_of(new))}; it can only act at {self.role}"
            )
        made = {new.qubit} if isinstance(new, Prepare) else set()
        if foreign := set(qubits_of(new)) - self.qubits - made:
            raise StrategyError(
                f"{self.role}: the strategy does {new.op} on {', '.join(foreign)}, which {self.role} does not have"
            )
        self._known(sources_read(new), new.op)

    def check_value(self, new: Value, old: Value, what: str) -> None:
        """Raise unless a value has the shape of the honest one and is known to the role (or unchanged)."""
        if new is old:
            return
        if _shape(new) != _shape(old):
            raise StrategyError(f"{self.role}: {what} has another kind or number of values than the honest one")
        values = (new,) if isinstance(new, Affine) else new
        self._known(frozenset().union(*(value.sources for value in values)), what)

    def _known(self, sources: frozenset[str], what: str) -> None:
        if unknown := sources - self.sources:
            raise StrategyError(
                f"{self.role}: {what} uses {', '.join(sorted(unknown))}, which {self.role} does not know"
            )

    def _take(self, op: Operation) -> None:
        match op:
            case Prepare(node=self.role) | Reset(node=self.role):
                self.qubits.add(op.qubit)
            case Entangle():
                self.qubits.update(qubit for node, qubit in zip(op.nodes, op.qubits, strict=True) if node == self.role)
            case Transmit():
                (self.qubits.add if op.nodes[1] == self.role else self.qubits.discard)(op.qubit)
            case Measure() | Discard():
                self.qubits.discard(op.qubit)
        self.sources.update(source for node, source in located_sources(op) if node == self.role)


def _shape(value: Value) -> int | None:
    """How many indicators, None for an angle."""
    return None if isinstance(value, Affine) else len(value)
