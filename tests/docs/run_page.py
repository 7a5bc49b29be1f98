"""Executes one page: `python -m tests.docs.run_page README.md`, from the top folder.

With `--set-up` it prints the page's set-up commands instead, one to a line, for a shell on a fresh machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import Step, steps

COMMAND_TIMEOUT_S = 240


def run_python(step: Step, page: Path, namespace: dict[str, object]) -> None:
    """Execute a block so that a traceback names the page and the line in it."""
    padded = "\n" * (step.line - 1) + step.text
    exec(compile(padded, str(page), "exec"), namespace)


def run_command(step: Step, page: Path) -> None:
    """Execute a command line; raise `SystemExit` when it does not end as the page shows."""
    shell = ["bash", "-euo", "pipefail", "-c", step.text]
    done = subprocess.run(shell, stdin=subprocess.DEVNULL, timeout=COMMAND_TIMEOUT_S, check=False)
    if (done.returncode != 0) != step.fails:
        expected = "an error" if step.fails else "success"
        raise SystemExit(f"{page}:{step.line}: `{step.text}` ended with {done.returncode}, expected {expected}")


def main(arguments: list[str]) -> None:
    """Run, or with `--set-up` list, the steps of the page given last."""
    page = Path(arguments[-1])
    found = steps(page.read_text(encoding="utf-8"))
    if "--set-up" in arguments:
        sys.stdout.writelines(f"{step.text}\n" for step in found if step.kind == "set-up")
        return
    namespace: dict[str, object] = {"__name__": "__main__"}
    for step in found:
        sys.stdout.write(f"--- {page}:{step.line} {step.kind}: {step.text.strip()}\n")
        sys.stdout.flush()
        if step.kind == "python":
            run_python(step, page, namespace)
        elif step.kind == "command":
            run_command(step, page)


if __name__ == "__main__":
    main(sys.argv[1:])
