"""A pytest suite that every backend must pass, ours or a third party's.

Subclass `BackendConformance`, name the class `Test...` and give it a `make_backend`; pytest does the rest.
Needs pytest and hypothesis, which nothing else in this folder's parent imports.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("qstack.backends.conformance.suite", "qstack.backends.conformance.compare")

from qstack.backends.conformance.exact import distribution  # noqa: E402
from qstack.backends.conformance.suite import BackendConformance  # noqa: E402

__all__ = ["BackendConformance", "distribution"]
