"""The ready-made protocols ask for what they say, and score what they should."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from qstack.control import Bus, PlainCodec
from qstack.language import Protocol, converse, to_text
from qstack.language import program as ir
from qstack.protocols.chsh import chsh
from qstack.protocols.entanglement_swapping import entanglement_swapping
from qstack.protocols.error_rate import error_rate
from qstack.protocols.ghz import ghz
from qstack.protocols.purification import purification
from qstack.protocols.superdense_coding import superdense_coding
from qstack.protocols.teleportation import STATES, teleportation

Outputs = dict[str, Any]


@pytest.mark.parametrize(
    ("protocol", "roles", "settings", "pairs", "messages"),
    [
        (teleportation, None, {}, 1, 3),
        (superdense_coding, None, {}, 2, 2),
        (superdense_coding, None, {"direct": True}, 1, 0),
        (entanglement_swapping, {"repeaters": 1}, {}, 2, 3),
        (entanglement_swapping, {"repeaters": 8}, {}, 9, 17),
        (purification, None, {}, 2, 3),
        (ghz, {"parties": 2}, {}, 1, 3),
        (ghz, {"parties": 6}, {}, 5, 15),
        (chsh, None, {}, 1, 0),
    ],
)
def test_resources(protocol: Protocol, roles, settings, pairs: int, messages: int):
    program = protocol.trace(roles, **settings)
    assert (len(program.pairs), len(program.messages)) == (pairs, messages)
    assert type(program).from_json(program.to_json()) == program
    assert protocol.summary.endswith(".") and to_text(program)


def test_fifty_parties_are_traced_in_no_time():
    assert len(ghz.trace({"parties": 50}).operations) == 690


def test_teleported_states_are_undone_gate_by_gate():
    program = ir.inline_messages(teleportation.trace())
    gates = [op for op in program.operations if isinstance(op, ir.Gate) and op.when is not None]
    made = [(op.gate, op.when) for op in gates if op.node == "alice"]
    undone = [(op.gate, op.when) for op in gates if op.node == "bob"][2:]
    inverse = {"s": "sdg", "x": "x", "h": "h", "z": "z"}
    assert undone == [(inverse[gate], when) for gate, when in reversed(made)]
    assert len(STATES) == 6


def test_score_of_chsh():
    rng = np.random.default_rng(1)
    x, y = rng.integers(2, size=(2, 40_000))
    agree = rng.random(40_000) < (2 + math.sqrt(2)) / 4
    a = rng.integers(2, size=40_000)
    scored = chsh.scorer({"x": x, "y": y, "a": a, "b": a ^ (x & y) ^ ~agree & 1}, {})
    assert abs(scored["S"].value - 2 * math.sqrt(2)) < 4 * scored["S"].std_error
    planned = chsh.scorer({"x": x, "y": y, "a": 0 * x, "b": 0 * y}, {})["S"]
    assert planned.value == pytest.approx(2.0) == chsh.bounds["S"]["shared plan"]


def test_score_of_ghz():
    rng = np.random.default_rng(2)
    in_x = rng.integers(2, size=20_000)
    shared, free = rng.integers(2, size=(2, 20_000))
    columns = [np.where(in_x == 1, free, shared), np.where(in_x == 1, shared, shared)]
    columns.append(np.where(in_x == 1, free ^ shared, shared))
    outputs = {"in_x": in_x, **{f"m[{k}]": column for k, column in enumerate(columns)}}
    scored = ghz.scorer(outputs, {})
    assert [scored[name].value for name in ("fidelity_bound", "populations", "parity")] == [1.0, 1.0, 1.0]
    outputs["m[2]"] = rng.integers(2, size=20_000)
    lost = ghz.scorer(outputs, {})
    assert abs(lost["populations"].value - 0.5) < 4 * lost["populations"].std_error
    assert abs(lost["parity"].value) < 4 * lost["parity"].std_error
    assert lost["fidelity_bound"].value < 0.1


@pytest.mark.parametrize("protocol", [entanglement_swapping, purification])
def test_score_of_checked_pairs(protocol: Protocol):
    rng = np.random.default_rng(3)
    basis, a = rng.integers(3, size=30_000), rng.integers(2, size=30_000)
    perfect = protocol.scorer({"basis": basis, "a": a, "b": a ^ (basis == 2)}, {})
    assert perfect["fidelity"].value == pytest.approx(1.0)
    mixed = protocol.scorer({"basis": basis, "a": a, "b": rng.integers(2, size=30_000)}, {})["fidelity"]
    assert abs(mixed.value - 0.25) < 4 * mixed.std_error


def test_score_of_reading_messages():
    ones, zeros = np.ones(100, int), np.zeros(100, int)
    read = {"high": ones, "low": zeros, "read_high": ones, "read_low": zeros}
    assert superdense_coding.scorer(read, {})["success"].value == 1.0
    assert superdense_coding.scorer({**read, "read_low": ones}, {})["success"].value == 0.0
    half = np.arange(100) % 2
    seen = superdense_coding.scorer({**read, "read_low": half, "arrived": 1 - half}, {})["success"]
    assert (seen.value, seen.n) == (1.0, 50)
    assert teleportation.scorer({"state": zeros, "wrong": half}, {})["fidelity"].value == 0.5


async def test_the_error_rate_is_estimated_from_the_sample_only():
    shots, flips = 4000, 0.08

    async def noisy_pairs(program: ir.Program, n: int, index: int) -> Outputs:
        rng = np.random.default_rng(7)
        bases, a, coin = rng.integers(2, size=(2, n)), rng.integers(2, size=n), rng.integers(2, size=n)
        b = np.where(bases[0] == bases[1], a ^ (rng.random(n) < flips), coin)
        return {"alice_basis": bases[0], "bob_basis": bases[1], "a": a, "b": b}

    ended = await converse(
        error_rate,
        settings={"shots": shots, "reveal": 0.25},
        channel=Bus(),
        codec=PlainCodec(),
        execute=noisy_pairs,
        rngs={name: np.random.default_rng(k) for k, name in enumerate(("alice", "bob"))},
    )
    outputs = {name: value for name, (_, value) in ended.named.items()}
    assert outputs["sampled"] == pytest.approx(shots / 2 / 4, rel=0.1)
    assert len(outputs["key_a"]) == len(outputs["key_b"]) == pytest.approx(shots * 3 / 8, rel=0.1)
    scored = error_rate.scorer(outputs, {})
    assert abs(scored["qber"].value - flips) < 4 * scored["qber"].std_error
    assert np.mean(outputs["key_a"] != outputs["key_b"]) == pytest.approx(flips, abs=0.03)
    assert sum(traffic.messages for traffic in ended.traffic.values()) == 5
