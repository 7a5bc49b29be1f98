"""How long a fresh process needs to import the stack, and to show the command line's help."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT_S = 0.3
ROUNDS = 5
BARE = "pass"
HEAVY = ("cirq", "stim", "scipy", "matplotlib", "rustworkx", "pandas")


def process_s(*command: str) -> float:
    """Wall time of one process from start to exit."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def loaded_by(statement: str) -> set[str]:
    """The heavy packages a statement loads in a fresh process."""
    code = f"{statement}; import sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def main() -> int:
    """Measure, print, and say whether the limits were met."""
    if heavy := loaded_by("import qstack"):
        raise AssertionError(f"import qstack loads {', '.join(sorted(heavy))}")
    script = Path(sys.executable).with_name("qstack")
    commands = {
        "import qstack": (sys.executable, "-c", "import qstack"),
        "import qstack; qstack.run": (sys.executable, "-c", "import qstack; qstack.run"),
        "qstack --help": (str(script), "--help"),
    }
    times: dict[str, list[float]] = {name: [] for name in ("bare python", *commands)}
    for command in commands.values():
        process_s(*command)
    for _ in range(ROUNDS):
        times["bare python"].append(process_s(sys.executable, "-c", BARE))
        for name, command in commands.items():
            times[name].append(process_s(*command))
    missed = False
    for name, seconds in times.items():
        median = statistics.median(seconds)
        limited = name in ("import qstack", "qstack --help")
        verdict = "" if not limited else f"<= {LIMIT_S} ok" if median < LIMIT_S else f"<= {LIMIT_S} MISSED"
        missed |= limited and median >= LIMIT_S
        print(f"{name:<44} {median * 1e3:10.1f} ms   {verdict}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
