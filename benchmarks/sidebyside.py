"""Measure two ways of doing the same work side by side, so that the ratio survives a noisy machine."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How long ours takes next to the reference, as the median over interleaved rounds.

    Attributes:
        name: what was measured.
        ours_s: median time of ours.
        reference_s: median time of the reference.
        ratio: median over the rounds of the figure that is to be met.
        target: what it is compared with.
        at_least: True where more is better.
    """

    name: str
    ours_s: float
    reference_s: float
    ratio: float
    target: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "ok" if self.met else "MISSED"
        times = f"{self.ours_s * 1e3:10.3f} ms {self.reference_s * 1e3:10.3f} ms"
        return f"{self.name:<44} {times}   {self.ratio:6.3f} {sign} {self.target:<5g} {verdict}"


def interleaved(
    ours: Callable[[], object], reference: Callable[[], object], *, rounds: int, repeat: int = 1
) -> list[tuple[float, float]]:
    """Seconds per call of both, one pair per round; who goes first alternates."""
    ours(), reference()
    times: list[tuple[float, float]] = []
    gc.collect()
    for k in range(rounds):
        if k % 2:
            theirs = seconds(reference, repeat)
            times.append((seconds(ours, repeat), theirs))
        else:
            mine = seconds(ours, repeat)
            times.append((mine, seconds(reference, repeat)))
    return times


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Seconds per call."""
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


def slowdown(name: str, times: list[tuple[float, float]], *, at_most: float, scale: float = 1.0) -> Ratio:
    """Time of ours over that of the reference, times `scale` (to compare per operation)."""
    return Ratio(name, *_medians(times), statistics.median(a / b for a, b in times) * scale, at_most, at_least=False)


def throughput(name: str, times: list[tuple[float, float]], *, at_least: float) -> Ratio:
    """Rate of ours over that of the reference."""
    return Ratio(name, *_medians(times), statistics.median(b / a for a, b in times), at_least, at_least=True)


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times)
