"""Protocols by name: installed ones by entry point, others by file."""

from __future__ import annotations

import importlib.util
import sys
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from qstack.errors import QstackError
from qstack.language.conversation import Conversation
from qstack.language.errors import ProtocolNotFoundError
from qstack.language.nodes import hint
from qstack.language.protocol import Protocol

GROUP = "qstack.protocols"


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def protocol_names() -> list[str]:
    """Names of the installed protocols, sorted."""
    return sorted(_installed())


def load_protocol(name: str) -> Protocol | Conversation:
    """The protocol of that name: an installed one, or `path/to/file.py:name`.

    The name can be left out where a file has only one protocol that can be run.

    Raises:
        ProtocolNotFoundError: there is none; the message says what there is.
    """
    path, colon, attribute = name.rpartition(":")
    if not colon and name.endswith(".py"):
        path, attribute = name, ""
    if path:
        return _from_file(Path(path), attribute)
    known = _installed()
    entry = known.get(name)
    if entry is None:
        raise ProtocolNotFoundError(
            f"no protocol is named {name!r}; installed protocols: {', '.join(sorted(known)) or 'none'}"
            f"{hint(name, known)}; a protocol of your own is named by its file: path/to/file.py:name"
        )
    found = entry.load()
    if not isinstance(found, Protocol | Conversation):
        raise ProtocolNotFoundError(
            f"entry point {name!r} ({entry.value}) is no protocol; decorate the function with @protocol"
        )
    return found


def _from_file(path: Path, attribute: str) -> Protocol | Conversation:
    module = _module(path)
    here = {key: each for key, each in vars(module).items() if isinstance(each, Protocol | Conversation)}
    own = {key: each for key, each in here.items() if each.__module__ == module.__name__ and each.is_runnable}
    if not attribute and len(own) == 1:
        return next(iter(own.values()))
    if attribute not in here:
        asked = f"no protocol {attribute!r}" if attribute else f"{len(own)} protocols; say which one, {path}:name"
        raise ProtocolNotFoundError(
            f"{path} has {asked}; protocols in it: {', '.join(here) or 'none'}{hint(attribute, here)}"
        )
    return here[attribute]


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise ProtocolNotFoundError(f"there is no file {path} to take a protocol from")
    name = f"qstack_protocol_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ProtocolNotFoundError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except QstackError:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ProtocolNotFoundError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module
