"""Sessions run protocols over networks, honestly or not, concurrently, repeatably, and stop when told to."""

from __future__ import annotations

import asyncio
import json
import math
import time
from itertools import pairwise

import numpy as np
import pytest

import qstack
from qstack.application import InputValueError, Result, RoleBindingError, Session, SessionError, ShotsError
from qstack.compiler import LoweringError
from qstack.errors import InputError
from qstack.language import Bit, FlipReports, Node, entangle, protocol, require
from qstack.routing import Network, NoRouteError
from qstack.stats import proportion, within_sigma

TSIRELSON = 2 * math.sqrt(2)


def link_of(fidelity: float, **node: object) -> Network:
    """Two nodes joined by a link of Werner pairs, without any other noise."""
    return chain_of([fidelity], **node)


def chain_of(fidelities: list[float], success: float = 1.0, **platform: object) -> Network:
    names = [f"N{k}" for k in range(len(fidelities) + 1)]
    return Network.model_validate(
        {
            "name": "test",
            "control": "instant",
            "platforms": {"memory": {"base": "perfect", **platform}},
            "nodes": [{"name": name, "platform": "memory"} for name in names],
            "links": [
                {
                    "between": ends,
                    "kind": "heralded",
                    "success_probability": success,
                    "attempt_time_s": 1e-3,
                    "fidelity": f,
                }
                for ends, f in zip(pairwise(names), fidelities, strict=True)
            ],
        }
    )


@protocol
def parity(alice: Node, bob: Node) -> dict[str, Bit]:
    """Both measure Z."""
    a, b = entangle(alice, bob)
    return {"a": a.measure(), "b": b.measure()}


@protocol
def two_pairs(alice: Node, bob: Node) -> dict[str, Bit]:
    """Two pairs, each measured in X at both ends."""
    a, b = entangle(alice, bob)
    c, d = entangle(alice, bob)
    return {"first": a.measure("X") ^ b.measure("X").send(alice), "second": c.measure("X") ^ d.measure("X").send(alice)}


async def test_perfect_pairs_reach_the_quantum_bound():
    result = await Session().run("chsh", shots=40_000, seed=3)
    s = result.metrics["S"]
    assert abs(s.value - TSIRELSON) < 4 * s.std_error
    assert s.low < TSIRELSON < s.high
    assert result.delivery is None
    assert result.provenance.ran_on == ("bell",)
    assert result.provenance.emulated


@pytest.mark.parametrize("fidelity", [0.95, 0.85, 0.7])
async def test_chsh_over_a_werner_link_is_what_the_visibility_gives(fidelity):
    result = await Session(link_of(fidelity)).run("chsh", roles={"alice": "N0", "bob": "N1"}, shots=40_000, seed=1)
    s = result.metrics["S"]
    assert abs(s.value - TSIRELSON * (4 * fidelity - 1) / 3) < 4 * s.std_error


async def test_the_same_seed_gives_the_same_result_and_another_does_not():
    session = Session(link_of(0.9))
    roles = {"alice": "N0", "bob": "N1"}
    first, again, other = [await session.run("chsh", roles=roles, shots=2000, seed=seed) for seed in (7, 7, 8)]
    assert first.metrics == again.metrics
    assert all(np.array_equal(first[name], again[name]) for name in first.outputs)
    assert not all(np.array_equal(first[name], other[name]) for name in first.outputs)


@pytest.mark.parametrize("backend", ["stim", "cirq", "auto"])
@pytest.mark.parametrize("fidelity", [1.0, 0.8])
async def test_teleportation_over_a_werner_pair_has_its_published_fidelity(backend, fidelity):
    """Mean over the six Pauli states: (2F + 1) / 3."""
    result = await Session(link_of(fidelity), backend=backend).run(
        "teleportation", roles={"alice": "N0", "bob": "N1"}, shots=30_000, seed=5
    )
    found = result.metrics["fidelity"]
    assert abs(found.value - (2 * fidelity + 1) / 3) < 4 * max(found.std_error, 1e-9)


