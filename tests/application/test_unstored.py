"""Protocols over links that measure photons as they arrive: what needs no waiting runs, what waits is refused."""

from __future__ import annotations

import pytest

from qstack import Session
from qstack.application.entanglement import UnstoredError
from qstack.language import load_protocol
from qstack.routing import Network

EYES = """
platforms: {eye: {base: photonic_spdc}}
defaults: {platform: eye, links: {kind: central_source, length_km: 10, source: {pair_rate_hz: 1.0e7}}}
nodes: [{name: A}, {name: B}]
links: [{between: [A, B]}]
"""


async def test_a_bell_test_needs_no_memory() -> None:
    session = Session(network=Network.from_yaml(EYES))
    result = await session.run(load_protocol("chsh"), roles={"alice": "A", "bob": "B"}, shots=4000, seed=1)
    assert result.metrics["S"].low > 2


async def test_a_gate_that_waits_for_a_message_does() -> None:
    session = Session(network=Network.from_yaml(EYES))
    with pytest.raises(UnstoredError, match=r"teleportation.py:\d+: bob waits for a message before this x, but B"):
        await session.run(load_protocol("teleportation"), roles={"alice": "A", "bob": "B"}, shots=10, seed=1)
