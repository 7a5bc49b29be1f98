"""The entanglement behind a run in a few large figures, and how long it took to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qstack.application.pictures import style
from qstack.application.pictures.words import rate, seconds
from qstack.application.result import DeliverySummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(axes: Axes, delivery: DeliverySummary) -> None:
    """Fidelity, rate and mean wait in large type, the quantiles of the wait below."""
    style.plain(axes)
    style.title(axes, "Delivery", _hops(delivery))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    latency = delivery.latency_s
    figures = [("mean fidelity", f"{delivery.fidelity:.3f}"), ("pairs", rate(delivery.rate_per_s))]
    if "mean" in latency:
        figures.append(("mean wait", seconds(latency["mean"])))
    for place, (label, value) in enumerate(figures):
        axes.text(place / 3, 0.98, value, fontsize=15, color=style.INK, fontweight="bold", va="top")
        axes.text(place / 3, 0.70, label, fontsize=style.SMALL, color=style.SOFT, va="top")
    quantiles = {name: value for name, value in latency.items() if name[:1] == "p" and name[1:].isdigit()}
    if quantiles:
        axes.plot([0, 1], [0.48, 0.48], color=style.FAINT, lw=0.8)
    for place, (name, wait_s) in enumerate(list(quantiles.items())[:3]):
        axes.text(place / 3, 0.38, seconds(wait_s), fontsize=style.BODY + 1, color=style.INK, va="top")
        axes.text(place / 3, 0.18, f"{name[1:]} % within", fontsize=style.SMALL, color=style.SOFT, va="top")


def _hops(delivery: DeliverySummary) -> str:
    if len(delivery.requests) > 1:
        return f"{len(delivery.requests)} pairs of nodes served"
    hops = len(delivery.path) - 1
    plan = delivery.requests[0].plan if delivery.requests else ""
    return f"{hops} hop{'s' if hops != 1 else ''}" + (f" · {plan}" if plan and len(plan) < 40 else "")
