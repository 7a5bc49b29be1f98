"""The pages about backends are executed, and the backend written there passes the whole suite."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


def executed(page: str) -> dict[str, Any]:
    """What the page's Python blocks define, run one after the other."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.S | re.M):
        exec(compile(block, page, "exec"), names)
    return names


class TestTheWorkedExample(executed("how-to/add-a-backend.md")["TestDense"]):  # type: ignore[misc]
    """The backend of the how-to page."""


def test_the_explanation_is_true() -> None:
    assert executed("explanation/backends.md")["clifford"].qubits == 2
