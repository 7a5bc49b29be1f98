"""Run the command line in this process and see what a shell would see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from qstack.cli import main


@dataclass(frozen=True)
class Said:
    """Exit code and what was written."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout; anything else there fails."""
        value, end = json.JSONDecoder().raw_decode(self.out)
        assert isinstance(value, dict)
        assert self.out[end:] == "\n"
        return value


class Shell:
    """Calls `main` with words and catches what it writes."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *words: str) -> Said:
        self._capture.readouterr()
        with pytest.raises(SystemExit) as left:
            main(words)
        out, err = self._capture.readouterr()
        assert isinstance(left.value.code, int)
        return Said(left.value.code, out, err)

    def refused(self, *words: str, code: int = 2) -> str:
        """Run what must fail: this exit code, nothing on stdout, one line of error, no traceback."""
        said = self(*words)
        assert said.code == code, said
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert said.err.startswith("error: ")
        assert "Traceback" not in said.err
        return said.err
