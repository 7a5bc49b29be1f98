"""Program to circuit: attach noise and timing, lower feed-forward to what the target can do, read outcomes back.

Takes plain values only: a `Program`, an `Environment`, the `Capabilities` of a target. Sampling a network, choosing a
backend and running circuits happen elsewhere.
"""

from qstack.compiler.compiled import Compiled, TooManyCircuitsError, compile_program
from qstack.compiler.environment import Chain, Environment, NodeNoise, PairState
from qstack.compiler.lower import LoweringError

__all__ = [
    "Chain",
    "Compiled",
    "Environment",
    "LoweringError",
    "NodeNoise",
    "PairState",
    "TooManyCircuitsError",
    "compile_program",
]
