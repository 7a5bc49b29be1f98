"""The trace: where the operations of a protocol are written down, and where in the source each was written.

No checks of meaning here; those are in the values and qubits that call it. Everything on this path is hot.
"""

from __future__ import annotations

import copy
import sys
from contextvars import ContextVar
from os.path import basename, dirname, sep
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from qstack.language.errors import TraceError
from qstack.language.program import Operation

if TYPE_CHECKING:
    from qstack.language.values import Bit

_SKIPPED = (dirname(__file__) + sep, copy.__file__)
_LINES: dict[tuple[str, int], str] = {}
_FIELDS: dict[type[BaseModel], set[str]] = {}
_set = object.__setattr__

AnyModel = TypeVar("AnyModel", bound=BaseModel)


def here() -> str:
    """The line of user code that is being executed, `file.py:12`: the innermost frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_SKIPPED) and frame.f_back is not None:
        frame = frame.f_back
    place = (frame.f_code.co_filename, frame.f_lineno)
    line = _LINES.get(place)
    if line is None:
        line = _LINES[place] = f"{basename(place[0])}:{place[1]}"
    return line


def build(model: type[AnyModel], fields: dict[str, Any]) -> AnyModel:
    """A model from all its fields, already checked; much cheaper than validating them again."""
    made = model.__new__(model)
    names = _FIELDS.get(model)
    if names is None:
        names = _FIELDS[model] = set(model.model_fields)
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", names)
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


class Scope:
    """One round of a repeated body: `chain` is this scope and those around it, `done` is whether it is over already."""

    __slots__ = ("chain", "done")

    def __init__(self, outer: Scope | None = None, done: Bit | None = None) -> None:
        self.chain: tuple[Scope, ...] = (*outer.chain, self) if outer is not None else ()
        self.done = done


class Trace:
    """A program that is being written down."""

    __slots__ = ("_counts", "closed", "inputs", "operations", "scope")

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.closed = False
        self.scope = Scope()
        self.inputs: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def fresh(self, kind: str) -> str:
        """A new identifier of this kind: `q0`, `q1`, `p0`, ..."""
        count = self._counts.get(kind, 0)
        self._counts[kind] = count + 1
        return f"{kind}{count}"


_current: ContextVar[Trace | None] = ContextVar("qstack_trace", default=None)


def current() -> Trace | None:
    """The trace that is being written now, if any."""
    return _current.get()


def need_trace(what: str) -> Trace:
    """The trace that is being written now.

    Raises:
        TraceError: there is none.
    """
    trace = _current.get()
    if trace is None:
        raise TraceError(f"{here()}: {what} works only inside a function decorated with @protocol while it is traced")
    return trace


class Tracing:
    """Context in which a new trace is the current one; it is closed at the end."""

    def __init__(self) -> None:
        self.trace = Trace()

    def __enter__(self) -> Trace:
        self._token = _current.set(self.trace)
        return self.trace

    def __exit__(self, *_: object) -> None:
        self.trace.closed = True
        _current.reset(self._token)
