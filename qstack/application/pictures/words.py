"""Numbers, times and verdicts as people read them, and the facts of a result in the order they are told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qstack.application.result import DeliverySummary, Metric, Result

SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
MOST_SIGMA = 20
_SCALES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


@dataclass(frozen=True)
class Row:
    """One metric, told: the value, its interval, and how it compares with the bounds it has."""

    name: str
    value: str
    interval: str
    verdict: str


def number(value: float) -> str:
    """A number with four decimals, fewer when it is large."""
    if not math.isfinite(value):
        return "none" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value:.4f}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e7 else f"{value:.3g}"


def short(value: float) -> str:
    """A number without trailing zeros, for bounds and axes."""
    return f"{value:.4g}" if math.isfinite(value) else number(value)


def seconds(value: float) -> str:
    """A time with its unit."""
    if not math.isfinite(value) or value == 0:
        return "0 s" if value == 0 else number(value)
    if value >= 3600:
        return f"{value / 3600:.3g} h"
    if value >= 120:
        return f"{value / 60:.3g} min"
    scale, unit = next(((s, u) for s, u in _SCALES if abs(value) >= s), _SCALES[-1])
    return f"{value / scale:.3g} {unit}"


def quantiles(latency_s: Mapping[str, float]) -> str:
    """A latency by its mean and quantiles."""
    return ", ".join(f"{name} {seconds(value)}" for name, value in latency_s.items())


def rate(value: float) -> str:
    """A rate per second, or per minute or hour when it is slow."""
    if not math.isfinite(value):
        return "unlimited" if value > 0 else "none"
    if value == 0 or value >= 0.1:
        return f"{value:,.4g} /s" if value < 1e4 else f"{value:,.0f} /s"
    return f"{value * 60:.3g} /min" if value * 60 >= 0.1 else f"{value * 3600:.3g} /h"


def verdict(metric: Metric) -> str:
    """How a metric compares with its bounds, such as `above 2 (classical) by 31 sigma, below 2.828 (quantum)`."""
    said = []
    if math.isnan(metric.value):
        return "too few shots to tell"
    for name, bound in sorted(metric.bounds.items(), key=lambda item: item[1]):
        label = f"{short(bound)} ({name})"
        if metric.low > bound or metric.high < bound:
            side = "above" if metric.low > bound else "below"
            away = abs(metric.value - bound) / metric.std_error if metric.std_error > 0 else math.inf
            said.append(f"{side} {label}" + (f" by {_far(away)} {SIGMA}" if away >= 2 and side == "above" else ""))
        else:
            said.append(f"at {label}")
    return ", ".join(said)


def _far(sigmas: float) -> str:
    """Standard errors; beyond 20 the normal law behind them says nothing more."""
    return f"{sigmas:.0f}" if sigmas <= MOST_SIGMA else f"over {MOST_SIGMA}"


def rows(result: Result) -> list[Row]:
    """Every metric of a result, told."""
    return [
        Row(name, number(m.value), f"{number(m.low)} … {number(m.high)}", verdict(m))
        for name, m in result.metrics.items()
    ]


def heading(result: Result) -> str:
    """What was run: protocol, shots, backend."""
    times = "one conversation" if is_conversation(result) else counted(result.shots, "shot")
    return f"{result.protocol} · {times} on {ran_on(result)}"


def is_conversation(result: Result) -> bool:
    """Whether the outputs are whatever nodes computed, not one value per shot."""
    columns = (output.values for output in result.outputs.values())
    return any(not isinstance(values, np.ndarray) or values.shape != (result.shots,) for values in columns)


def ran_on(result: Result) -> str:
    """The backend, and what it chose if it chooses."""
    chosen = [name for name in result.provenance.ran_on if name != result.backend]
    return f"{result.backend} ({', '.join(chosen)})" if chosen else result.backend


def players(result: Result) -> str:
    """Who played which role."""
    told = []
    for role, nodes in result.roles.items():
        listed = [nodes] if isinstance(nodes, str) else nodes
        if listed != [role] and listed != [f"{role}{k}" for k in range(len(listed))]:
            told.append(f"{role} at {listed[0]}" if len(listed) == 1 else f"{role} at {', '.join(listed)}")
    return ", ".join(told)


def delivery_facts(delivery: DeliverySummary | None) -> list[tuple[str, str]]:
    """The entanglement behind a run, as label and text."""
    if delivery is None:
        return [("pairs", "perfect and instant (no network)")]
    facts: list[tuple[str, str]] = []
    for served in delivery.requests:
        count = f"{served.pairs} pairs: " if served.pairs > 1 else ""
        facts.append(("path", count + " → ".join(served.path)))
        if served.plan:
            facts.append(("plan", served.plan + (", link states twirled" if served.twirled else "")))
    facts += [("fidelity", f"{delivery.fidelity:.4f}"), ("rate", f"{rate(delivery.rate_per_s)} (pairs)")]
    facts.append(("latency", quantiles(delivery.latency_s)))
    return facts


def resource_facts(result: Result) -> list[tuple[str, str]]:
    """What a shot used."""
    used = result.resources
    each = "in all" if is_conversation(result) else "per shot"
    facts = [(each, f"{counted(used.pairs_per_shot, 'pair')}, {counted(used.messages_per_shot, 'message')}")]
    if result.accepted_shots < result.shots:
        cost = f"; {number(used.pairs_per_accepted_shot)} pairs per accepted shot"
        facts.append(("accepted", f"{result.accepted_shots:,} of {result.shots:,} ({used.acceptance.value:.1%}){cost}"))
    if result.provenance.protocol_time_s > 0:
        facts.append(("duration", f"{seconds(result.provenance.protocol_time_s)} once the pairs are there"))
    return facts


def counted(number: float, thing: str) -> str:
    """`1 link`, `2 links`."""
    return f"{number:,.10g} {thing}" + ("" if number == 1 else "s")


def provenance_line(result: Result) -> str:
    """Where the result comes from, on one line."""
    p = result.provenance
    versions = ", ".join(f"{name} {number}" for name, number in p.versions.items())
    plural = "" if p.circuits == 1 else "s"
    pieces = [versions, f"{p.lowering} lowering", f"{p.circuits:,} circuit{plural}", f"{p.elapsed_s:.2f} s"]
    if p.network is not None:
        pieces.insert(1, f"network {p.network}, pairs {p.entanglement}, {p.memory} memories")
    if p.emulated:
        pieces.append("emulated")
    return " · ".join(pieces)
