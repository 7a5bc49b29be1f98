"""A progress bar on stderr: only on a terminal, and only for work that takes long enough to wonder about."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_S = 0.5
"""Work shorter than this shows no bar."""


class Bar:
    """Tell it the stage and the fraction done, from any thread. Silent unless stderr is a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Make a bar that will not show before `PATIENCE_S` have passed, and never if `quiet`."""
        self._shown: Progress | None = None
        self._stage, self._fraction = "starting", 0.0
        self._lock = threading.Lock()
        self._closed = False
        self._timer: threading.Timer | None = None
        if not quiet and sys.stderr.isatty():
            self._timer = threading.Timer(PATIENCE_S, self._show)
            self._timer.daemon = True

    def __call__(self, stage: str, fraction: float) -> None:
        """Say where the work is."""
        with self._lock:
            self._stage, self._fraction = stage, fraction
            self._draw()

    def __enter__(self) -> Self:
        """Start waiting for the moment to show."""
        if self._timer is not None:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._shown is not None:
                self._shown.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._closed:
                return
            self._shown = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=28),
                TimeElapsedColumn(),
                console=Console(file=sys.stderr, highlight=False),
                transient=True,
            )
            self._shown.add_task(self._stage, total=1.0)
            self._shown.start()
            self._draw()

    def _draw(self) -> None:
        """Bring what is shown up to date; a stage that does not say how far it is pulses."""
        if self._shown is not None:
            task = self._shown.task_ids[0]
            total = 1.0 if self._fraction > 0 else None
            self._shown.update(task, description=self._stage, total=total, completed=self._fraction)
