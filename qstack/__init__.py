"""qstack: write a quantum-network protocol once, run it over modelled networks on any backend.

>>> import qstack
>>> result = qstack.run("chsh", shots=1000, seed=1)
>>> result.metrics["S"].value > 2
True
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qstack.application import Expansion, Memory, Progress, Result, RoleMap, Session
    from qstack.backend import Backend, Lowering
    from qstack.errors import QstackError
    from qstack.language import Conversation, Protocol, Strategy, protocol
    from qstack.routing import Network

__all__ = ["Network", "QstackError", "Result", "Session", "protocol", "run"]

_HOMES = {
    "Network": "qstack.routing",
    "QstackError": "qstack.errors",
    "Result": "qstack.application",
    "Session": "qstack.application",
    "protocol": "qstack.language",
}


def run(
    protocol: Protocol | Conversation | str,
    *,
    network: Network | str | Path | None = None,
    roles: RoleMap | None = None,
    shots: int | None = None,
    seed: int | None = None,
    backend: str | Backend = "auto",
    settings: Mapping[str, Any] | None = None,
    inputs: Mapping[str, object] | None = None,
    lowering: Lowering | None = None,
    expansion: Expansion = "delivered",
    memory: Memory = "pauli",
    adversary: Mapping[str, Strategy] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a protocol and wait for its result; the synchronous face of `Session.run`, whose arguments these are.

    Also works where an event loop is running already, as in a notebook.

    Raises:
        QstackError: whatever is wrong with the request, or failed while running; the message says what to do.
    """
    from qstack.application import Session

    session = Session(network, backend, lowering, expansion, memory, adversary or {})
    return session.run_blocking(
        protocol, roles=roles, shots=shots, seed=seed, settings=settings, inputs=inputs, progress=progress
    )


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import qstack` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'qstack' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
