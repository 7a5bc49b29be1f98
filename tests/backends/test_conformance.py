"""All our backends pass the suite that third parties' backends must pass."""

from __future__ import annotations

from qstack.backend import Backend
from qstack.backends.auto import AutoBackend
from qstack.backends.bell import BellBackend
from qstack.backends.cirq import CirqBackend
from qstack.backends.conformance import BackendConformance
from qstack.backends.stim import StimBackend


class TestBell(BackendConformance):
    """Closed form."""

    def make_backend(self) -> Backend:
        return BellBackend()


class TestStim(BackendConformance):
    """Clifford sampler."""

    def make_backend(self) -> Backend:
        return StimBackend()


class TestCirq(BackendConformance):
    """Everything."""

    def make_backend(self) -> Backend:
        return CirqBackend()


class TestAuto(BackendConformance):
    """The cheapest of the three."""

    def make_backend(self) -> Backend:
        return AutoBackend()
