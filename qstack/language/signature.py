"""The signature of a protocol function, read once: roles, other parameters, settings."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, create_model

from qstack.language.errors import ProtocolError, RoleError, SettingError
from qstack.language.nodes import Node, hint
from qstack.language.qubits import Qubit
from qstack.language.values import Angle, Bit, Int

DEFAULT_COUNT = 3
"""How many nodes a list role has if nothing is said."""

_VALUES = (Qubit, Bit, Int, Angle)
_NAMES = {kind.__name__: kind for kind in (Node, *_VALUES)}
"""Understood in annotations even where they are imported for type checking only."""


@dataclass(frozen=True)
class Parameter:
    """A positional parameter: its kind (`Node`, `Qubit`, ...) and whether it is a list of them."""

    name: str
    kind: type
    is_list: bool


@dataclass(frozen=True)
class Signature:
    """Parameters and settings of a protocol function."""

    owner: str
    parameters: tuple[Parameter, ...]
    settings: type[BaseModel]

    @property
    def roles(self) -> dict[str, bool]:
        """Role name to whether it is a list role."""
        return {p.name: p.is_list for p in self.parameters if p.kind is Node}

    @property
    def values(self) -> list[str]:
        """Names of the parameters that make it a building block."""
        return [p.name for p in self.parameters if p.kind is not Node]

    def counts(self, given: Mapping[str, int | None] | None) -> dict[str, int | None]:
        """How many nodes each role has, None for a single one.

        Raises:
            RoleError: an unknown role or an impossible number.
        """
        given, roles = given or {}, self.roles
        for name, count in given.items():
            if name not in roles:
                raise RoleError(
                    f"{self.owner} has no role {name!r}; its roles are {', '.join(roles) or 'none'}{hint(name, roles)}"
                )
            if roles[name]:
                if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
                    raise RoleError(f"{self.owner}: role {name} has {count!r} nodes; give a whole number from 1 up")
            elif count not in (None, 1):
                raise RoleError(f"{self.owner}: role {name} is one node, {count!r} were given")
        return {name: (given.get(name) or DEFAULT_COUNT) if is_list else None for name, is_list in roles.items()}

    def node_names(self, counts: Mapping[str, int | None]) -> tuple[str, ...]:
        """Names of all nodes: `bob`, and `parties[0]` and so on for list roles."""
        return tuple(
            node
            for name, count in counts.items()
            for node in ([name] if count is None else [f"{name}[{k}]" for k in range(count)])
        )

    def arguments(self, counts: Mapping[str, int | None], node: Callable[[str], Node]) -> dict[str, Any]:
        """Role parameters filled with nodes made by `node`."""
        return {
            name: node(name) if count is None else [node(f"{name}[{k}]") for k in range(count)]
            for name, count in counts.items()
        }

    def check_settings(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The settings as Python values and as JSON values, defaults filled in.

        Raises:
            SettingError: an unknown or missing setting, or an impossible value; the message lists what there is.
        """
        known = self.settings.model_fields
        for name in given:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise SettingError(
                    f"{self.owner} has no setting {name!r}; its settings are: {listed}{hint(name, known)}"
                )
        try:
            model = self.settings(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            if first["type"] == "missing":
                raise SettingError(f"{self.owner}: setting {name} has no default; give it a value") from error
            raise SettingError(f"{self.owner}: setting {name} is {first['input']!r}: {first['msg']}") from error
        return {name: getattr(model, name) for name in known}, model.model_dump(mode="json")


def read_signature(function: Callable[..., Any], depth: int) -> Signature:
    """The signature of a function; names local to the caller `depth` frames up are understood in its annotations.

    Raises:
        ProtocolError: a parameter is neither a role, a value nor a setting.
    """
    name, parameters, settings = function.__name__, list[Parameter](), dict[str, Any]()
    hints = _hints(function, sys._getframe(depth + 1).f_locals)
    for each in inspect.signature(function).parameters.values():
        annotation = hints.get(each.name, each.empty)
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise ProtocolError(f"protocol {name}: *{each.name} is not allowed; name every role and setting")
        if each.kind is each.KEYWORD_ONLY:
            default = ... if each.default is each.empty else each.default
            settings[each.name] = (Any if annotation is each.empty else annotation, default)
            continue
        parameters.append(_parameter(name, each, annotation))
    return Signature(name, tuple(parameters), _settings_model(name, settings))


def _hints(function: Callable[..., Any], local: Mapping[str, Any]) -> dict[str, Any]:
    """Types of the parameters; what is returned is checked when it is returned."""
    notes = {name: note for name, note in function.__annotations__.items() if name != "return"}
    holder = type("holder", (), {"__annotations__": notes})
    try:
        return typing.get_type_hints(holder, function.__globals__, {**_NAMES, **local}, include_extras=True)
    except NameError as error:
        raise ProtocolError(f"protocol {function.__name__}: an annotation is not defined: {error}") from error


def _parameter(owner: str, each: inspect.Parameter, annotation: Any) -> Parameter:
    is_list = typing.get_origin(annotation) is list
    kind = typing.get_args(annotation)[0] if is_list else annotation
    if kind is not Node and kind not in _VALUES:
        raise ProtocolError(
            f"protocol {owner}: parameter {each.name} must be annotated Node, list[Node], Qubit, Bit, Int or Angle; "
            f"for a setting put a * before it: {owner}(..., *, {each.name})"
        )
    if each.default is not each.empty:
        raise ProtocolError(
            f"protocol {owner}: parameter {each.name} cannot have a default; only settings have defaults"
        )
    return Parameter(each.name, kind, is_list)


def _settings_model(owner: str, settings: dict[str, Any]) -> type[BaseModel]:
    config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), validate_default=True)
    try:
        return create_model(f"{owner}_settings", __config__=config, **settings)
    except (PydanticUserError, NameError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ProtocolError(f"protocol {owner}: its settings cannot be described: {reason}") from error
