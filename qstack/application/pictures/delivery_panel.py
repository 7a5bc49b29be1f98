"""The entanglement behind a run in a few large figures, and how long it took to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qstack.application.pictures import style
from qstack.application.pictures.words import rate, seconds
from qstack.application.result import DeliverySummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(axes: Axes, delivery: DeliverySummary) -> None:
    """Fidelity, rate and median latency, with the quantiles of the latency below."""
    style.plain(axes)
    style.title(axes, "Delivery", _hops(delivery))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    latency = delivery.latency_s
    figures = [("mean fidelity", f"{delivery.fidelity:.3f}"), ("pairs", rate(delivery.rate_per_s))]
    if "p50" in latency:
        figures.append(("median wait", seconds(latency["p50"])))
    for place, (label, value) in enumerate(figures):
        x = place / 3
        axes.text(x, 0.96, value, fontsize=15, color=style.INK, fontweight="bold", va="top")
        axes.text(x, 0.70, label, fontsize=style.SMALL, color=style.SOFT, va="top")
    quantiles = {name: value for name, value in latency.items() if name.startswith("p") and value > 0}
    if len(quantiles) > 1:
        _wait(axes, quantiles)


def _wait(axes: Axes, quantiles: dict[str, float]) -> None:
    """Quantiles of the wait on a line from zero to the largest of them."""
    longest = max(quantiles.values())
    axes.plot([0, 0.97], [0.27, 0.27], color=style.FAINT, lw=4, solid_capstyle="round", zorder=1)
    previous = -1.0
    for name, value in sorted(quantiles.items(), key=lambda item: item[1]):
        x = 0.97 * value / longest
        axes.plot([x], [0.27], "o", ms=6, color=style.ACCENT, mec="white", mew=1, zorder=2)
        if x - previous < 0.2 and previous >= 0:
            continue
        previous = x
        side = "right" if x > 0.85 else "left" if x < 0.1 else "center"
        percent = name[1:]
        axes.text(
            x, 0.17, f"{percent} % within\n{seconds(value)}", fontsize=style.TINY, color=style.SOFT, ha=side, va="top"
        )


def _hops(delivery: DeliverySummary) -> str:
    if len(delivery.requests) > 1:
        return f"{len(delivery.requests)} pairs of nodes served"
    hops = len(delivery.path) - 1
    plan = delivery.requests[0].plan if delivery.requests else ""
    return f"{hops} hop{'s' if hops != 1 else ''}" + (f" · {plan}" if plan and len(plan) < 40 else "")
