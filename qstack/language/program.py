"""The traced program: located operations as plain data, the one form every later stage reads.

A program says what each node does, in one global order. It knows no network, no noise and no backend. Values are
`Poly` (Boolean functions of sources) and `Affine` (angles). A *source* is a name for a classical value that comes into
being once: a measurement outcome, a draw, an input, an arrival flag, or a received message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qstack.boolean import TRUE, Poly
from qstack.errors import InputError

MAX_VALUES = 256
"""How many values an integer can have: values per shot are stored in a byte."""


class ProgramFormatError(InputError):
    """A text that should be a stored program is not one."""


class Frozen(BaseModel):
    """Base of the program models: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyFrozen = TypeVar("AnyFrozen", bound=Frozen)


class Term(Frozen):
    """`coefficient` (radians) where `bit` is true; a pure number times the angle source `symbol`, if one is named."""

    coefficient: float
    bit: Poly = TRUE
    symbol: str | None = None


class Affine(Frozen):
    """An angle in radians: `constant` plus the sum of its terms."""

    constant: float = 0.0
    terms: tuple[Term, ...] = ()

    @property
    def sources(self) -> frozenset[str]:
        """Every source the angle depends on, angle symbols included."""
        bits = frozenset().union(*(term.bit.sources for term in self.terms))
        return bits | {term.symbol for term in self.terms if term.symbol is not None}

    def folded(self) -> Affine:
        """The same angle with terms that hold always, or never, merged away."""
        if not any(term.bit.is_constant and term.symbol is None for term in self.terms):
            return self
        fixed = sum(term.coefficient for term in self.terms if term.bit == TRUE and term.symbol is None)
        kept = tuple(term for term in self.terms if term.bit and (term.bit != TRUE or term.symbol is not None))
        return Affine(constant=self.constant + fixed, terms=kept)

    def __str__(self) -> str:
        pieces = [f"{self.constant:.6g}"] if self.constant or not self.terms else []
        for term in self.terms:
            factors = [f"{term.coefficient:.6g}"]
            factors += [f"[{term.bit}]"] if term.bit != TRUE else []
            factors += [term.symbol] if term.symbol else []
            pieces.append("*".join(factors))
        return " + ".join(pieces)


class Located(Frozen):
    """Base of the operations: `line` is the source line it was written on, `file.py:12`."""

    line: str = ""


class Prepare(Located):
    """A new qubit at `node` in an eigenstate of a Pauli operator."""

    op: Literal["prepare"] = "prepare"
    node: str
    qubit: str
    state: Literal["0", "1", "+", "-", "+i", "-i"] = "0"


class Entangle(Located):
    """A pair Phi+ shared by two nodes: `qubits[k]` is at `nodes[k]`. `fidelity` is the least that is acceptable."""

    op: Literal["entangle"] = "entangle"
    pair: str
    nodes: tuple[str, str]
    qubits: tuple[str, str]
    fidelity: float | None = None


class Gate(Located):
    """A gate of `qstack.circuit.GATES` at one node, applied where `when` is true (always, if None)."""

    op: Literal["gate"] = "gate"
    node: str
    gate: str
    qubits: tuple[str, ...]
    angles: tuple[Affine, ...] = ()
    when: Poly | None = None


class Measure(Located):
    """Measures a qubit in a Pauli basis and consumes it; `bit` is the source of the outcome.

    `detected` is the source of the flag that says whether there was anything to measure (a transmitted photon can be
    lost), None where a qubit is always there.
    """

    op: Literal["measure"] = "measure"
    node: str
    qubit: str
    basis: Literal["X", "Y", "Z"] = "Z"
    bit: str
    detected: str | None = None


class Reset(Located):
    """Puts a qubit into |0>."""

    op: Literal["reset"] = "reset"
    node: str
    qubit: str


class Discard(Located):
    """Gives a qubit up without measuring it."""

    op: Literal["discard"] = "discard"
    node: str
    qubit: str


class Transmit(Located):
    """Sends a qubit as a photon from `nodes[0]` to `nodes[1]`; `arrived` is the source of the arrival flag.

    `survival` is the probability of arrival; None takes it from the network (1 without one).
    """

    op: Literal["transmit"] = "transmit"
    nodes: tuple[str, str]
    qubit: str
    arrived: str
    survival: float | None = None


class Drawn(Frozen):
    """One of the values of a draw: source `source` with values 0..values-1, known at `node` only."""

    node: str
    name: str
    source: str
    values: int = Field(ge=2)


class Draw(Located):
    """Random values drawn jointly; `table` is the joint distribution, row-major over `drawn`; None is uniform."""

    op: Literal["draw"] = "draw"
    drawn: tuple[Drawn, ...]
    table: tuple[float, ...] | None = None


class Input(Located):
    """A value 0..values-1 that the caller gives to `node` under `name`."""

    op: Literal["input"] = "input"
    node: str
    name: str
    source: str
    values: int = Field(2, ge=2)


class Send(Located):
    """A classical message from `nodes[0]` to `nodes[1]`, known there from then on as `source`.

    `value` is an `Affine` angle, or one indicator per value from 1 up (a bit has one, an integer below k has k-1).
    """

    op: Literal["send"] = "send"
    nodes: tuple[str, str]
    source: str
    value: Affine | tuple[Poly, ...]


class Require(Located):
    """Keeps only the shots in which `bit`, known at `node`, is true."""

    op: Literal["require"] = "require"
    node: str
    bit: Poly


Operation = Annotated[
    Prepare | Entangle | Gate | Measure | Reset | Discard | Transmit | Draw | Input | Send | Require,
    Field(discriminator="op"),
]


