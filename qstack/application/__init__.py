"""The application layer: sessions bind roles to nodes, supply entanglement, run programs and give results."""

from qstack.application.binding import RoleBindingError, RoleMap
from qstack.application.entanglement import Expansion, Memory
from qstack.application.execute import InputValueError, Progress
from qstack.application.result import Metric, Output, Result, ResultFormatError
from qstack.application.session import Session, SessionError, ShotsError

__all__ = [
    "Expansion",
    "InputValueError",
    "Memory",
    "Metric",
    "Output",
    "Progress",
    "Result",
    "ResultFormatError",
    "RoleBindingError",
    "RoleMap",
    "Session",
    "SessionError",
    "ShotsError",
]
