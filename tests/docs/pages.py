"""Reads the code out of a page: what to execute, in which order, and what is left out and why.

A page is Markdown. Fenced `python` blocks share one namespace per page. In fenced `console` and `bash` blocks
the lines that start with `$ ` are commands (a backslash continues them) and the others show output; a command
shown with output that starts with `error:` has to fail. A comment `<!-- not run: reason -->` before a block
leaves it out. Commands that set up a machine are told apart: they are executed on a fresh one (`.ci/run`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["python", "command", "set-up", "not run"]

ROOT = Path(__file__).resolve().parents[2]

SHELLS = ("console", "bash", "sh", "shell")
SET_UP = re.compile(r"(git clone|cd|make|\.|source|python[\d.]* -m venv|(python3? -m )?(pip install|pytest))(\s|$)")
NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>\S.*?)\s*-->", re.DOTALL)
EXAMPLE_NOT_RUN = re.compile(r"^# not run: (?P<reason>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One piece of a page: `text` is code, a command or the reason why a block is left out."""

    line: int
    kind: Kind
    text: str
    fails: bool = False


def steps(markdown: str) -> list[Step]:
    """All steps of a page in its order; `line` counts from 1 and is the first line of the code."""
    found: list[Step] = []
    reason = None
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "html_block":
            match = NOT_RUN.search(token.content)
            reason = match["reason"] if match else reason
        elif token.type == "fence":
            found += _block(token, reason)
            reason = None
        elif token.nesting >= 0 and token.type != "inline":
            reason = None
    return found


def _block(token: Token, reason: str | None) -> list[Step]:
    language = token.info.split()[0] if token.info.split() else ""
    assert token.map is not None
    line = token.map[0] + 2
    if language != "python" and language not in SHELLS:
        return []
    if reason is not None:
        return [Step(line, "not run", reason)]
    if language == "python":
        return [Step(line, "python", token.content)]
    return _commands(token.content, line)


def _commands(text: str, first_line: int) -> list[Step]:
    found: list[Step] = []
    lines = iter(enumerate(text.splitlines(), first_line))
    expects_output = False
    for number, line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines)[1].strip()
            found.append(Step(number, "set-up" if SET_UP.match(command) else "command", command))
            expects_output = True
        elif expects_output and line.strip():
            if line.startswith("error:"):
                found[-1] = Step(found[-1].line, found[-1].kind, found[-1].text, fails=True)
            expects_output = False
    if not found and text.strip():
        raise ValueError(f"line {first_line}: a block of commands needs lines that start with '$ '")
    return found


def links(markdown: str) -> list[str]:
    """Targets of all links and pictures of a page."""
    inline = [child for token in MarkdownIt("commonmark").parse(markdown) for child in token.children or ()]
    targets = [token.attrGet("href") or token.attrGet("src") for token in inline]
    return [str(target) for target in targets if target]


def markdown_pages() -> list[Path]:
    """The README, the pages of docs/ and the other Markdown at the top that shows commands."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]


def examples() -> list[Path]:
    """The scripts of examples/, each of which checks its own answer."""
    return sorted(ROOT.glob("examples/*.py"))


def example_left_out(script: Path) -> str | None:
    """Why a script cannot be executed on its own (a server runs for ever), as a line of it says."""
    match = EXAMPLE_NOT_RUN.search(script.read_text(encoding="utf-8"))
    return match["reason"] if match else None
