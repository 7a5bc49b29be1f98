"""One OpenQASM program out of many circuits: it parses, and for given inputs it is the circuit of those values."""

from __future__ import annotations

import re

import openqasm3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.backend import Capabilities, Lowering
from qstack.cli.qasm import merged, one_program
from qstack.compiler import compile_program
from qstack.compiler.openqasm import to_openqasm3
from qstack.language import Protocol, load_protocol, protocol_names

sequences = st.lists(st.lists(st.sampled_from("abcd"), max_size=12), min_size=1, max_size=5)


@given(sequences)
def test_a_merged_sequence_holds_each_one(given_ones: list[list[str]]) -> None:
    together = merged(given_ones)
    for index, sequence in enumerate(given_ones):
        assert [line for line, owners in together if index in owners] == sequence
    assert all(owners for _, owners in together)


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.integers(1, 5))
def test_equal_sequences_are_written_once(sequence: list[str], times: int) -> None:
    assert [line for line, _ in merged([sequence] * times)] == sequence


def chosen(program: str, values: dict[str, int]) -> list[str]:
    """The instructions of a program that run for these inputs, found by reading its `if`s."""
    names = {re.sub(r"\W", "_", name): value for name, value in values.items()}
    lines, taken, inside = [], True, False
    for line in program.splitlines():
        head = re.match(r"if \((.*?)\) \{(?: (.*) \})?$", line)
        if head and re.match(rf"\(?({'|'.join(names) or 'nothing'}) ==", head[1]):
            condition = head[1].replace("||", "or").replace("&&", "and")
            taken = bool(eval(condition, {}, dict(names)))
            if head[2]:
                lines += [head[2]] if taken else []
                taken = True
            else:
                inside = True
        elif line == "}" and inside:
            taken, inside = True, False
        elif taken and not line.startswith(("//", "  //", "input", "OPENQASM", "include")):
            lines.append(line.removeprefix("  ") if inside else line)
    return lines


@pytest.mark.parametrize("lowering", ["frame", "native", "deferred"])
@pytest.mark.parametrize("name", [name for name in protocol_names() if isinstance(load_protocol(name), Protocol)])
def test_every_protocol_parses_and_is_its_circuit_for_given_values(name: str, lowering: Lowering) -> None:
    protocol = load_protocol(name)
    assert isinstance(protocol, Protocol)
    capabilities = Capabilities(feed_forward="full", mid_circuit_measurement=True, reset=True)
    compiled = compile_program(protocol.trace(), capabilities, lowering=lowering)
    circuits = [(values, to_openqasm3(circuit)) for values, circuit in compiled.circuits()]
    program = one_program("test", circuits)
    assert openqasm3.parse(program).version == "3.0"
    assert program.count("OPENQASM") == 1
    for values, text in circuits:
        alone = [line for line in text.splitlines() if not line.startswith(("OPENQASM", "include"))]
        assert chosen(program, values) == alone


def test_noise_of_some_values_only_is_a_remark_because_pragmas_are_global() -> None:
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[1] q;\n'
    noise = "#pragma braket noise bit_flip(0.1) q[0]"
    program = one_program("test", [({"d0": 0}, head + "x q[0];"), ({"d0": 1}, head + f"x q[0];\n{noise}")])
    openqasm3.parse(program)
    assert f"  // {noise}" in program.splitlines()


def test_conditions_on_two_values() -> None:
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[1] q;\n'
    both = [({"d0": a, "p0.z": b}, head + ("x q[0];" if a != b else "z q[0];")) for a in (0, 1) for b in (0, 1)]
    program = one_program("test", both)
    openqasm3.parse(program)
    assert "if ((d0 == 0 && p0_z == 1) || (d0 == 1 && p0_z == 0)) { x q[0]; }" in program
