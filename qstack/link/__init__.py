"""The physical link layer: how two neighbouring nodes get a heralded pair, and what their memories do to it.

Knows channels, detectors, memories and platforms. Knows no paths, no swaps and no programs.
"""

from qstack.link.arm import Arm
from qstack.link.channels import Channel
from qstack.link.channels.fibre import Fibre
from qstack.link.conversion import Conversion, Transducer
from qstack.link.detector import Detector
from qstack.link.errors import LinkError
from qstack.link.generation.absorptive import AbsorptiveMemory
from qstack.link.generation.central_source import CentralSource
from qstack.link.generation.double_click import DoubleClick
from qstack.link.generation.heralded import Heralded
from qstack.link.generation.midpoint_source import MidpointSource
from qstack.link.generation.passing import Passing
from qstack.link.generation.sender_receiver import SenderReceiver
from qstack.link.generation.single_click import SingleClick
from qstack.link.generation.spdc import PairSource
from qstack.link.model import Heralds, LinkModel
from qstack.link.platform import Platform, platform_names, platform_profile
from qstack.link.pulses import PrepareAndMeasure

__all__ = [
    "AbsorptiveMemory",
    "Arm",
    "CentralSource",
    "Channel",
    "Conversion",
    "Detector",
    "DoubleClick",
    "Fibre",
    "Heralded",
    "Heralds",
    "LinkError",
    "LinkModel",
    "MidpointSource",
    "PairSource",
    "Passing",
    "Platform",
    "PrepareAndMeasure",
    "SenderReceiver",
    "SingleClick",
    "Transducer",
    "platform_names",
    "platform_profile",
]
