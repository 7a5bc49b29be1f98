"""Views of a program: text, a Mermaid sequence diagram, one node's half. Pure functions of the program."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from typing import Annotated, Literal

from pydantic import Field

from qstack.boolean import Poly
from qstack.language.errors import RoleError
from qstack.language.program import (
    Affine,
    Discard,
    Draw,
    Entangle,
    Frozen,
    Gate,
    Input,
    Located,
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
)


class Receive(Located):
    """A classical message that comes from `nodes[0]` to `nodes[1]`, known from then on as `source`.

    `values` is how many values it can have, None for an angle. What the sender computed it from is not here.
    """

    op: Literal["receive"] = "receive"
    nodes: tuple[str, str]
    source: str
    values: int | None


class Half(Frozen):
    """What one role does: its own operations, sends and receives, and the results it reports.

    Pairs and transmissions appear in the halves of both their nodes; of a joint draw only the role's own values appear,
    with their own distribution.
    """

    name: str
    role: str
    operations: tuple[Annotated[Operation | Receive, Field(discriminator="op")], ...]
    outputs: tuple[Output, ...]


def half(program: Program, role: str) -> Half:
    """One role's half of a program, gates as well as bits.

    Raises:
        RoleError: the program has no such role.
    """
    if role not in program.roles:
        raise RoleError(f"{program.name} has no role {role!r}; roles: {', '.join(program.roles)}")
    operations = tuple(_seen_by(op, role) for op in program.operations if role in nodes_of(op))
    return Half(
        name=program.name,
        role=role,
        operations=operations,
        outputs=tuple(output for output in program.outputs if output.node == role),
    )


def _seen_by(op: Operation, role: str) -> Operation | Receive:
    match op:
        case Send(nodes=(source, target)) if target == role and source != role:
            values = None if isinstance(op.value, Affine) else len(op.value) + 1
            return Receive(line=op.line, nodes=op.nodes, source=op.source, values=values)
        case Draw() if any(drawn.node != role for drawn in op.drawn):
            return _own_draw(op, role)
        case _:
            return op


def _own_draw(op: Draw, role: str) -> Draw:
    kept = tuple(drawn for drawn in op.drawn if drawn.node == role)
    if op.table is None:
        return op.model_copy(update={"drawn": kept})
    sums: dict[tuple[int, ...], float] = {}
    sizes = [drawn.values for drawn in op.drawn]
    for index, weight in enumerate(op.table):
        row: list[int] = []
        for size in reversed(sizes):
            index, value = divmod(index, size)
            row.insert(0, value)
        key = tuple(value for value, drawn in zip(row, op.drawn, strict=True) if drawn.node == role)
        sums[key] = sums.get(key, 0.0) + weight
    table = tuple(sums[key] for key in sorted(sums))
    return op.model_copy(update={"drawn": kept, "table": table})


def to_text(program: Program | Half) -> str:
    """The program or half as text, one operation per line, each with the source line it comes from."""
    rows = [(_where(op), _what(op), op.line) for op in program.operations]
    width = max((len(where) for where, _, _ in rows), default=0)
    body = max((len(what) for _, what, _ in rows), default=0)
    role = f", half of {program.role}" if isinstance(program, Half) else f"({', '.join(program.roles)})"
    lines = [f"{program.name}{role}"]
    lines += [f"  {where:<{width}}  {what:<{body}}  # {line}".rstrip(" #") for where, what, line in rows]
    lines += [
        f"  {output.node:<{width}}  output {output.name} = {value_text(output.value)}" for output in program.outputs
    ]
    return "\n".join(lines) + "\n"


def _where(op: Operation | Receive) -> str:
    match op:
        case Send() | Transmit() | Receive():
            return " -> ".join(op.nodes)
        case Entangle():
            return " -- ".join(op.nodes)
        case _:
            return ", ".join(nodes_of(op))


def _what(op: Operation | Receive) -> str:
    match op:
        case Prepare():
            return f"{op.qubit} = |{op.state}>"
        case Entangle():
            least = "" if op.fidelity is None else f", fidelity at least {op.fidelity:g}"
            return f"{op.qubits[0]}, {op.qubits[1]} = pair {op.pair}{least}"
        case Gate():
            angles = f"({', '.join(angle_text(angle) for angle in op.angles)})" if op.angles else ""
            when = "" if op.when is None else f" when {op.when}"
            return f"{op.gate}{angles} {', '.join(op.qubits)}{when}"
        case Measure():
            flag = "" if op.detected is None else f" if {op.detected}"
            return f"{op.bit} = measure {op.basis} {op.qubit}{flag}"
        case Reset() | Discard():
            return f"{op.op} {op.qubit}"
        case Transmit():
            odds = "" if op.survival is None else f", survival {op.survival:g}"
            return f"transmit {op.qubit}, {op.arrived} = arrived{odds}"
        case Draw():
            drawn = ", ".join(f"{each.source} = {each.name}[{each.values}]" for each in op.drawn)
            weights = "" if op.table is None else f" with p = {', '.join(f'{p:g}' for p in op.table)}"
            return f"draw {drawn}{weights}"
        case Input():
            return f"{op.source} = input {op.name}[{op.values}]"
        case Send():
            return f"{op.source} = {angle_text(op.value) if isinstance(op.value, Affine) else value_text(op.value)}"
        case Receive():
            return f"receive {op.source}{' angle' if op.values is None else f'[{op.values}]'}"
        case Require():
            return f"require {op.bit}"


def value_text(value: tuple[Poly, ...]) -> str:
    """A bit as its polynomial, an integer by its source or the polynomial of each value."""
    if len(value) == 1:
        return str(value[0])
    names = {atom.partition("=")[0] for poly in value for atom in poly.atoms}
    if len(names) == 1 and all(str(poly) == f"{next(iter(names))}={k}" for k, poly in enumerate(value, start=1)):
        return next(iter(names))
    return "; ".join(f"{k} where {poly}" for k, poly in enumerate(value, start=1) if poly) or "0"


def angle_text(angle: Affine) -> str:
    """The angle in radians, multiples of pi as such."""
    pieces = [_radians(angle.constant)] if angle.constant or not angle.terms else []
    for term in angle.terms:
        number = f"{term.coefficient:.6g}" if term.symbol else _radians(term.coefficient)
        pieces.append(
            "*".join(
                [
                    number,
                    *([] if str(term.bit) == "1" else [f"[{term.bit}]"]),
                    *([term.symbol] if term.symbol else []),
                ]
            )
        )
    return reduce(lambda text, piece: f"{text} - {piece[1:]}" if piece.startswith("-") else f"{text} + {piece}", pieces)


def _radians(angle: float) -> str:
    for below in (1, 2, 3, 4, 6, 8, 16):
        over = angle * below / math.pi
        if angle and abs(over - round(over)) < 1e-9:
            top = {1: "pi", -1: "-pi"}.get(round(over), f"{round(over)}pi")
            return top if below == 1 else f"{top}/{below}"
    return f"{angle:.6g}"


def to_mermaid(program: Program) -> str:
    """The program as a Mermaid sequence diagram: pairs, photons and messages between nodes, local work as notes."""
    names = {role: f"n{k}" for k, role in enumerate(program.roles)}
    lines = ["sequenceDiagram"]
    lines += [f"    participant {name} as {role}" for role, name in names.items()]
    for node, texts in _grouped(program):
        if len(node) == 2:
            arrow = {"pair": "-->", "send": "->>", "photon": "-)"}[texts[0]]
            lines.append(f"    {names[node[0]]}{arrow}{names[node[1]]}: {_escaped(texts[1])}")
        else:
            lines.append(f"    Note over {names[node[0]]}: {'<br/>'.join(map(_escaped, texts))}")
    lines += [
        f"    Note over {names[output.node]}: {_escaped(f'output {output.name} = {value_text(output.value)}')}"
        for output in program.outputs
    ]
    return "\n".join(lines) + "\n"


def _grouped(program: Program) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Things between two nodes one by one; runs of local work of a node together."""
    local: dict[str, list[str]] = {}
    for op in program.operations:
        if isinstance(op, Entangle | Send | Transmit):
            for node in op.nodes:
                if node in local:
                    yield (node,), local.pop(node)
            kind = "pair" if isinstance(op, Entangle) else "send" if isinstance(op, Send) else "photon"
            yield op.nodes, [kind, _what(op)]
        elif isinstance(op, Draw):
            for each in op.drawn:
                local.setdefault(each.node, []).append(f"{each.source} = draw {each.name}[{each.values}]")
        else:
            local.setdefault(op.node, []).append(_what(op))
    for node, texts in local.items():
        yield (node,), texts


def _escaped(text: str) -> str:
    """Characters that mean something to Mermaid, as entities."""
    return (
        text.replace("#", "#35;")
        .replace(";", "#59;")
        .replace("#35#59;", "#35;")
        .replace("<", "#lt;")
        .replace(">", "#gt;")
    )
