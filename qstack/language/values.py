"""Located classical values of a traced program: `Int`, `Bit` and `Angle`.

A value is held in one *form* per node that knows it, because what a node knows is what reached it: the bit `m0`
measured at alice and sent to bob is `m0` at alice and the received `s0` at bob. The first node of a value is where it
lives. Nothing here knows qubits or protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar, cast

from qstack.boolean import FALSE, TRUE, Poly
from qstack.language.angles import (
    Form,
    affine,
    form_of,
    is_number,
    negated,
    plus,
    scaled,
    symbol,
)
from qstack.language.errors import (
    AngleError,
    ArgumentError,
    LocalityError,
    SelfSendError,
    TracedBitError,
    ValuesError,
)
from qstack.language.program import MAX_VALUES, Affine, Send
from qstack.language.trace import Trace, build, here

if TYPE_CHECKING:
    from qstack.language.nodes import Node

Indicators = tuple[Poly, ...]
F = TypeVar("F")


def poly_of(source: str, values: int) -> Indicators:
    """Indicators of an integer source: one per value from 1 up."""
    if values == 2:
        return (Poly.atom(source),)
    return tuple(Poly.atom(f"{source}={value}") for value in range(1, values))


class Value(Generic[F]):
    """What all located values share: where they are known, how they are sent, and that Python cannot look at them."""

    __slots__ = ("_forms", "_trace")

    def __init__(self, trace: Trace, forms: dict[str, F]) -> None:
        self._trace = trace
        self._forms = forms

    @property
    def node(self) -> str:
        """Name of the node where the value lives: its maker, or the recipient it was sent to."""
        return next(iter(self._forms))

    @property
    def known_at(self) -> tuple[str, ...]:
        """Names of all nodes that know the value."""
        return tuple(self._forms)

    def at(self, node: Node) -> Self:
        """The value as this node knows it, and known to no other.

        Raises:
            LocalityError: the node does not know it.
        """
        return self._like({node.name: self._form(node.name)})

    def send(self, *nodes: Node) -> Self:
        """Send a classical message to each of the nodes; the result is known to them as well.

        Raises:
            SelfSendError: a node would send to itself.
        """
        if not nodes:
            raise ArgumentError(f"{here()}: send takes the node to send to, such as {self}.send(bob)")
        source, forms = self.node, dict[str, F]()
        for node in nodes:
            if not hasattr(node, "_trace"):
                raise ArgumentError(f"{here()}: {node!r} is no node; {self} can be sent to a node such as bob")
            if node.name == source:
                raise SelfSendError(f"{here()}: {source} would send {self} to itself; it knows the value already")
            forms[node.name] = self._message(source, node)
        return self._like({**forms, **{name: form for name, form in self._forms.items() if name not in forms}})

    def _message(self, source: str, node: Node) -> F:
        trace = self._trace
        node.live("send")
        name, form = trace.fresh("s"), self._form(source)
        fields = {
            "line": here(),
            "op": "send",
            "nodes": (source, node.name),
            "source": name,
            "value": self._sent(form),
        }
        trace.operations.append(build(Send, fields))
        return self._received(name)

    def _form(self, node: str) -> F:
        """The form in which this node knows the value."""
        form = self._forms.get(node)
        if form is None:
            known = " and ".join(self._forms)
            raise LocalityError(
                f"{here()}: {node} does not know {self}, only {known} does; send it first: .send({node})"
            )
        return form

    def _sent(self, form: F) -> Affine | Indicators:
        raise AssertionError

    def _received(self, source: str) -> F:
        raise AssertionError

    def _like(self, forms: dict[str, F]) -> Self:
        raise AssertionError

    def _join(self, other: Value[Any], combine: Callable[[F, Any], F]) -> dict[str, F]:
        """Combine with another value at every node that knows both."""
        forms = {name: combine(form, other._forms[name]) for name, form in self._forms.items() if name in other._forms}
        if not forms:
            raise LocalityError(
                f"{here()}: no node knows both {self} (known at {', '.join(self._forms)}) and {other} (known at "
                f"{', '.join(other._forms)}); send one of them first: .send({other.node})"
            )
        return forms

    def _opaque(self, *_: object) -> NoReturn:
        raise TracedBitError(
            f"{here()}: {self} has no value yet: the protocol is being traced, not run. Use `when=` on a gate, "
            "`select` to choose between values, and ^ ~ & | for logic, instead of if, not, and, or, int() or indexing"
        )

    __bool__ = __int__ = __float__ = __index__ = __iter__ = __len__ = __contains__ = __getitem__ = _opaque
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = _opaque

    def __hash__(self) -> int:
        self._opaque()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self} at {', '.join(self._forms)}>"


class Int(Value[Indicators]):
    """A located integer 0..values-1. `==` compares with a number or another integer and gives a `Bit`."""

    __slots__ = ("values",)

    def __init__(self, trace: Trace, forms: dict[str, Indicators], values: int) -> None:
        super().__init__(trace, forms)
        self.values = values

    def _sent(self, form: Indicators) -> Indicators:
        return form

    def _received(self, source: str) -> Indicators:
        return poly_of(source, self.values)

    def _like(self, forms: dict[str, Indicators]) -> Self:
        return cast(Self, located(self._trace, forms, self.values))

    def _map(self, function: Callable[[Indicators], Poly]) -> Bit:
        return Bit(self._trace, {name: (function(form),) for name, form in self._forms.items()})

    def __eq__(self, other: object) -> Bit:  # type: ignore[override]
        if isinstance(other, Int):
            return Bit(self._trace, self._join(other, lambda a, b: (_equal(a, b),)))
        if isinstance(other, bool) or is_number(other):
            if not 0 <= other < self.values or other != int(other):
                return self._map(lambda _: FALSE)
            value = int(other)
            return self._map(lambda form: indicator(form, value))
        raise ArgumentError(f"{here()}: {self} can be compared with a number or a traced integer; got {other!r}")

    def __ne__(self, other: object) -> Bit:  # type: ignore[override]
        return ~(self == other)

    def __hash__(self) -> int:
        self._opaque()

    def __mul__(self, factor: float) -> Angle:
        """The angle `factor * value`, radians."""
        if not is_number(factor):
            raise AngleError(
                f"{here()}: {self} * {factor!r}: an integer is scaled by a number of radians; for logic use &"
            )
        return Angle(self._trace, {name: _weighted(form, float(factor)) for name, form in self._forms.items()})

    __rmul__ = __mul__

    def select(self, options: Iterable[Any]) -> Any:
        """The option whose position is this value; see the function `select`."""
        from qstack.language.selection import select

        return select(self, options)

    def __str__(self) -> str:
        form = next(iter(self._forms.values()))
        names = sorted({atom.partition("=")[0] for poly in form for atom in poly.atoms})
        return names[0] if len(names) == 1 else f"f({', '.join(names)})"


class Bit(Int):
    """A located bit. `^ ~ & |` make bits of bits; `when=bit` makes a gate conditional."""

    __slots__ = ("detected_by",)

    def __init__(self, trace: Trace, forms: dict[str, Indicators], detected_by: str | None = None) -> None:
        super().__init__(trace, forms, 2)
        self.detected_by = detected_by

    @property
    def detected(self) -> Bit:
        """Whether there was anything to measure: always, unless a transmitted photon was measured.

        Belongs to the measured bit itself, not to bits computed from it or received: send it along where it is needed.
        """
        if self.detected_by is None:
            return self._map(lambda _: TRUE)
        return Bit(self._trace, {self.node: (Poly.atom(self.detected_by),)})

    def negate(self) -> Bit:
        """The other value; the same as `~bit`."""
        return ~self

    def __invert__(self) -> Bit:
        return self._map(lambda form: ~form[0])

    def __xor__(self, other: Bit | bool | int) -> Bit:
        return self._logic(other, Poly.__xor__)

    def __and__(self, other: Bit | bool | int) -> Bit:
        return self._logic(other, Poly.__and__)

    def __or__(self, other: Bit | bool | int) -> Bit:
        return self._logic(other, lambda a, b: a ^ b ^ (a & b))

    __rxor__, __rand__, __ror__ = __xor__, __and__, __or__

    def _logic(self, other: object, combine: Callable[[Poly, Poly], Poly]) -> Bit:
        if isinstance(other, Bit):
            return Bit(self._trace, self._join(other, lambda a, b: (combine(a[0], b[0]),)))
        if isinstance(other, bool | int) and other in (0, 1):
            constant = TRUE if other else FALSE
            return self._map(lambda form: combine(form[0], constant))
        raise ArgumentError(
            f"{here()}: {self} can be combined with a bit, 0 or 1; got {other!r} (compare integers with ==)"
        )

    def __str__(self) -> str:
        return str(next(iter(self._forms.values()))[0])


class Angle(Value[Form]):
    """A located angle in radians, affine in bits: `+ - *` with numbers, `+ -` with angles, `negate(when=bit)`.

    An angle that was sent is known to its recipient as a whole; the bits it was made of are not.
    """

    __slots__ = ()

    def _sent(self, form: Form) -> Affine:
        return affine(form)

    def _received(self, source: str) -> Form:
        return symbol(source)

    def _like(self, forms: dict[str, Form]) -> Self:
        return cast(Self, Angle(self._trace, forms))

    def _map(self, function: Callable[[Form], Form]) -> Angle:
        return Angle(self._trace, {name: function(form) for name, form in self._forms.items()})

    def __add__(self, other: Angle | float) -> Angle:
        if isinstance(other, Angle):
            return Angle(self._trace, self._join(other, plus))
        number = form_of(other, here)
        return self._map(lambda form: plus(form, number))

    __radd__ = __add__

    def __neg__(self) -> Angle:
        return self._map(lambda form: scaled(form, -1.0))

    def __sub__(self, other: Angle | float) -> Angle:
        return self + -other

    def __rsub__(self, other: float) -> Angle:
        return -self + other

    def __mul__(self, factor: float) -> Angle:
        number = form_of(factor, here)[0]
        return self._map(lambda form: scaled(form, number))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Angle:
        return self * (1.0 / divisor)

    def negate(self, *, when: Bit | bool = True) -> Angle:
        """The angle with its sign turned where `when` holds: (-1)^bit theta."""
        if isinstance(when, bool):
            return -self if when else self
        if not isinstance(when, Bit):
            raise ArgumentError(f"{here()}: negate takes when=bit; got {when!r}")
        return Angle(self._trace, self._join(when, lambda form, bit: negated(form, bit[0])))

    def __str__(self) -> str:
        return f"({affine(next(iter(self._forms.values())))})"


def located(trace: Trace, forms: dict[str, Indicators], values: int) -> Int:
    """An integer, or a bit if it has two values."""
    return Bit(trace, forms) if values == 2 else Int(trace, forms, values)


def indicator(form: Indicators, value: int) -> Poly:
    """Whether the integer has this value."""
    if value:
        return form[value - 1] if value <= len(form) else FALSE
    return reduce(Poly.__xor__, form, TRUE)


def _equal(a: Indicators, b: Indicators) -> Poly:
    """Whether two integers are the same; their values exclude each other, so an exclusive or is an or."""
    both = range(min(len(a), len(b)) + 1)
    return reduce(Poly.__xor__, (indicator(a, value) & indicator(b, value) for value in both), FALSE)


def _weighted(form: Indicators, factor: float) -> Form:
    return 0.0, tuple((factor * value, poly, None) for value, poly in enumerate(form, start=1) if poly)


def check_values(values: object, what: str) -> int:
    """The number of values of an integer.

    Raises:
        ValuesError: it is no whole number from 2 to 256.
    """
    if isinstance(values, bool) or not isinstance(values, int) or not 2 <= values <= MAX_VALUES:
        raise ValuesError(f"{here()}: {what} has values={values!r}; give a whole number from 2 to {MAX_VALUES}")
    return values
