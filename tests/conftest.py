"""What holds for every test: how many random examples are drawn, and that pictures need no screen.

`HYPOTHESIS_PROFILE=full` draws many examples (the gates); `quick`, the default, draws few (`make test`). With
`CI` set, examples are the same on every run.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW_MACHINES = (HealthCheck.too_slow, HealthCheck.differing_executors)

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile(
    "quick",
    max_examples=20,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=SLOW_MACHINES,
)
settings.register_profile("full", parent=settings.get_profile("quick"), max_examples=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
