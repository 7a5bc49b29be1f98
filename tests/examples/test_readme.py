"""What the README shows is what its protocol prints."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from qstack.language import LocalityError
from tests.docs.pages import steps

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def test_the_readme_shows_what_its_protocol_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown, error = (block.splitlines() for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL))
    printed = io.StringIO()
    namespace: dict[str, object] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        for step in steps(text):
            if step.kind == "python":
                exec(compile("\n" * step.line + step.text, "README.md", "exec"), namespace)
    lines = printed.getvalue().splitlines()
    assert lines[0] == shown[0]
    for ours, theirs in zip(lines, shown, strict=True):
        assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
        # Versions of numpy may draw other numbers from the same seed.
        measured, printed_there = ([float(n) for n in NUMBER.findall(line)] for line in (ours, theirs))
        assert measured == pytest.approx(printed_there, rel=0.1)
    assert error[0].startswith("LocalityError: ")


def test_the_readme_shows_the_error_of_a_forgotten_send() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = next(step.text for step in steps(text) if step.kind == "python")
    assert code.count("basis.send(bob)") == 1
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(compile(code.replace("basis.send(bob)", "basis"), "secret.py", "exec"), namespace)
    with pytest.raises(LocalityError) as caught:
        namespace["secret"].trace()  # type: ignore[attr-defined]
    shown = re.findall(r"```text\n(LocalityError.*?)\n```", text)[0]
    assert f"{caught.type.__name__}: {caught.value}" == shown