@pytest.mark.parametrize("lowering", ["frame", "native", "deferred"])
@pytest.mark.parametrize("memory", ["pauli", "exact"])
async def test_lowerings_and_memories_agree_on_teleportation(lowering, memory):
    """With memories that relax while the message flies, frames are refused only where they would be wrong."""
    network = Network.model_validate(
        {
            "platforms": {"memory": {"base": "perfect", "t1_s": 2e-3, "t2_s": 1.5e-3}},
            "nodes": [{"name": "N0", "platform": "memory"}, {"name": "N1", "platform": "memory"}],
            "links": [
                {
                    "between": ["N0", "N1"],
                    "kind": "heralded",
                    "success_probability": 1.0,
                    "attempt_time_s": 1e-6,
                    "length_km": 100.0,
                }
            ],
        }
    )
    session = Session(network, lowering=lowering, memory=memory, backend="cirq")
    result = await session.run("teleportation", roles={"alice": "N0", "bob": "N1"}, shots=20_000, seed=2)
    flight_s = 100 * 1.468 / 299_792.458
    along, across = math.exp(-flight_s / 2e-3), math.exp(-flight_s / 1.5e-3)
    expected = ((1 + along) / 2 + 2 * (1 + across) / 2) / 3
    found = result.metrics["fidelity"]
    assert abs(found.value - expected) < 4 * found.std_error


async def test_a_noiseless_chain_of_eight_hops_keeps_every_correlation():
    network = chain_of([1.0] * 8)
    for expansion in ("delivered", "repeaters"):
        result = await Session(network, expansion=expansion).run(
            parity, roles={"alice": "N0", "bob": "N8"}, shots=5000, seed=1
        )
        assert np.array_equal(result["a"], result["b"])
        assert 0.4 < result["a"].mean() < 0.6
        assert len(result.delivery.path) == 9


async def test_repeaters_in_the_circuit_agree_with_delivered_pairs():
    network = chain_of([0.97, 0.95, 0.98], success=0.2, t1_s=0.2, t2_s=0.1, gate2_depolarizing=0.03, readout_error=0.02)
    agreement = {}
    for expansion in ("delivered", "repeaters"):
        result = await Session(network, expansion=expansion).run(
            parity, roles={"alice": "N0", "bob": "N3"}, shots=60_000, seed=4
        )
        agreement[expansion] = proportion(int((result["a"] == result["b"]).sum()), result.shots)
    assert abs(agreement["delivered"].value - agreement["repeaters"].value) < 4 * math.hypot(
        agreement["delivered"].std_error, agreement["repeaters"].std_error
    )
    assert agreement["delivered"].value < 0.95


async def test_two_pairs_that_waited_for_the_same_event_show_their_joint_noise():
    """Pairs age together while the last is made: P(both wrong) is a mean of products, not the product of means."""
    t2, p, step = 20e-3, 0.1, 1e-3
    network = chain_of([1.0], success=p, t2_s=t2)

    @protocol
    def three(alice: Node, bob: Node) -> dict[str, Bit]:
        """The first two of three pairs wait for the third together."""
        bits = []
        for _ in range(3):
            a, b = entangle(alice, bob)
            bits.append(a.measure("X") ^ b.measure("X").send(alice))
        return {"first": bits[0], "second": bits[1]}

    shots = 200_000
    result = await Session(network).run(three, roles={"alice": "N0", "bob": "N1"}, shots=shots, seed=9)
    first, second = result["first"], result["second"]

    def decayed(rate: float) -> float:
        """E[exp(-rate T)] for the time T to one herald."""
        factor = math.exp(-rate * step)
        return p * factor / (1 - (1 - p) * factor)

    one, two = decayed(2 / t2), decayed(4 / t2)
    coherence_first, coherence_second, coherence_both = one * one, one, one * two
    joint = (1 - coherence_first - coherence_second + coherence_both) / 4
    product = (1 - coherence_first) / 2 * (1 - coherence_second) / 2
    found = proportion(int((first & second).sum()), shots)
    assert within_sigma(found, joint)
    assert not within_sigma(found, product)


async def test_ghz_on_fifty_nodes_runs_in_seconds():
    started = time.perf_counter()
    result = await Session().run("ghz", roles={"parties": [f"P{k}" for k in range(50)]}, shots=10_000, seed=1)
    assert time.perf_counter() - started < 20
    assert result.provenance.ran_on == ("stim",)
    assert result.metrics["parity"].value == 1.0


