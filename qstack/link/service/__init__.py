"""The service of a link (EGP of Dahlberg et al. 2019, "A link layer protocol for quantum networks", SIGCOMM).

One `LinkMachine` per node and link, without input or output of its own: a shell brings it requests, heralds and frames
with the time, and carries out what it answers. It knows the link as plain `LinkFacts`, which `facts_of` makes from the
physics; it knows no physics itself, and no paths.
"""

from qstack.link.service.facts import LinkFacts, Option
from qstack.link.service.machine import Action, Event, LinkMachine, Wake
from qstack.link.service.messages import Frame
from qstack.link.service.offers import facts_of
from qstack.link.service.physical import Generate, Herald, Stop
from qstack.link.service.requests import (
    Basis,
    Create,
    Created,
    Direction,
    Done,
    Error,
    ErrorCode,
    Kind,
    Ok,
    PairId,
    Release,
    RequestId,
)
from qstack.link.service.settings import Settings

__all__ = [
    "Action",
    "Basis",
    "Create",
    "Created",
    "Direction",
    "Done",
    "Error",
    "ErrorCode",
    "Event",
    "Frame",
    "Generate",
    "Herald",
    "Kind",
    "LinkFacts",
    "LinkMachine",
    "Ok",
    "Option",
    "PairId",
    "Release",
    "RequestId",
    "Settings",
    "Stop",
    "Wake",
    "facts_of",
]