class Output(Frozen):
    """A named result at `node`: an integer, one indicator per value from 1 up (a bit has just one).

    `detected` is the source of the flag that says in which shots there is a value at all, None for all.
    """

    name: str
    node: str
    value: tuple[Poly, ...]
    detected: str | None = None


class Program(Frozen):
    """A traced protocol.

    Attributes:
        name: name of the protocol.
        summary: first line of its docstring.
        roles: role names in order; a list role of k nodes gives `parties[0]` ... `parties[k-1]`.
        settings: the keyword-only settings it was traced with, JSON values.
        operations: what happens, in one global order consistent with every node's own.
        outputs: the named results.
    """

    format: Literal[1] = 1
    name: str
    summary: str = ""
    roles: tuple[str, ...]
    settings: dict[str, Any] = Field(default_factory=dict)
    operations: tuple[Operation, ...]
    outputs: tuple[Output, ...] = ()

    def to_json(self) -> str:
        """The program as one JSON object."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str | bytes) -> Program:
        """Read back what `to_json` wrote.

        Raises:
            ProgramFormatError: the text is no stored program, or one that tracing could not have made (a qubit used
                twice, a value read where it is not known); the message names the first field at fault.
        """
        from qstack.language.checking import Flaw, check

        try:
            program = cls.model_validate_json(text)
            check(program)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the text"
            raise ProgramFormatError(f"not a stored qstack program: {where}: {first['msg']}") from error
        except Flaw as flaw:
            raise ProgramFormatError(f"not a sound qstack program: {flaw}") from flaw
        return program

    @property
    def pairs(self) -> tuple[Entangle, ...]:
        """The entangled pairs it uses, in order."""
        return tuple(op for op in self.operations if isinstance(op, Entangle))

    @property
    def messages(self) -> tuple[Send, ...]:
        """The classical messages it sends, in order."""
        return tuple(op for op in self.operations if isinstance(op, Send))


def nodes_of(op: Operation) -> tuple[str, ...]:
    """The nodes that take part in an operation."""
    match op:
        case Entangle() | Transmit() | Send():
            return op.nodes
        case Draw():
            return tuple(dict.fromkeys(drawn.node for drawn in op.drawn))
        case _:
            return (op.node,)


def qubits_of(op: Operation) -> tuple[str, ...]:
    """The qubits an operation touches."""
    match op:
        case Entangle() | Gate():
            return op.qubits
        case Prepare() | Measure() | Reset() | Discard() | Transmit():
            return (op.qubit,)
        case _:
            return ()


def inline_messages(program: Program) -> Program:
    """The same program with every received value replaced by the value that was sent, and no `Send` left.

    What remains depends on measurements, draws, inputs and arrival flags only, so it no longer says who knew what.
    """
    bits: dict[str, Poly] = {}
    angles: dict[str, Affine] = {}
    operations = tuple(_inlined(program.operations, bits, angles))
    outputs = tuple(
        out.model_copy(update={"value": tuple(poly.substitute(bits.get) for poly in out.value)})
        for out in program.outputs
    )
    return program.model_copy(update={"operations": operations, "outputs": outputs})


def _inlined(
    operations: tuple[Operation, ...], bits: dict[str, Poly], angles: dict[str, Affine]
) -> Iterator[Operation]:
    received = bits.get
    for op in operations:
        if isinstance(op, Gate):
            yield _gate_inlined(op, received, angles) if bits or angles else op
        elif isinstance(op, Send):
            _receive(op, bits, angles)
        elif isinstance(op, Require):
            yield _with(op, {"bit": op.bit.substitute(received)})
        else:
            yield op


def _gate_inlined(op: Gate, received: Callable[[str], Poly | None], angles: dict[str, Affine]) -> Gate:
    changes: dict[str, Any] = {}
    if op.when is not None and (when := op.when.substitute(received)) is not op.when:
        changes["when"] = when
    if op.angles and any(angle.terms for angle in op.angles):
        changes["angles"] = tuple(_resolve(angle, received, angles) for angle in op.angles)
    return _with(op, changes) if changes else op


def _receive(op: Send, bits: dict[str, Poly], angles: dict[str, Affine]) -> None:
    value, source = op.value, op.source
    if isinstance(value, Affine):
        angles[source] = _resolve(value, bits.get, angles)
    elif len(value) == 1:
        bits[source] = value[0].substitute(bits.get)
    else:
        bits.update((f"{source}={k}", poly.substitute(bits.get)) for k, poly in enumerate(value, start=1))


def _with(model: AnyFrozen, changes: dict[str, Any]) -> AnyFrozen:
    """A copy with some fields changed to values that are known to be right; a tenth of the cost of `model_copy`."""
    made = model.__class__.__new__(model.__class__)
    object.__setattr__(made, "__dict__", {**model.__dict__, **changes})
    object.__setattr__(made, "__pydantic_fields_set__", model.__pydantic_fields_set__ | changes.keys())
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


def _resolve(angle: Affine, bits: Callable[[str], Poly | None], angles: dict[str, Affine]) -> Affine:
    """The angle with received bits and angle symbols replaced by what was sent."""
    if not angle.terms:
        return angle
    terms: list[Term] = []
    for term in angle.terms:
        bit = term.bit.substitute(bits)
        inner = angles[term.symbol] if term.symbol is not None else Affine(constant=1.0)
        pieces = (Term(coefficient=inner.constant), *inner.terms)
        terms += [Term(coefficient=term.coefficient * each.coefficient, bit=bit & each.bit) for each in pieces]
    return Affine(constant=angle.constant, terms=tuple(terms)).folded()
