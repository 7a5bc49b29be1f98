"""What a run gives back: outputs per node, metrics with intervals, the delivery behind them, and provenance."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qstack.application.arrays import ArrayOrJson, PackedArray
from qstack.errors import InputError
from qstack.stats import Estimate

if TYPE_CHECKING:
    import pandas as pd


class ResultFormatError(InputError):
    """A text that should be a stored result is not one."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, ser_json_inf_nan="strings")


class Metric(_Record):
    """A number with its interval.

    Attributes:
        value: the estimate.
        low: lower end of the 95 % interval.
        high: upper end of the 95 % interval.
        std_error: standard error of the estimate.
        n: how many shots it rests on.
        bounds: values to compare with, by name, such as what is possible without entanglement.
    """

    value: float
    low: float
    high: float
    std_error: float
    n: int
    bounds: dict[str, float] = Field(default_factory=dict)

    @classmethod
    def of(cls, estimate: Estimate, bounds: dict[str, float] | None = None) -> Metric:
        """The metric for an estimate."""
        return cls(
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            std_error=estimate.std_error,
            n=estimate.n,
            bounds=bounds or {},
        )

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


class Output(_Record):
    """One named output: the node that holds it and its value per shot, shape (shots,).

    `detected` says in which shots there was a value at all (a photon can be lost), None for all. A conversation's
    output can be any JSON value instead of an array.
    """

    node: str
    values: ArrayOrJson
    detected: PackedArray | None = None


class Served(_Record):
    """Pairs delivered between two nodes: the path, how they were made, and what came of it (means over shots).

    `twirled` says that a link's state was no mixture of Bell states, and was made one by a Pauli twirl.
    """

    source: str
    target: str
    pairs: int
    path: tuple[str, ...]
    plan: str
    twirled: bool = False
    fidelity: float
    rate_per_s: float
    latency_s: dict[str, float]


class DeliverySummary(_Record):
    """The entanglement behind a run; the top level describes the whole shot, `requests` each pair of nodes.

    `fidelity` is the mean over all pairs, `rate_per_s` counts pairs, `latency_s` has quantiles of the time until all
    pairs of a shot were there.
    """

    path: tuple[str, ...]
    fidelity: float
    rate_per_s: float
    latency_s: dict[str, float]
    requests: tuple[Served, ...]


class Resources(_Record):
    """What one shot used, and what an accepted one cost (infinite when none was accepted)."""

    pairs_per_shot: float
    messages_per_shot: float
    acceptance: Metric
    pairs_per_accepted_shot: float


class Provenance(_Record):
    """Where a result comes from, enough to repeat it.

    `emulated` is true whenever several nodes' qubits ran in one circuit on one machine.
    """

    versions: dict[str, str]
    seed: int
    backend: str
    ran_on: tuple[str, ...]
    lowering: str
    circuits: int
    entanglement: Literal["ideal", "delivered", "repeaters"]
    memory: Literal["none", "pauli", "exact"]
    network: str | None
    adversary: dict[str, str]
    started: str
    elapsed_s: float
    protocol_time_s: float
    emulated: bool = True


class Result(_Record):
    """The outcome of one run of a protocol. Index it by output name for the values per shot."""

    format: Literal["qstack.result/1"] = "qstack.result/1"
    protocol: str
    backend: str
    shots: int
    seed: int
    roles: dict[str, str | list[str]]
    settings: dict[str, Any]
    delivery: DeliverySummary | None
    outputs: dict[str, Output]
    accepted: PackedArray
    metrics: dict[str, Metric]
    resources: Resources
    provenance: Provenance

    def __getitem__(self, name: str) -> NDArray[np.integer[Any]]:
        """Values of an output, one per shot, shape (shots,).

        Raises:
            InputError: there is no output of that name; the message lists those there are.
        """
        if name not in self.outputs:
            raise InputError(f"no output is named {name!r}; outputs of {self.protocol}: {', '.join(self.outputs)}")
        values: NDArray[np.integer[Any]] = self.outputs[name].values
        return values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def accepted_shots(self) -> int:
        """How many shots met every requirement of the protocol."""
        return int(np.count_nonzero(self.accepted))

    def to_json(self, *, indent: int | None = None) -> str:
        """The whole result as one JSON object; arrays are packed."""
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Result:
        """Read back what `to_json` wrote.

        Raises:
            ResultFormatError: the text is no stored result; the message names the first field at fault.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the text"
            raise ResultFormatError(f"not a stored qstack result: {where}: {first['msg']}") from error

    def to_pandas(self) -> pd.DataFrame:
        """One row per shot: a column per output that has a value per shot, and `accepted`.

        Raises:
            InputError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise InputError("to_pandas needs pandas: pip install 'qstack-net[pandas]'") from error
        columns: dict[str, Any] = {}
        for name, output in self.outputs.items():
            if isinstance(output.values, np.ndarray) and output.values.shape == (self.shots,):
                values = pd.array(output.values, dtype="UInt8")
                if output.detected is not None:
                    values[~output.detected] = pd.NA
                columns[name] = values
        frame = pd.DataFrame(columns)
        frame["accepted"] = self.accepted
        frame.attrs.update(protocol=self.protocol, seed=self.seed)
        return frame

    def __str__(self) -> str:
        from qstack.application.picture import as_text

        return as_text(self)

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name}={metric}" for name, metric in self.metrics.items())
        return f"<Result {self.protocol}: {self.shots} shots on {self.backend}; {metrics}>"

    def _repr_html_(self) -> str:
        from qstack.application.picture import as_html

        return as_html(self)
