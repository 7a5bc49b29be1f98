"""From what ran to a `Result`: outputs, metrics, resources, provenance."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qstack.application.arrays import jsonable
from qstack.application.execute import Executed
from qstack.application.result import DeliverySummary, Metric, Output, Resources
from qstack.errors import RunError
from qstack.language import Conversation, Conversed, Protocol
from qstack.stats import proportion

PACKAGES = {"stim": "stim", "cirq": "cirq-core"}


class OutputValueError(RunError):
    """A conversation returned something that cannot be put into a result."""


def versions(ran_on: Sequence[str]) -> dict[str, str]:
    """Versions of what produced a result."""
    found = {"python": platform.python_version(), "qstack": version("qstack-net"), "numpy": np.__version__}
    for name in ran_on:
        try:
            found[name] = version(PACKAGES.get(name, name))
        except PackageNotFoundError:
            continue
    return found


def program_outputs(ran: Executed) -> dict[str, Output]:
    """The outputs of a program, one value per shot."""
    return {
        output.name: Output(
            node=output.node,
            values=ran.readout.outputs[output.name],
            detected=ran.readout.detected.get(output.name),
        )
        for output in ran.program.outputs
    }


def conversation_outputs(conversed: Conversed) -> dict[str, Output]:
    """The outputs of a conversation: arrays or JSON values.

    Raises:
        OutputValueError: an output has no JSON form.
    """
    outputs: dict[str, Output] = {}
    for name, (role, value) in conversed.named.items():
        try:
            outputs[name] = Output(node=role, values=jsonable(value))
        except TypeError as error:
            raise OutputValueError(
                f"output {name!r} of {role}: {error}; return arrays, numbers, texts or lists of them"
            ) from error
    return outputs


def program_metrics(protocol: Protocol, ran: Executed) -> dict[str, Metric]:
    """The protocol's own score over the shots that were accepted."""
    accepted = ran.readout.accepted
    return _scored(
        protocol, {name: values[accepted] for name, values in ran.readout.outputs.items()}, ran.program.settings
    )


def conversation_metrics(
    conversation: Conversation, outputs: Mapping[str, Output], settings: dict[str, Any]
) -> dict[str, Metric]:
    """The conversation's own score over its outputs."""
    return _scored(conversation, {name: output.values for name, output in outputs.items()}, settings)


def _scored(protocol: Protocol | Conversation, outputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Metric]:
    if protocol.scorer is None:
        return {}
    estimates = protocol.scorer(outputs, settings)
    return {name: Metric.of(estimate, protocol.bounds.get(name)) for name, estimate in estimates.items()}


def resources(accepted: NDArray[np.bool_], pairs: float, messages: float) -> Resources:
    """What a shot used, and what an accepted shot cost."""
    shots, kept = len(accepted), int(np.count_nonzero(accepted))
    return Resources(
        pairs_per_shot=pairs,
        messages_per_shot=messages,
        acceptance=Metric.of(proportion(kept, shots)),
        pairs_per_accepted_shot=pairs * shots / kept if kept else float("inf"),
    )


def all_delivered(runs: Sequence[Executed]) -> DeliverySummary | None:
    """One summary for all the programs of a conversation: that of the longest run, with the requests of all."""
    summaries = [run.supply.summary for run in runs if run.supply.summary is not None]
    if not summaries:
        return None
    longest = max((run for run in runs if run.supply.summary is not None), key=lambda run: len(run.readout.accepted))
    assert longest.supply.summary is not None
    requests = tuple(request for summary in summaries for request in summary.requests)
    return longest.supply.summary.model_copy(update={"requests": requests})
