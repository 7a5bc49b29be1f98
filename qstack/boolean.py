"""Boolean functions of named bits as polynomials over GF(2): the arithmetic of conditions and frames.

A `Poly` is an exclusive-or of products of atoms, in the one canonical form such a function has (its algebraic normal
form), so two equal functions are equal objects. An atom is a string: `"m0"` is the bit of source `m0`; `"d1=3"` says
that the small integer of source `d1` has the value 3 (values from 1 up; "is 0" is one plus all the others).
Leaf: knows neither programs nor circuits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from qstack.errors import InputError

Monomial = frozenset[str]
Columns = Mapping[str, NDArray[np.integer[Any]]]

_ATOM = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]]*(=[1-9][0-9]*)?\Z")


class BooleanSyntaxError(InputError):
    """A text that should be a Boolean polynomial is not one."""


def source_of(atom: str) -> str:
    """Name of the source an atom looks at: `"d1"` for both `"d1"` and `"d1=3"`."""
    return atom.partition("=")[0]


def _vanishes(monomial: Monomial) -> bool:
    """A product that asks one source for two different values is never true."""
    tests = [atom for atom in monomial if "=" in atom]
    return len(tests) > 1 and len({source_of(atom) for atom in tests}) != len(tests)


class Poly:
    """An exclusive-or of products of atoms; immutable, hashable, canonical.

    Operators: `^` exclusive or, `&` and, `~` not. The empty polynomial is false, that of the empty product true.
    """

    __slots__ = ("terms",)

    terms: frozenset[Monomial]

    def __init__(self, terms: Iterable[Monomial] = ()) -> None:
        self.terms = terms if type(terms) is frozenset else frozenset(terms)

    @classmethod
    def atom(cls, name: str) -> Poly:
        """The polynomial that is just this atom."""
        return cls(frozenset((frozenset((name,)),)))

    @classmethod
    def parse(cls, text: str) -> Poly:
        """Read the text form, e.g. `"1 ^ m0 ^ m1&d0=2"`.

        Raises:
            BooleanSyntaxError: when a piece is neither 0, 1 nor an atom.
        """
        total = FALSE
        for product in text.split("^"):
            factor = TRUE
            for piece in product.split("&"):
                factor = factor & _parse_piece(piece.strip(), text)
            total = total ^ factor
        return total

    def __xor__(self, other: Poly) -> Poly:
        return Poly(self.terms ^ other.terms)

    def __invert__(self) -> Poly:
        return Poly(self.terms ^ TRUE.terms)

    def __and__(self, other: Poly) -> Poly:
        odd: set[Monomial] = set()
        for left in self.terms:
            for right in other.terms:
                product = left | right
                if len(product) < 2 or not _vanishes(product):
                    odd ^= {product}
        return Poly(odd)

    def __bool__(self) -> bool:
        """Whether this is anything but the constant false."""
        return bool(self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Poly) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    @property
    def is_constant(self) -> bool:
        """True for the two functions that depend on nothing."""
        return self.terms <= TRUE.terms

    @property
    def atoms(self) -> frozenset[str]:
        """Every atom that occurs."""
        if len(self.terms) == 1:
            (only,) = self.terms
            return only
        return frozenset().union(*self.terms)

    @property
    def sources(self) -> frozenset[str]:
        """Every source the value depends on."""
        atoms = self.atoms
        for atom in atoms:
            if "=" in atom:
                return frozenset(map(source_of, atoms))
        return atoms

    def substitute(self, replace: Callable[[str], Poly | None]) -> Poly:
        """Replace atoms: `replace(atom)` gives the polynomial to put there, or None to keep the atom."""
        atoms = self.atoms
        if len(atoms) == len(self.terms) == 1:
            (atom,) = atoms
            new = replace(atom)
            return self if new is None else new
        changed = {atom: new for atom in atoms if (new := replace(atom)) is not None}
        if not changed:
            return self
        odd: set[Monomial] = set()
        for term in self.terms:
            if term.isdisjoint(changed):
                odd ^= {term}
                continue
            if len(term) == 1:
                (atom,) = term
                odd ^= changed[atom].terms
                continue
            kept = Poly((frozenset(atom for atom in term if atom not in changed),))
            odd ^= reduce(Poly.__and__, (changed[atom] for atom in term if atom in changed), kept).terms
        return Poly(frozenset(odd))

    def evaluate(self, columns: Columns, length: int) -> NDArray[np.uint8]:
        """Value per row, uint8 array of shape (length,), given one integer column of that length per source."""
        return _evaluate(self.terms, columns, length)

    def __str__(self) -> str:
        if not self.terms:
            return "0"
        products = ("&".join(sorted(term, key=_natural)) or "1" for term in self.terms)
        return " ^ ".join(sorted(products, key=_natural))

    def __repr__(self) -> str:
        return f"Poly({str(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Polynomials travel as text in every pydantic model."""
        from_text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json"),
        )


FALSE = Poly()
TRUE = Poly((frozenset(),))


def _parse_piece(piece: str, text: str) -> Poly:
    if piece in ("0", "1"):
        return TRUE if piece == "1" else FALSE
    if not _ATOM.match(piece):
        raise BooleanSyntaxError(
            f"{text!r} is no Boolean polynomial: {piece!r} should be 0, 1, a bit such as m0, or a test such as d0=2"
        )
    return Poly.atom(piece)


def _evaluate(terms: Iterable[Monomial], columns: Columns, length: int) -> NDArray[np.uint8]:
    """Products that share an atom are summed first and multiplied once, which spares most of the passes over arrays."""
    total = np.zeros(length, dtype=np.uint8)
    products: list[Monomial] = []
    for term in terms:
        if len(term) > 1:
            products.append(term)
        elif term:
            (atom,) = term
            np.bitwise_xor(total, _column(atom, columns), out=total)
        else:
            np.bitwise_xor(total, 1, out=total)
    while products:
        ((shared, _),) = Counter(atom for term in products for atom in term).most_common(1)
        inner = _evaluate((term - {shared} for term in products if shared in term), columns, length)
        np.bitwise_and(inner, _column(shared, columns), out=inner)
        np.bitwise_xor(total, inner, out=total)
        products = [term for term in products if shared not in term]
    return total


def _column(atom: str, columns: Columns) -> NDArray[np.uint8]:
    source, _, value = atom.partition("=")
    column = columns[source]
    if value:
        return np.asarray(column == int(value), dtype=np.uint8)
    return np.asarray(column, dtype=np.uint8)


def _natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that puts m2 before m10."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", text) if part)
