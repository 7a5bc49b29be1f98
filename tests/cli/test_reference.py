"""The reference page names every command and option there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.run import Shell

PAGE = Path("docs/reference/cli.md")


@pytest.mark.parametrize("name", ["run", "compile", "plan", "topology", "platforms", "protocols", "backends", "doctor"])
def test_the_reference_names_every_option(shell: Shell, name: str) -> None:
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert section is not None
    options = set(re.findall(r"(?m)^  (?:-\w, )?(--[\w-]+)", shell(name, "--help").out)) - {"--help"}
    assert options
    assert options <= set(re.findall(r"--[\w-]+", section[1]))
