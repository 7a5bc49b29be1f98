"""Help for tests of protocols and networks: small networks, seeded runs, assertions on sampled results.

Works with any test runner; `qstack.testing.plugin` offers the same as pytest fixtures. Everything is imported
when first used, because pytest loads the plugin in every process where the stack is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qstack.testing.assertions import (
        assert_estimate_contains,
        assert_no_signalling,
        assert_same_distribution,
        assert_within_sigma,
    )
    from qstack.testing.networks import chain, lab

__all__ = [
    "assert_estimate_contains",
    "assert_no_signalling",
    "assert_same_distribution",
    "assert_within_sigma",
    "chain",
    "lab",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'networks' if name in ('chain', 'lab') else 'assertions'}"), name)
