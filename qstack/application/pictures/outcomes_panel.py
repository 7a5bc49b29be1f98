"""How often each joint outcome was seen, or, where there are too many, how many outputs were one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qstack.application.pictures import style
from qstack.application.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BARS = 16


@dataclass(frozen=True)
class Distribution:
    """Labels and their shares of the accepted shots, largest label order kept; `about` says what a label is."""

    labels: list[str]
    shares: list[float]
    about: str


def distribution(result: Result) -> Distribution | None:
    """The outcome distribution over the accepted shots, None when there is nothing to count."""
    columns = {
        name: output.values[result.accepted]
        for name, output in result.outputs.items()
        if isinstance(output.values, np.ndarray)
        and output.values.shape == (result.shots,)
        and output.values.dtype.kind in "bui"
        and output.detected is None
    }
    if not columns or not result.accepted_shots:
        return None
    table = np.stack([column.astype(np.int64) for column in columns.values()])
    patterns, counts = np.unique(table, axis=1, return_counts=True)
    if len(counts) <= MOST_BARS:
        gap = "" if table.max(initial=0) <= 9 else " "
        labels = [gap.join(map(str, pattern)) for pattern in patterns.T.tolist()]
        return Distribution(labels, (counts / counts.sum()).tolist(), _names(list(columns)))
    return _ones(table)


def draw(axes: Axes, found: Distribution, accepted: int) -> None:
    """The distribution as bars with their shares written on them."""
    places = range(len(found.shares))
    style.plain(axes, keep="b")
    style.title(axes, "Outcomes", f"share of {accepted:,} shots · {found.about}", found.about)
    axes.bar(places, found.shares, width=0.72, color=style.ACCENT, alpha=0.85)
    axes.set_ylim(0, max(found.shares) * 1.18)
    axes.set_xlim(-0.6, max(len(found.shares), 4) - 0.4)
    crowded = len(found.shares) > 10 or max(map(len, found.labels)) > 6
    axes.set_xticks(places, found.labels, fontsize=style.TINY - 0.7 if crowded else style.SMALL, color=style.INK)
    if crowded and max(map(len, found.labels)) > 4:
        axes.tick_params(axis="x", rotation=90)
    if len(found.shares) <= MOST_BARS + 1:
        for place, share in zip(places, found.shares, strict=True):
            if not share:
                continue
            text = f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"
            size = style.TINY if crowded else style.SMALL
            axes.annotate(
                text,
                (place, share),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=size - 0.5 if crowded else size,
                color=style.SOFT,
            )


def _ones(table: NDArray[Any]) -> Distribution:
    """How many of the outputs are not zero: what is left to show when every pattern is its own."""
    ones = np.count_nonzero(table, axis=0)
    counts = np.bincount(ones, minlength=len(table) + 1)
    return Distribution(
        [str(number) if len(counts) <= 24 or number % 10 == 0 else "" for number in range(len(counts))],
        (counts / counts.sum()).tolist(),
        f"how many of {len(table)} outputs are not 0",
    )


def _names(names: list[str]) -> str:
    told = " ".join(names)
    return told if len(told) <= 36 else f"{names[0]} … {names[-1]}"
