"""What several commands take: the options, and how `name=value` words are read. Imports nothing heavy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from qstack.errors import InputError


class WordError(InputError):
    """A word on the command line is not what its option takes."""


class LoweringChoice(StrEnum):
    """Ways to lower feed-forward."""

    frame = "frame"
    native = "native"
    deferred = "deferred"


class ExpansionChoice(StrEnum):
    """How entanglement enters a circuit."""

    delivered = "delivered"
    repeaters = "repeaters"


class MemoryChoice(StrEnum):
    """How relaxation of waiting qubits is modelled."""

    pauli = "pauli"
    exact = "exact"


ProtocolArgument = Annotated[
    str, typer.Argument(metavar="PROTOCOL", help="Name of an installed protocol, or path/to/file.py:name.")
]
NetworkOption = Annotated[
    Path | None,
    typer.Option(
        "--network",
        "-n",
        metavar="FILE",
        help="Network file (YAML or GraphML), or a reference such as topohub:topozoo/Surfnet or waxman:100?seed=1; "
        "without one, pairs are perfect.",
    ),
]
RoleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--role", "-r", metavar="ROLE=NODE", help="Who plays a role; ROLE=A,B,C for a list of nodes. Repeatable."
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="NAME=VALUE", help="A setting of the protocol. Repeatable."),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="NAME=VALUE", help="An input of the protocol, [ROLE.]NAME=VALUE. Repeatable."
    ),
]
BackendOption = Annotated[str, typer.Option("--backend", "-b", metavar="NAME", help="What runs the circuits.")]
LoweringOption = Annotated[
    LoweringChoice | None, typer.Option("--lowering", help="Force one way of lowering feed-forward.")
]
ExpandOption = Annotated[
    ExpansionChoice,
    typer.Option("--expand", help="Each pair as one noisy pair, or every link pair and swap in the circuit."),
]
MemoryOption = Annotated[
    MemoryChoice, typer.Option("--memory", help="Relaxation while waiting: twirled to Paulis, or exact.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def words(option: str, given: Iterable[str] | None, example: str) -> list[tuple[str, str]]:
    """Split `name=value` words.

    Raises:
        WordError: a word has no `=`, or nothing before or after it.
    """
    pairs = []
    for word in given or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise WordError(f"{option} {word!r} is not NAME=VALUE; write for example {option} {example}")
        pairs.append((name.strip(), value.strip()))
    return pairs


def unique(option: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pairs as a mapping.

    Raises:
        WordError: a name is given twice.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise WordError(f"{option} {name} is given twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found


def roles(given: Iterable[str] | None, listed: Mapping[str, bool]) -> dict[str, str | list[str]] | None:
    """Role words as the session takes them; `listed` says which roles are lists. None when there are none.

    Raises:
        WordError: a word is not ROLE=NODE, or a single role is given twice.
    """
    pairs = words("--role", given, "alice=Delft")
    if not pairs:
        return None
    chosen: dict[str, str | list[str]] = {}
    for name, value in pairs:
        if listed.get(name, False):
            nodes = [node.strip() for node in value.split(",")]
            if not all(nodes):
                raise WordError(f"--role {name}={value} has an empty node name; write {name}=A,B,C")
            earlier = chosen.setdefault(name, [])
            assert isinstance(earlier, list)
            earlier.extend(nodes)
        elif name in chosen:
            raise WordError(f"--role {name} is given twice: {chosen[name]!r} and {value!r}")
        else:
            chosen[name] = value
    return chosen


def settings(given: Iterable[str] | None) -> dict[str, Any]:
    """Settings by name: JSON where the value is JSON, plain text otherwise.

    Raises:
        WordError: a word is not NAME=VALUE, or a name is given twice.
    """
    return {name: _value(text) for name, text in unique("--set", words("--set", given, "rounds=2")).items()}


def inputs(given: Iterable[str] | None) -> dict[str, int | list[int]]:
    """Inputs by name: one whole number, or several with commas, one per shot.

    Raises:
        WordError: a value is not made of whole numbers.
    """
    found: dict[str, int | list[int]] = {}
    for name, text in unique("--input", words("--input", given, "x=1")).items():
        try:
            numbers = [int(part) for part in text.split(",")]
        except ValueError:
            raise WordError(
                f"--input {name}={text} is not a whole number; give one, or one per shot with commas between them"
            ) from None
        found[name] = numbers[0] if len(numbers) == 1 else numbers
    return found


def closest(word: str, known: Iterable[str]) -> str:
    """A `; did you mean ...?` for a mistyped word, empty when nothing is close."""
    match = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {match[0]}?" if match else ""


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
