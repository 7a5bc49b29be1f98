"""Several OpenQASM 3 circuits as one program: the values that choose between them become its inputs.

What all circuits have in common is written once; what only some have stands in an `if`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

_REGISTER = re.compile(r"^(qubit|bit)\[(\d+)\] (\w+);(.*)$")

Values = Mapping[str, int]
Circuits = Sequence[tuple[Values, str]]
"""OpenQASM 3 texts, each with the drawn values that lead to it."""


def one_program(title: str, circuits: Circuits, remarks: Sequence[str] = ()) -> str:
    """One OpenQASM 3 program that does what the circuit of the values given to it does.

    Args:
        title: said at the top, as a comment.
        circuits: one circuit without values, or one for every assignment of the same sources.
        remarks: said at the end, as comments.
    """
    parted = [_parted(text) for _, text in circuits]
    values = [each for each, _ in circuits]
    head = [*parted[0][0][:2], f"// {title}" + ("; inputs are drawn before it runs" if values[0] else "")]
    for source in values[0]:
        head.append(f"input int {_word(source)};  // 0 to {max(each[source] for each in values)}")
    head += _registers([opening for opening, _ in parted])
    body = _instructions(merged([instructions for _, instructions in parted]), values)
    return "\n".join([*head, *body, *(f"// {remark}" for remark in remarks)])


def merged(sequences: Sequence[Sequence[str]]) -> list[tuple[str, frozenset[int]]]:
    """One sequence that holds all the given ones: each line with the indices of the sequences it belongs to.

    Leaving out the lines that are not of sequence k gives sequence k.
    """
    together = [(line, frozenset({0})) for line in sequences[0]]
    for index, sequence in enumerate(sequences[1:], start=1):
        matcher = difflib.SequenceMatcher(None, [line for line, _ in together], sequence, autojunk=False)
        new: list[tuple[str, frozenset[int]]] = []
        for kind, a0, a1, b0, b1 in matcher.get_opcodes():
            if kind == "equal":
                new += [(line, owners | {index}) for line, owners in together[a0:a1]]
            else:
                new += together[a0:a1]
                new += [(line, frozenset({index})) for line in sequence[b0:b1]]
        together = new
    return together


def _instructions(together: Sequence[tuple[str, frozenset[int]]], values: Sequence[Values]) -> Iterator[str]:
    for owners, group in groupby(together, key=lambda entry: entry[1]):
        lines = [line for line, _ in group]
        if len(owners) == len(values):
            yield from lines
        elif len(lines) == 1 and not lines[0].startswith(("#", "//")):
            yield f"if ({_condition(owners, values)}) {{ {lines[0]} }}"
        else:
            yield f"if ({_condition(owners, values)}) {{"
            # Pragmas are for the top level only; there they would hold for the other values too.
            yield from (f"  // {line}" if line.startswith("#") else f"  {line}" for line in lines)
            yield "}"


def _condition(owners: frozenset[int], values: Sequence[Values]) -> str:
    """A condition that holds for the values of the owners only, on one source where that is enough."""
    for source in values[0]:
        wanted = sorted({values[index][source] for index in owners})
        if owners == {index for index, each in enumerate(values) if each[source] in wanted}:
            return " || ".join(f"{_word(source)} == {value}" for value in wanted)
    terms = [" && ".join(f"{_word(s)} == {v}" for s, v in values[index].items()) for index in sorted(owners)]
    return terms[0] if len(terms) == 1 else " || ".join(f"({term})" for term in terms)


def _parted(text: str) -> tuple[list[str], list[str]]:
    """The lines that open a circuit (version, include, registers), and its instructions."""
    lines = text.splitlines()
    start = max((k for k, line in enumerate(lines) if k < 2 or _REGISTER.match(line)), default=-1) + 1
    return lines[:start], lines[start:]


def _registers(openings: Sequence[Sequence[str]]) -> list[str]:
    """The registers of all circuits, each as large as the largest needs."""
    sizes: dict[tuple[str, str, str], int] = {}
    for match in (_REGISTER.match(line) for opening in openings for line in opening):
        if match:
            kind, size, name, rest = match.groups()
            sizes[kind, name, rest] = max(sizes.get((kind, name, rest), 0), int(size))
    return [f"{kind}[{size}] {name};{rest}" for (kind, name, rest), size in sizes.items()]


def _word(source: str) -> str:
    """A source as an identifier."""
    return re.sub(r"\W", "_", source)
