"""Every protocol over noisy networks scores what its formula says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from qstack.application import Session
from qstack.routing import Network


def werner_network(fidelities: list[float], **platform: float) -> Network:
    """A row of nodes N0, N1, ... joined by instant Werner links of these fidelities."""
    names = [f"N{k}" for k in range(len(fidelities) + 1)]
    links = [
        {"between": ends, "kind": "heralded", "success_probability": 1.0, "attempt_time_s": 1e-3, "fidelity": fidelity}
        for ends, fidelity in zip(pairwise(names), fidelities, strict=True)
    ]
    return Network.model_validate(
        {
            "control": "instant",
            "platforms": {"own": {"base": "perfect", **platform}},
            "nodes": [{"name": name, "platform": "own"} for name in names],
            "links": links,
        }
    )


def assert_near(metric, expected: float) -> None:
    assert abs(metric.value - expected) < 4 * metric.std_error, (metric, expected)


TWO = {"alice": "N0", "bob": "N1"}


async def score(name: str, network: Network | None, roles, metric: str, shots: int = 40_000, **settings):
    result = await Session(network).run(name, roles=roles, shots=shots, seed=11, settings=settings)
    return result, result.metrics[metric]


@pytest.mark.parametrize("fidelity", [1.0, 0.9, 0.75])
async def test_superdense_coding_with_a_photon_reads_as_well_as_the_pair_is(fidelity):
    """Of the four Bell states only the right one is read as the message, so success is the fidelity."""
    _, success = await score("superdense_coding", werner_network([fidelity]), TWO, "success", direct=True)
    assert_near(success, fidelity)


async def test_superdense_coding_by_teleportation_pays_for_both_pairs():
    """Two independent Werner pairs compose like a swap: F F + (1 - F)(1 - F) / 3."""
    f = 0.9
    _, success = await score("superdense_coding", werner_network([f]), TWO, "success")
    assert_near(success, f * f + (1 - f) ** 2 / 3)


async def test_a_photon_that_is_lost_is_flagged_and_not_scored():
    network = Network.from_yaml(
        """
        control: instant
        nodes: [{name: N0}, {name: N1}]
        links:
          - {between: [N0, N1], kind: heralded, success_probability: 1.0, attempt_time_s: 1.0e-3, fidelity: 0.9,
             length_km: 50, attenuation_db_per_km: 0.2}
        """
    )
    result, success = await score("superdense_coding", network, TWO, "success", direct=True)
    arrived = result["arrived"].mean()
    assert arrived == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / result.shots))
    assert success.n == int(result["arrived"].sum())
    assert_near(success, 0.9)


@pytest.mark.parametrize("fidelities", [[0.95, 0.95], [0.95] * 4, [0.95] * 8])
async def test_swapping_by_hand_gives_the_published_chain_fidelity(fidelities):
    expected = {2: 0.903333, 4: 0.819126, 8: 0.681872}[len(fidelities)]
    roles = {
        "alice": "N0",
        "repeaters": [f"N{k}" for k in range(1, len(fidelities))],
        "bob": f"N{len(fidelities)}",
    }
    _, fidelity = await score("entanglement_swapping", werner_network(fidelities), roles, "fidelity")
    assert_near(fidelity, expected)


@pytest.mark.parametrize(
    ("fidelity", "purified", "success"),
    [(0.8, 0.838150, 0.768889), (0.95, 0.964965, 0.935556), (0.6, 0.620438, 0.608889)],
)
async def test_purification_improves_a_pair_and_costs_what_is_published(fidelity, purified, success):
    """On Werner pairs DEJMPS has the fidelity and success probability of BBPSSW."""
    result, found = await score("purification", werner_network([fidelity]), TWO, "fidelity", shots=100_000)
    assert_near(found, purified)
    assert_near(result.resources.acceptance, success)
    assert result.resources.pairs_per_accepted_shot == pytest.approx(2 / success, rel=0.02)


async def test_ghz_over_werner_links_has_the_populations_of_independent_errors():
    """Leaf k is teleported over one or more Werner links; X errors move it off the others in Z."""
    f = 0.9
    roles = {"parties": ["N1", "N0", "N2"]}
    result, populations = await score("ghz", werner_network([f, f]), roles, "populations")
    flip = 2 * (1 - f) / 3
    assert_near(populations, (1 - flip) ** 2)
    # A Z error on either leaf, or on the root's half, turns the parity over.
    assert_near(result.metrics["parity"], (1 - 2 * flip) ** 2)
    assert result.metrics["fidelity_bound"].value < populations.value


async def test_gate_and_readout_errors_of_the_nodes_count():
    """Each side's readout errs with e: the bits differ by an odd number of errors among readouts and pair."""
    e, f = 0.03, 0.9
    session = Session(werner_network([f], readout_error=e))
    result = await session.run("error_rate", roles=TWO, seed=11, settings={"shots": 40_000})
    flip = 2 * (1 - f) / 3
    either = 2 * e * (1 - e)
    assert_near(result.metrics["qber"], flip * (1 - either) + either * (1 - flip))
    assert np.array_equal(result["key_a"].shape, result["key_b"].shape)


async def test_a_depolarising_gate_before_a_measurement_costs_half_its_probability():
    """teleportation: one two-qubit gate, whose depolarisation leaves the received qubit random with probability p."""
    p = 0.1
    _, fidelity = await score("teleportation", werner_network([1.0], gate2_depolarizing=p), TWO, "fidelity")
    assert_near(fidelity, 1 - p / 2)
