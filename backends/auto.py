"""The cheapest local simulator that is exact, chosen circuit by circuit: bell, then stim, then cirq."""

from __future__ import annotations

from qstack.backend import Capabilities
from qstack.backends.bell import BellBackend
from qstack.backends.cirq import CirqBackend
from qstack.backends.local import LocalBackend, Sampler
from qstack.backends.stim import StimBackend
from qstack.circuit import Circuit


class AutoBackend(LocalBackend):
    """Runs each circuit on the first of bell, stim and cirq that can take it; `details` says which it was."""

    name = "auto"
    capabilities: Capabilities = CirqBackend.capabilities

    def __init__(self) -> None:
        """Make the three simulators."""
        super().__init__()
        self._members: tuple[LocalBackend, ...] = (BellBackend(), StimBackend(), CirqBackend())

    def choose(self, circuit: Circuit) -> LocalBackend | None:
        """The simulator that would take the circuit, or None."""
        return next((member for member in self._members if not member.obstacles(circuit)), None)

    def obstacles(self, circuit: Circuit) -> list[str]:
        """Why none of the three can take the circuit; empty when one can."""
        return [] if self.choose(circuit) else self._members[-1].obstacles(circuit)

    def prepare(self, circuit: Circuit) -> Sampler:
        """Have the chosen simulator prepare the circuit."""
        member = self.choose(circuit)
        assert member is not None, "submit refuses circuits that no simulator takes"
        return member.prepare(circuit)
