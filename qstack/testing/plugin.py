"""The pytest plugin: fixtures for networks, seeded runs and sessions. Found by entry point, no import needed.

pytest loads this module in every process, so it imports nothing at its top but pytest; the stack comes in
with the first fixture that is used.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from qstack.application import Result, Session
    from qstack.language import Protocol
    from qstack.testing.networks import Networks


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--qstack-seed`."""
    group = parser.getgroup("qstack", "quantum-network protocols")
    help_text = "seed of all qstack fixtures; by default every test has its own, fixed one"
    group.addoption("--qstack-seed", type=int, default=None, metavar="N", help=help_text)


@pytest.fixture
def qstack_seed(request: pytest.FixtureRequest) -> int:
    """Seed of this test: fixed by the test's name, or by `--qstack-seed`. A failing test shows it."""
    chosen = request.config.getoption("--qstack-seed")
    seed = zlib.crc32(request.node.nodeid.encode()) if chosen is None else int(chosen)
    request.node.add_report_section("setup", "qstack", f"seed {seed}: repeat with --qstack-seed={seed}")
    return seed


@pytest.fixture
def qstack_rng(qstack_seed: int) -> np.random.Generator:
    """Generator seeded for this test."""
    import numpy as np

    return np.random.default_rng(qstack_seed)


@pytest.fixture
def qstack_network() -> Networks:
    """Small networks: `qstack_network.lab(fidelity=0.95)`, `qstack_network.chain(5)`."""
    from qstack.testing.networks import Networks

    return Networks()


@pytest.fixture
def qstack_session() -> Callable[..., Session]:
    """Make a `Session`; takes the same arguments."""
    from qstack.application import Session

    return Session


@pytest.fixture
def qstack_run(qstack_seed: int) -> Callable[..., Result]:
    """Run a protocol with this test's seed: `qstack_run(chsh, network=..., roles=..., shots=...)`.

    Arguments of `Session` and of `Session.run` are told apart by name.
    """
    from dataclasses import fields

    from qstack.application import Session

    ours = {field.name for field in fields(Session)}

    def run(protocol: Protocol | str, **options: Any) -> Result:
        session = Session(**{name: value for name, value in options.items() if name in ours})
        rest = {name: value for name, value in options.items() if name not in ours}
        return session.run_blocking(protocol, **{"seed": qstack_seed, **rest})

    return run
