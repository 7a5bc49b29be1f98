"""Network files: YAML read safely, and every fault reported with file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qstack.errors import InputError
from qstack.link.platform import MemoryProfile, PhotonInterface, Platform
from qstack.routing.checks import Problem, Problems, hint
from qstack.routing.links import KINDS, fields, pulses, sources
from qstack.routing.network import Network, Node

MAX_BYTES = 64_000_000
MAX_DEPTH = 40
MAX_SHOWN = 25

_KNOWN_MODELS: tuple[type[BaseModel], ...] = (
    *fields.Fields.__subclasses__(), *KINDS, Platform, PhotonInterface, MemoryProfile,
)  # fmt: skip
_KIND_NAMES = {str(kind.model_fields["kind"].default) for kind in KINDS}
_HOMES: dict[type[BaseModel], str] = {
    Node: "a node",
    Platform: "a platform",
    PhotonInterface: "a platform's photon",
    MemoryProfile: "a platform's memory",
    fields.DetectorFields: "detector",
    fields.ConversionFields: "conversion",
    fields.TransducerFields: "transducer",
    fields.TelescopesFields: "telescopes",
    fields.SkyFields: "sky",
    fields.SatelliteFields: "satellite",
    sources.SourceFields: "source",
    pulses.SenderFields: "sender",
    **{kind: f"links of kind {kind.model_fields['kind'].default}" for kind in KINDS},
}
"""Where a field belongs."""

_MOVED = {
    "detector_efficiency": "detector: {efficiency: ...}",
    "midpoint": "double_click",
}
"""What files of version 0.1.0 said otherwise."""
_FIELDS = sorted({name for model in _KNOWN_MODELS for name in model.model_fields})


class NetworkFileError(InputError):
    """A network file is wrong; the message has one line per fault: file, line, field, what is wrong."""


def load(path: Path) -> Network:
    """Read a network file; see `Network.load`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NetworkFileError(f"{path}: larger than {MAX_BYTES:,} bytes; this cannot be a network file")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NetworkFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise NetworkFileError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except ValueError as error:
        raise NetworkFileError(f"{str(path)!r}: cannot be read: {error}") from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Network:
    """Read the text of a network file; see `Network.from_yaml`."""
    tree = _composed(text, source)
    try:
        values = _Loader.plain(tree)
    except yaml.YAMLError as error:
        raise NetworkFileError(_yaml_message(error, source)) from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise NetworkFileError(f"{source}: {error}") from error
    if not isinstance(values, dict):
        raise NetworkFileError(f"{source}:1: a network file is a mapping with name, nodes and links; see docs/how-to")
    try:
        return Network.model_validate(values)
    except ValidationError as error:
        found = {_line(tree, problem.where, source) + _text(problem): None for problem in _all_problems(error)}
        shown = [*found][:MAX_SHOWN]
        rest = [f"... and {len(found) - MAX_SHOWN} more"] if len(found) > MAX_SHOWN else []
        raise NetworkFileError("\n".join(shown + rest)) from error


class _Loader(yaml.SafeLoader):
    """YAML without aliases (they make small texts huge), repeated keys (one would be lost) and explicit types."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # absent from the stubs
        if isinstance(event, yaml.AliasEvent):
            raise _refusal("aliases (*name) are not allowed here", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _refusal("types (!name) are not allowed here", event.start_mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refusal("nested too deeply", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    @classmethod
    def plain(cls, tree: yaml.Node | None) -> object:
        """The value of a composed tree."""
        if tree is None:
            return None
        loader = cls("")
        try:
            return loader.construct_document(tree)
        finally:
            loader.dispose()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise _refusal("a key must be a plain text", key_node.start_mark)
            if key in seen:
                raise _refusal(f"{key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _refusal(what: str, mark: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, what, mark)


def _composed(text: str, source: str) -> yaml.Node | None:
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.YAMLError as error:
        raise NetworkFileError(_yaml_message(error, source)) from error
    except (ValueError, RecursionError) as error:
        raise NetworkFileError(f"{source}: not YAML: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()


def _yaml_message(error: yaml.YAMLError, source: str) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{source}:{error.problem_mark.line + 1}: {error.problem or 'not YAML'}"
    return f"{source}: not YAML: {str(error).splitlines()[0]}"


def _all_problems(error: ValidationError) -> list[Problem]:
    problems: list[Problem] = []
    told = error.errors()
    for each in told:
        if each["type"] == "too_short" and any(_inside(other["loc"], each["loc"]) for other in told):
            continue  # only short because the items it has are wrong
        inner = each.get("ctx", {}).get("error")
        if isinstance(inner, Problems):
            problems += inner.problems
        else:
            problems.append(Problem(tuple(each["loc"]), _message(each)))
    return problems


def _inside(inner: tuple[str | int, ...], outer: tuple[str | int, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _message(each: ErrorDetails) -> str:
    kind, given = each["type"], each.get("input")
    if kind == "extra_forbidden":
        return _misplaced(str(each["loc"][-1]))
    if kind == "missing":
        return "is missing"
    if kind == "union_tag_invalid":
        return _unknown_kind(str(each["ctx"]["tag"]))
    if each["loc"][-1:] == ("between",) and kind.startswith(("tuple", "too")):
        return "give the names of the two nodes, such as [A, B]"
    message = str(each["msg"]).removeprefix("Value error, ")
    shown = repr(given) if isinstance(given, str | int | float) or given is None else ""
    return message + (f" (got {shown})" if 0 < len(shown) <= 60 else "")


def _misplaced(name: str) -> str:
    """What to say of a field that is not known here: where it belongs, or which one is meant."""
    if name in _MOVED:
        return f"unknown field; this is now {_MOVED[name]}"
    homes = sorted({_HOMES[model] for model in _HOMES if name in model.model_fields})
    if homes:
        return f"no field of this; it belongs to {' or '.join(homes)}"
    return "unknown field" + hint(name, _FIELDS)


def _unknown_kind(given: str) -> str:
    kinds = ", ".join(sorted(_KIND_NAMES))
    if given in _MOVED:
        return f"no kind of link is called {given!r}; this is now {_MOVED[given]}"
    return f"no kind of link is called {given!r}{hint(given, _KIND_NAMES)} (kinds are {kinds})"


def _text(problem: Problem) -> str:
    where = [part for part in problem.where if part not in _KIND_NAMES]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    return f": {field}: {problem.what}" if field else f": {problem.what}"


def _line(tree: yaml.Node | None, where: tuple[str | int, ...], source: str) -> str:
    """`file:line` of the deepest part of the file that the location names."""
    node = tree
    line = node.start_mark.line if node is not None else 0
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                continue
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return f"{source}:{line + 1}"
