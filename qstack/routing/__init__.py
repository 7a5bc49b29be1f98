"""The network layer: nodes and links, which path and plan serve a request, and what is delivered.

Knows networks, paths and requests. Knows no programs and no backends.
"""

from qstack.routing.checks import NetworkError
from qstack.routing.deliver import PairRequest, deliver
from qstack.routing.links import DoubleClickLink, HeraldedLink
from qstack.routing.loading import NetworkFileError
from qstack.routing.network import Network, Node
from qstack.routing.paths import NoRouteError, Route, best_route
from qstack.routing.signals import light_time_s, photon_survival

__all__ = [
    "DoubleClickLink",
    "HeraldedLink",
    "Network",
    "NetworkError",
    "NetworkFileError",
    "NoRouteError",
    "Node",
    "PairRequest",
    "Route",
    "best_route",
    "deliver",
    "light_time_s",
    "photon_survival",
]
