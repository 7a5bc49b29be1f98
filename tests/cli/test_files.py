"""Files that commands write: never something else destroyed, never half a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from qstack.application import Result
from tests.cli.run import Shell

RUN = ("run", "chsh", "--shots", "50", "--seed", "1")


def test_a_link_is_followed_and_permissions_stay(shell: Shell, tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    assert shell(*RUN, "--out", str(link)).code == 0
    assert link.is_symlink()
    assert Result.from_json(target.read_text()).shots == 50
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_what_is_no_file_is_not_replaced(shell: Shell, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    said = shell(*RUN, "--out", str(pipe))
    assert (said.code, said.out) == (2, "")
    assert "is no ordinary file" in said.err
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("other", ["--network", "--plot"])
def test_one_file_is_not_used_twice(shell: Shell, tmp_path: Path, other: str) -> None:
    path = tmp_path / "same.png"
    before = Path("examples/two_node_lab.yaml").read_text()
    path.write_text(before)
    roles = ("--role", "alice=Alice", "--role", "bob=Bob")
    said = shell(*RUN, *roles, other, str(path), "--out", str(path))
    assert (said.code, said.out) == (2, "")
    assert f"is the file of {other} as well" in said.err
    assert path.read_text() == before


def test_an_error_in_a_users_protocol_names_its_line(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from qstack.language import Node, protocol\n\n\n@protocol\ndef mine(alice: Node):\n"
        '    """Mine."""\n    q = alice.qubit()\n    q.hadamard()\n    return {"a": q.measure()}\n'
    )
    said = shell("run", str(file))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: mine.py:8: AttributeError: 'Qubit' object has no attribute 'hadamard'")


def test_a_file_that_leaves_python_is_refused(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "leaves.py"
    file.write_text("raise SystemExit(3)\n")
    said = shell("run", f"{file}:mine")
    assert (said.code, said.out) == (2, "")
    assert "cannot be imported: SystemExit" in said.err