async def test_one_lying_role_is_visible_in_the_score():
    honest = await Session().run("chsh", shots=20_000, seed=1)
    lied = await Session(adversary={"bob": FlipReports()}).run("chsh", shots=20_000, seed=1)
    assert honest.metrics["S"].low > 2
    # Bob turns over both his setting and his outcome: each term of S changes places with one of the other sign.
    assert abs(lied.metrics["S"].value) < 4 * lied.metrics["S"].std_error
    assert lied.provenance.adversary == {"bob": repr(FlipReports())}


async def test_a_conversation_runs_and_its_estimate_is_right():
    result = await Session(link_of(0.9)).run("error_rate", roles={"alice": "N0", "bob": "N1"}, seed=1)
    qber = result.metrics["qber"]
    assert abs(qber.value - 2 / 3 * (1 - 0.9)) < 4 * qber.std_error
    assert result.outputs["errors"].values == round(qber.value * qber.n)
    assert Result.from_json(result.to_json()) == result
    assert result.delivery.fidelity == pytest.approx(0.9)


async def test_a_conversation_takes_no_shots():
    with pytest.raises(ShotsError, match="runs once"):
        await Session().run("error_rate", shots=10)


async def test_many_sessions_run_at_once():
    session = Session(chain_of([0.98] * 4, success=0.1))
    roles = {"alice": "N0", "bob": "N4"}
    started = time.perf_counter()
    alone = await session.run("chsh", roles=roles, shots=2000, seed=0)
    once = time.perf_counter() - started
    results = await asyncio.gather(*(session.run("chsh", roles=roles, shots=2000, seed=seed) for seed in range(20)))
    assert [result.seed for result in results] == list(range(20))
    assert results[0].metrics == alone.metrics
    assert once > 0


async def test_the_event_loop_is_never_blocked_for_long():
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    await Session(chain_of([0.98] * 8, success=0.05)).run(
        "teleportation", roles={"alice": "N0", "bob": "N8"}, shots=200_000, seed=1
    )
    watching.cancel()
    assert longest < 0.5


@pytest.mark.parametrize("after_s", [0.02, 0.1, 0.3, 0.8])
async def test_cancelling_returns_within_a_tenth_of_a_second(after_s):
    session = Session(chain_of([0.98] * 8, success=0.001))
    task = asyncio.create_task(session.run("chsh", roles={"alice": "N0", "bob": "N8"}, shots=50_000_000, seed=1))
    await asyncio.sleep(after_s)
    task.cancel()
    started = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - started < 0.1


def test_the_synchronous_face_works():
    assert qstack.run("chsh", shots=2000, seed=1).metrics["S"].value > 2


async def test_the_synchronous_face_works_inside_a_running_loop():
    assert qstack.run("chsh", shots=2000, seed=1).metrics["S"].value > 2


async def test_results_go_to_json_and_pandas_and_back():
    result = await Session(link_of(0.9)).run("chsh", roles={"alice": "N0", "bob": "N1"}, shots=500, seed=1)
    again = Result.from_json(result.to_json())
    assert again == result
    assert all(np.array_equal(again[name], result[name]) for name in result.outputs)
    frame = result.to_pandas()
    assert len(frame) == 500
    assert (frame["accepted"]).all()
    assert all(np.array_equal(frame[name], result[name]) for name in result.outputs)


async def test_results_show_themselves():
    result = await Session(link_of(0.9)).run("chsh", roles={"alice": "N0", "bob": "N1"}, shots=500, seed=1)
    assert "S" in str(result) and "0.9" in str(result)
    html = result._repr_html_()
    assert "<table" in html and ("<svg" in html or "<img" in html)


@protocol
def rare(alice: Node, bob: Node) -> dict[str, Bit]:
    """Accepts a quarter of all shots."""
    a, b = entangle(alice, bob)
    c, d = entangle(alice, bob)
    kept = a.measure() & c.measure()
    require(kept)
    return {"b": b.measure(), "d": d.measure()}


async def test_a_requirement_discards_shots_and_the_cost_says_so():
    result = await Session().run(rare, shots=20_000, seed=1)
    kept = result.accepted
    assert within_sigma(proportion(int(kept.sum()), 20_000), 0.25)
    assert result["b"][kept].all() and result["d"][kept].all()
    assert result.resources.pairs_per_accepted_shot == pytest.approx(2 / kept.mean())


