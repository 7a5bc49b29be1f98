"""The command line: one small file per command, thin faces on what the rooms below offer.

Parsing, printing and exit codes live here and nowhere else. Commands import the stack when they run, so that
`qstack --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code: 0 done, 1 run failed, 2 bad input, 130 cancelled."""
    from qstack.cli.guard import guarded

    sys.exit(guarded(list(sys.argv[1:] if arguments is None else arguments)))
