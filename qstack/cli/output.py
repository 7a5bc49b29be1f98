"""Where output goes: consoles that suit terminals, pipes and narrow windows; files written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qstack.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 100
"""Columns of tables that are not printed to a terminal."""

NARROW = 72
"""Windows below this many columns get blocks where a table would not fit."""

PICTURE_KINDS = (".png", ".svg", ".pdf")


class OutputFileError(InputError):
    """A file cannot be written where it was asked for."""


def console() -> Console:
    """The console for tables on stdout; `NO_COLOR`, `COLUMNS` and pipes are respected."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False)


def print_table(
    screen: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """Print rows as a table, or, where a narrow window would break its words apart, as one block per row.

    Args:
        screen: where to.
        columns: headings.
        rows: cells, one per column, in rich markup.
        right: headings of columns to set flush right.
    """
    from rich import box
    from rich.table import Table

    listed = list(rows)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in listed:
        table.add_row(*row)
    whole = screen.measure(table, options=screen.options.update(max_width=1000)).maximum
    if screen.width >= NARROW or whole <= screen.width:
        screen.print(table)
        return
    for index, (first, *others) in enumerate(listed):
        block = grid()
        for name, cell in zip(columns[1:], others, strict=True):
            if cell:
                block.add_row(name, cell)
        screen.print(*([""] if index else []), f"[bold]{first}[/]", block, sep="\n")


def grid() -> Table:
    """Facts below one another: labels, and what there is to say."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    return made


def emit(text: str) -> None:
    """Print text as it is: JSON, OpenQASM, a diagram."""
    sys.stdout.write(text + "\n")


def check_file(option: str, path: Path | None, kinds: tuple[str, ...] = ()) -> None:
    """Refuse a file that could not be written, before any work is spent on what would go into it.

    Raises:
        OutputFileError: wrong suffix, a folder, or no place that can be written.
    """
    if path is None:
        return
    if kinds and path.suffix.lower() not in kinds:
        raise OutputFileError(f"{option} {path}: a picture ends in {', '.join(kinds[:-1])} or {kinds[-1]}")
    if path.is_dir():
        raise OutputFileError(f"{option} {path}: is a folder; give the name of a file")
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputFileError(f"{option} {path}: {parent} is a file, not a folder")
    if path.exists() and not path.is_file():
        raise OutputFileError(f"{option} {path}: is no ordinary file; name a file, or send --json through a pipe")
    target = path if path.exists() else parent
    if not os.access(target, os.W_OK):
        raise OutputFileError(f"{option} {path}: no permission to write to {target}")


def check_apart(files: dict[str, Path | None]) -> None:
    """Refuse to write to a file that is also read, or written twice; `files` by option.

    Raises:
        OutputFileError: two options name the same file.
    """
    seen: dict[Path, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        earlier = seen.setdefault(path.resolve(), option)
        if earlier != option:
            raise OutputFileError(f"{option} {path}: is the file of {earlier} as well; give each its own")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary file beside `path`, then move it there; a failure leaves nothing behind.

    A link is followed, and a file that was there keeps its permissions.

    Raises:
        OutputFileError: the file system refused.
    """
    path = path.resolve()
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.absolute().parent)
    except OSError as error:
        raise OutputFileError(f"{path}: cannot be written: {error.strerror}") from error
    os.close(descriptor)
    draft = Path(name)
    try:
        write(draft)
        draft.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask())
        draft.replace(path)
    except OSError as error:
        raise OutputFileError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
