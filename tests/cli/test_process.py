"""The command as a process of its own: start-up, interrupts, pipes and terminals."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

QSTACK = [sys.executable, "-m", "qstack.cli"]
LONG = [
    *("run", "teleportation", "--network", "examples/netherlands.yaml", "--shots", "20000000"),
    *("--role", "alice=Delft", "--role", "bob=Groningen"),
]


@pytest.fixture(autouse=True)
def interrupts_are_heard() -> Iterator[None]:
    """A shell starts background jobs with interrupts ignored, and children inherit that; here they must be heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    return {**kept, "TERM": "xterm-256color", **more}


def in_terminal(*words: str, interrupt_at: bytes = b"", stdout: int | None = None, **more: str) -> tuple[int, bytes]:
    """Run in a terminal of 100 columns, with an interrupt once it has written something; its exit code and output.

    `stdout` is a file descriptor that takes the standard output instead of the terminal.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [*QSTACK, *words],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env=environment(**more),
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4096):
            written += piece
            if interrupt_at and interrupt_at in written:
                process.send_signal(signal.SIGINT)
                interrupt_at = b""
    except OSError as error:  # how Linux says that the other side has closed
        if error.errno != errno.EIO:
            raise
    finally:
        os.close(ours)
        code = process.wait(30)
    return code, written


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom qstack.cli.guard import guarded\ncode = guarded(['--help'])\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'cirq', 'stim', 'rustworkx', 'pydantic', 'rich', 'pandas'}\n"
        "sys.exit(code or ' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_json_in_a_terminal_is_still_one_object() -> None:
    code, written = in_terminal("backends", "--json")
    assert code == 0
    assert b"\x1b" not in written
    assert written.count(b"\n") == 1


def test_colour_in_a_terminal_unless_it_is_not_wanted() -> None:
    words = ("run", "chsh", "--shots", "50", "--seed", "1")
    assert b"\x1b[1;36m" in in_terminal(*words)[1]
    assert b"\x1b[1;36m" not in in_terminal(*words, NO_COLOR="1")[1]


def test_long_work_shows_a_bar_and_an_interrupt_ends_it(tmp_path: Path) -> None:
    began = time.monotonic()
    with (tmp_path / "stdout").open("wb") as file:
        code, written = in_terminal(*LONG, interrupt_at=b"delivering pairs", stdout=file.fileno())
    assert code == 130
    assert written.rstrip().endswith(b"cancelled")
    assert b"Traceback" not in written
    assert (tmp_path / "stdout").read_bytes() == b""
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("words", [["topology", "examples/netherlands.yaml"], ["protocols", "--json"]])
def test_a_reader_that_leaves_is_no_error(words: list[str]) -> None:
    process = subprocess.Popen([*QSTACK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) in (0, 1)


def test_the_script_is_installed() -> None:
    done = subprocess.run(
        ["qstack", "--version"],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])),
    )
    assert done.returncode == 0
    assert done.stdout.startswith("qstack ")
