"""The physical link layer: how two neighbouring nodes get a heralded pair, and what their memories do to it.

Knows channels, detectors, memories and platforms. Knows no paths, no swaps and no programs.
"""

from qstack.link.arm import Arm
from qstack.link.channels import Channel
from qstack.link.channels.fibre import Fibre
from qstack.link.conversion import Conversion, Transducer
from qstack.link.detector import Detector
from qstack.link.errors import LinkError
from qstack.link.generation.double_click import DoubleClick
from qstack.link.generation.heralded import Heralded
from qstack.link.model import Heralds, LinkModel
from qstack.link.platform import Platform, platform_names, platform_profile

__all__ = [
    "Arm",
    "Channel",
    "Conversion",
    "Detector",
    "DoubleClick",
    "Fibre",
    "Heralded",
    "Heralds",
    "LinkError",
    "LinkModel",
    "Platform",
    "Transducer",
    "platform_names",
    "platform_profile",
]
