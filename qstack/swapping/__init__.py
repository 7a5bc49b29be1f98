"""The swapping layer: end-to-end pairs from link pairs, sampled as arrays.

Knows link models, memories and repeater stations. Knows no networks, no requests and no programs.
"""

from qstack.swapping.chain import Chain, sample
from qstack.swapping.delivery import Delivery
from qstack.swapping.purify import purified
from qstack.swapping.station import Station

__all__ = ["Chain", "Delivery", "Station", "purified", "sample"]
