"""Programs from outside are sound or refused with one clear error, never half understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.backend import Capabilities
from qstack.compiler import compile_program
from qstack.language import Program, load_protocol, protocol_names
from qstack.language.checking import check
from qstack.language.program import ProgramFormatError
from qstack.language.protocol import Protocol
from tests.language.writers import programs

EVERYTHING = Capabilities(feed_forward="full", mid_circuit_measurement=True, reset=True)
TELEPORTATION = json.loads(load_protocol("teleportation").trace().to_json())


@given(programs())
def test_what_tracing_makes_is_sound(program: Program):
    check(program)
    assert Program.from_json(program.to_json()) == program


@pytest.mark.parametrize("name", protocol_names())
def test_shipped_protocols_are_sound(name: str):
    chosen = load_protocol(name)
    if isinstance(chosen, Protocol):
        check(chosen.trace())


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.floats()
    | st.sampled_from(["q0", "q1", "m0", "d0=2", "alice", "h"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "node", "qubit", "when"]), inner)
    ),
    max_leaves=4,
)


@given(st.data())
def test_a_damaged_program_is_refused_or_still_compiles(data: st.DataObject):
    """Change, drop or repeat parts of a stored program: it is refused with one error, or it is a program."""
    value = json.loads(json.dumps(TELEPORTATION))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([place for place in places(value) if place]))
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        match data.draw(st.sampled_from(["set", "drop", "repeat"])):
            case "set":
                parent[path[-1]] = data.draw(JSON)
            case "drop":
                del parent[path[-1]]
            case "repeat" if isinstance(parent, list):
                parent.insert(path[-1], parent[path[-1]])
    try:
        program = Program.from_json(json.dumps(value))
    except ProgramFormatError as error:
        assert str(error).startswith("not a ")
        return
    compile_program(program, EVERYTHING)


@given(st.one_of(st.text(), st.binary(), JSON.map(json.dumps)))
def test_what_is_no_program_is_refused(text: str | bytes):
    with pytest.raises(ProgramFormatError, match="not a stored qstack program"):
        Program.from_json(text)


def changed(number: int, **fields: Any) -> str:
    value = json.loads(json.dumps(TELEPORTATION))
    value["operations"][number].update(fields)
    return json.dumps(value)


@pytest.mark.parametrize(
    ("number", "fields", "message"),
    [
        (1, {"qubit": "q9"}, r"operations.2 \(gate\): there is no qubit 'q0' at alice now"),
        (1, {"node": "carol"}, r"operations.1 \(prepare\): there is no role 'carol'"),
        (2, {"gate": "hadamard"}, "there is no gate 'hadamard'"),
        (2, {"when": "d0=9"}, "d0 has values 0 to 5 and cannot be read as d0=9"),
        (2, {"when": "m0"}, "alice does not know m0"),
        (2, {"angles": [{"constant": 1.0}]}, "x takes 0 angles"),
        (6, {"nodes": ["alice", "alice"]}, "a pair joins two nodes"),
        (7, {"qubits": ["q0", "q2"]}, "there is no qubit 'q2' at alice now"),
        (7, {"qubits": ["q0", "q0"]}, "cx acts on 2 qubits, each once"),
        (10, {"qubit": "q0"}, "there is no qubit 'q0' at alice now"),
        (10, {"bit": "m0"}, "there is a value 'm0' already"),
        (10, {"bit": "c1"}, "'c1' is no name for a value"),
        (12, {"when": "m0"}, "bob does not know m0"),
    ],
)
def test_flaws_are_named(number: int, fields: dict[str, Any], message: str):
    with pytest.raises(ProgramFormatError, match=message):
        Program.from_json(changed(number, **fields))
