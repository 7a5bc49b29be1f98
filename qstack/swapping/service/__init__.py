"""The service of a circuit (QNP: Kozlowski, Dahlberg and Wehner 2020, "Designing a quantum network protocol", CoNEXT).

One `SwapMachine` per node and circuit, without input or output of its own: a shell brings it requests, link pairs,
outcomes and packets with the time, and carries out what it answers. Knows plans and Bell indices; knows no states, no
link models and no networks.
"""

from qstack.swapping.service.circuit import Circuit, CircuitError, PairId
from qstack.swapping.service.machine import Action, Event, SwapMachine
from qstack.swapping.service.messages import Message, Packet
from qstack.swapping.service.physical import (
    Cancel,
    Checked,
    CheckPair,
    Discard,
    Generate,
    LinkReady,
    MeasureBell,
    Measured,
    Wake,
)
from qstack.swapping.service.requests import Deliver, Done, Request, Stop
from qstack.swapping.service.settings import Settings

__all__ = [
    "Action",
    "Cancel",
    "CheckPair",
    "Checked",
    "Circuit",
    "CircuitError",
    "Deliver",
    "Discard",
    "Done",
    "Event",
    "Generate",
    "LinkReady",
    "MeasureBell",
    "Measured",
    "Message",
    "Packet",
    "PairId",
    "Request",
    "Settings",
    "Stop",
    "SwapMachine",
    "Wake",
]
