"""`qstack topology` and the others with references in place of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from qstack.routing import Network
from tests.cli.run import Shell


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_large_networks_show_their_first_rows(shell: Shell) -> None:
    said = shell("topology", "grid:30x30")
    assert said.code == 0
    assert "900 nodes, 1,740 links" in said.out or "900 nodes, 1740 links" in said.out
    assert "... and 840 more" in said.out
    assert "... and 1,680 more" in said.out
    assert len(said.out.splitlines()) < 140
    assert "... and" not in shell("topology", "grid:6x5").out


def test_what_is_saved_loads_back_equal(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    said = shell("topology", "gabriel:20?seed=5", "--save", str(file), "--plot", str(tmp_path / "map.svg"))
    assert said.code == 0
    assert str(file) in said.out
    assert Network.load(file) == Network.load("gabriel:20?seed=5")
    assert "<svg" in (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert shell("topology", str(file), "--json").json == shell("topology", "gabriel:20?seed=5", "--json").json


def test_a_file_is_not_saved_over_itself(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    shell("topology", "chain:3", "--save", str(file))
    assert "give each its own" in shell.refused("topology", str(file), "--save", str(file))


def test_other_commands_take_references(shell: Shell) -> None:
    plan = shell("plan", "n1", "n3", "--network", "chain:3?length_km=5", "--json").json
    assert plan["path"] == ["n1", "n2", "n3"]
    where = ("--network", "chain:3?length_km=5", "--role", "alice=n1", "--role", "bob=n3")
    assert shell("run", "chsh", *where, "-N", "5", "--seed", "1", "--json").code == 0
    assert "did you mean chain?" in shell.refused("plan", "n1", "n3", "--network", "chan:3")