@protocol
def echo(alice: Node) -> dict[str, Bit]:
    """Gives back what was put in."""
    value = alice.input("x")
    q = alice.qubit()
    q.x(when=value)
    return {"out": q.measure()}


async def test_inputs_are_given_once_or_per_shot():
    assert (await Session().run(echo, inputs={"x": 1}, shots=10))["out"].all()
    column = np.arange(10) % 2
    assert np.array_equal((await Session().run(echo, inputs={"alice.x": column}, shots=10))["out"], column)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ShotsError, "whole number from 1", {"shots": 0}),
        (ShotsError, "whole number from 1", {"shots": 1.5}),
        (InputError, "whole number from 0 up", {"seed": -1}),
        (RoleBindingError, "no role 'carol'", {"roles": {"carol": "N0"}}),
        (InputValueError, "is missing", {}),
        (InputValueError, "no input 'y'", {"inputs": {"x": 1, "y": 1}}),
        (InputValueError, "whole numbers from 0 to 1", {"inputs": {"x": 2}}),
        (InputValueError, "one per shot", {"inputs": {"x": [0, 1]}}),
    ],
)
async def test_bad_requests_say_what_is_wrong(error, message, arguments):
    with pytest.raises(error, match=message):
        await Session().run(echo, **{"shots": 10, **arguments})


async def test_what_cannot_be_had_is_refused_with_what_could_be():
    with pytest.raises(NoRouteError, match="the best is"):
        await Session(link_of(0.6, gate2_depolarizing=0.3)).run(wants_much, roles={"alice": "N0", "bob": "N1"}, seed=1)


@protocol
def wants_much(alice: Node, bob: Node) -> dict[str, Bit]:
    """Asks for a better pair than there is."""
    a, b = entangle(alice, bob, fidelity=0.999)
    return {"a": a.measure(), "b": b.measure()}


@protocol
def needs_messages(alice: Node, bob: Node) -> dict[str, Bit]:
    """A gate that is no Pauli waits for a measured bit."""
    a, b = entangle(alice, bob)
    b.h(when=a.measure().send(bob))
    return {"b": b.measure()}


async def test_a_program_that_fits_nowhere_says_why():
    with pytest.raises(LoweringError, match=r"frame:.*as a frame only Paulis can"):
        await Session(backend="stim").run(needs_messages, shots=10)
    assert (await Session().run(needs_messages, shots=1000, seed=1)).provenance.ran_on == ("cirq",)


@pytest.mark.parametrize(
    ("field", "value"), [("network", 3), ("lowering", "best"), ("expansion", "all"), ("memory", "none")]
)
def test_settings_of_a_session_are_checked(field, value):
    with pytest.raises(SessionError, match=field):
        Session(**{field: value})


def test_repeaters_need_a_network():
    with pytest.raises(SessionError, match="there is no network with repeaters"):
        Session(expansion="repeaters")


async def test_roles_must_be_a_mapping():
    with pytest.raises(RoleBindingError, match="mapping"):
        await Session().run("chsh", roles="alice")


async def test_a_backend_that_cannot_says_which_can():
    with pytest.raises(
        LoweringError, match=r"frame, native, deferred: needs gate ry\n.*would take it: auto, bell, cirq"
    ):
        await Session(backend="stim").run("chsh", shots=10)


async def test_one_party_is_no_ghz_state():
    with pytest.raises(InputError, match="two or more"):
        await Session().run("ghz", roles={"parties": ["only"]}, shots=10)


async def test_runs_are_logged_as_events_and_silent_otherwise(caplog, capfd):
    await Session().run("chsh", shots=100, seed=5)
    with caplog.at_level("INFO", logger="qstack"):
        await Session().run("chsh", shots=100, seed=5)
        with pytest.raises(InputValueError):
            await Session().run(echo, shots=10)
    told = [json.loads(record.getMessage()) for record in caplog.records]
    assert [each["event"] for each in told] == ["run.started", "run.finished", "run.started", "run.failed"]
    assert told[1]["protocol"] == "chsh" and told[1]["seed"] == 5 and told[1]["elapsed_s"] > 0
    assert told[3]["error"] == "InputValueError"
    assert capfd.readouterr() == ("", "")
