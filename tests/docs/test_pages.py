"""Every page and every example does what it says: its code is executed as a reader would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Step, example_left_out, examples, links, markdown_pages, steps

PAGE_TIMEOUT_S = 300
QUICK = ("README.md", "docs/index.md")

pytestmark = pytest.mark.docs


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def marked(path: Path) -> object:
    return pytest.param(path, id=name(path), marks=() if name(path) in QUICK else pytest.mark.slow)


def left_out() -> list[tuple[str, str]]:
    """Where something is not run, and the reason given there."""
    pages = [(page, step) for page in markdown_pages() if page.exists() for step in steps(page.read_text())]
    found = [(f"{name(page)}:{step.line}", step.text) for page, step in pages if step.kind == "not run"]
    scripts = [(name(script), example_left_out(script)) for script in examples()]
    return found + [(place, reason) for place, reason in scripts if reason]


def run(*command: str, cwd: Path = ROOT) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = os.environ | {"PATH": path, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PAGE_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{command[-1]} failed\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}", pytrace=False)


@pytest.mark.parametrize("page", [marked(page) for page in markdown_pages()])
def test_page(page: Path) -> None:
    run("-m", "tests.docs.run_page", name(page))


@pytest.mark.parametrize("script", [marked(script) for script in examples() if not example_left_out(script)])
def test_example(script: Path) -> None:
    run(name(script))


@pytest.mark.parametrize(("place", "reason"), left_out())
def test_not_run(place: str, reason: str) -> None:
    pytest.skip(f"{place}: {reason}")


@pytest.mark.parametrize("page", markdown_pages(), ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target.partition("#")[0] for target in links(page.read_text(encoding="utf-8"))]
    local = [target for target in targets if target and not target.startswith(("http:", "https:", "mailto:"))]
    assert [target for target in local if not (page.parent / target).exists()] == []


PAGE = """
# A page

```python
x = 1
```

```console
$ echo a \\
    b
a b
$ qstack nonsense
error: no such command
$ make test
```

<!-- not run: needs a cloud account -->
```python
x = 2
```

```python
x = 3
```

```text
$ not a command
```
"""


def test_steps_of_a_page() -> None:
    assert steps(PAGE) == [
        Step(5, "python", "x = 1\n"),
        Step(9, "command", "echo a b"),
        Step(12, "command", "qstack nonsense", fails=True),
        Step(14, "set-up", "make test"),
        Step(19, "not run", "needs a cloud account"),
        Step(23, "python", "x = 3\n"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "```python\nassert 1 == 2\n```\n",
        "```console\n$ false\n```\n",
        "```console\n$ true\nerror: this page claims a failure\n```\n",
        "```bash\nls\n```\n",
        "<!-- not run: only the next block -->\n\nText.\n\n```console\n$ false\n```\n",
    ],
)
def test_a_page_that_is_wrong_fails(page: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(page)
    with pytest.raises(pytest.fail.Exception):
        run("-m", "tests.docs.run_page", str(path))


def test_blocks_share_a_namespace_and_an_order(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        f"```python\nx = 1\nopen('{tmp_path}/f', 'w').close()\n```\n"
        f"```console\n$ rm {tmp_path}/f\n```\n```python\nassert x == 1\n```\n"
    )
    run("-m", "tests.docs.run_page", str(path))
    assert not (tmp_path / "f").exists()
