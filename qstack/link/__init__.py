"""The physical link layer: how two neighbouring nodes get a heralded pair, and what their memories do to it.

Knows channels, detectors, memories and platforms. Knows no paths, no swaps and no programs.
"""

from qstack.link.fibre import Fibre
from qstack.link.models import DoubleClick, Heralded, LinkError, LinkModel, sample_heralds
from qstack.link.platform import Platform, platform_names, platform_profile

__all__ = [
    "DoubleClick",
    "Fibre",
    "Heralded",
    "LinkError",
    "LinkModel",
    "Platform",
    "platform_names",
    "platform_profile",
    "sample_heralds",
]
