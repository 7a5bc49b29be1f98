"""Run every benchmark and print its ratios: `python benchmarks/run.py [NAME ...]`.

Each file here measures one hot path next to a reference, both in the same process and interleaved, and exits
with 1 if a target is missed. So does this command, after running all of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NOT_BENCHMARKS = {"run", "sidebyside"}


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, all if none are given; 0 if every target was met."""
    folder = Path(__file__).parent
    known = {path.stem: path for path in sorted(folder.glob("*.py")) if path.stem not in NOT_BENCHMARKS}
    if unknown := [name for name in names if name not in known]:
        sys.stderr.write(f"error: no benchmark {unknown[0]!r}; there are {', '.join(known)}\n")
        return 2
    missed: list[str] = []
    for name in names or known:
        print(f"\n{name}", flush=True)
        if subprocess.run([sys.executable, known[name]], check=False).returncode:
            missed.append(name)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery target was met", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
