"""Platforms: what a node's hardware does to qubits, as cited data.

Errors are kept as depolarising probabilities. Whoever writes them down (a data file of `platforms/`, a network file)
may quote them as their source does, and they are converted on the way in.
"""

from __future__ import annotations

import difflib
import math
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from qstack.errors import InputError

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Duration = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveTime = Annotated[float, Field(gt=0)]

_PROBABILITY: TypeAdapter[float] = TypeAdapter(Probability)
_READOUTS = ("one_given_zero", "zero_given_one")


class UnknownPlatformError(InputError):
    """No platform profile has that name."""


def _depolarizing(kind: str, value: float, qubits: int) -> float:
    """The depolarising probability p of a gate whose error is quoted in another way.

    With d = 2^qubits: an average infidelity e is p (d - 1) / d, a Pauli error (process infidelity) e is
    p (d^2 - 1) / d^2 (Nielsen 2002, eq 3; Google quotes the second, IBM the first).

    Args:
        kind: `depolarizing`, `average_infidelity` or `pauli_error`.
        value: the error as quoted.
        qubits: how many qubits the gate has.

    Raises:
        ValueError: no such kind, or `value` is no probability.
    """
    d = 2.0**qubits
    factors = {"depolarizing": 1.0, "average_infidelity": d / (d - 1), "pauli_error": d**2 / (d**2 - 1)}
    if kind not in factors:
        raise ValueError(f"a gate error is quoted as {', '.join(factors)}; not as {kind!r}")
    p = factors[kind] * _probability(kind, value)
    if p > 1:
        raise ValueError(f"{kind} {value} is a depolarising probability of {p:.3g}; it can be at most 1")
    return p


def average_infidelity(p: float, qubits: int) -> float:
    """Average gate infidelity of a depolarising probability, p (d - 1) / d with d = 2^qubits."""
    return p * (1 - 0.5**qubits)


def _probability(name: str, value: object) -> float:
    try:
        return _PROBABILITY.validate_python(value)
    except ValidationError:
        raise ValueError(f"{name} is {value!r}; give a probability from 0 to 1") from None


def _gate_error(qubits: int) -> BeforeValidator:
    """Takes p, or one quoted figure such as `{average_infidelity: 2.0e-3}`."""

    def converted(given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if len(given) != 1:
            raise ValueError("quote one figure: depolarizing, average_infidelity or pauli_error")
        ((kind, value),) = given.items()
        return _depolarizing(kind, value, qubits)

    return BeforeValidator(converted)


def _mean_readout(given: Any) -> Any:
    """Takes one probability, or `{one_given_zero: p, zero_given_one: q}`: their mean, as outcomes have one error."""
    if not isinstance(given, dict):
        return given
    if set(given) != set(_READOUTS):
        raise ValueError(f"quote both {' and '.join(_READOUTS)}")
    return sum(_probability(name, given[name]) for name in _READOUTS) / 2


def _schema(names: tuple[str, ...], together: bool) -> WithJsonSchema:
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    quoted = {
        "type": "object",
        "properties": dict.fromkeys(names, probability),
        "additionalProperties": False,
        **({"required": list(names)} if together else {"minProperties": 1, "maxProperties": 1}),
    }
    return WithJsonSchema({"anyOf": [probability, quoted]})


_GATE_SCHEMA = _schema(("depolarizing", "average_infidelity", "pauli_error"), together=False)
Gate1Error = Annotated[Probability, _gate_error(1), _GATE_SCHEMA]
Gate2Error = Annotated[Probability, _gate_error(2), _GATE_SCHEMA]
ReadoutError = Annotated[Probability, BeforeValidator(_mean_readout), _schema(_READOUTS, together=True)]


class PhotonInterface(BaseModel):
    """How a platform's memory emits a photon entangled with it.

    Attributes:
        emission: probability that a photon enters the fibre in the right mode, per attempt.
        visibility: two-photon interference visibility between two such nodes.
        preparation_time_s: initialisation and emission, per attempt.
        wavelength_nm: colour of the photon that leaves the node, after any conversion there; None if nothing is said.
        noise_photons: mean number of stray photons that leave with it, per window (time bin).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    emission: Annotated[float, Field(gt=0, le=1)]
    visibility: Probability = 1.0
    preparation_time_s: Duration = 0.0
    wavelength_nm: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    noise_photons: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class MemoryProfile(BaseModel):
    """How a platform stores its half of a pair; how long it keeps is the platform's t1_s and t2_s.

    Attributes:
        efficiency: probability that a stored qubit comes back (storage and retrieval together).
        modes: how many qubits it can hold for one link; None if no limit is known.
        initialisation_time_s: getting it ready, before every attempt.
        cutoff_s: a qubit stored for longer is given up; None if none ever is.
        stores: False if there is no memory and photons are measured as they arrive; then t1_s and t2_s say nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    efficiency: Annotated[float, Field(gt=0, le=1)] = 1.0
    modes: Annotated[int, Field(ge=1)] | None = None
    initialisation_time_s: Duration = 0.0
    cutoff_s: PositiveTime | None = None
    stores: bool = True


class Platform(BaseModel):
    """A machine family: gate times and errors, readout, coherence, memory, photon interface.

    Attributes:
        description: what it is, for people.
        source: where the figures come from.
        gate1_time_s: duration of a one-qubit gate.
        gate1_depolarizing: p of rho -> (1-p) rho + p I/2 after a one-qubit gate; may be given as quoted, by its
            `average_infidelity` or `pauli_error`.
        gate2_time_s: duration of a two-qubit gate.
        gate2_depolarizing: p of rho -> (1-p) rho + p I/4 after a two-qubit gate; likewise.
        readout_time_s: duration of a measurement.
        readout_error: probability of a wrong outcome, the same for 0 and 1; of two quoted ones, the mean.
        t1_s: energy relaxation time.
        t2_s: coherence time, at most 2 t1_s.
        memory: how it stores; by default without loss and without limit.
        photon: the photon interface; None if there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    source: str = ""
    gate1_time_s: Duration = 0.0
    gate1_depolarizing: Gate1Error = 0.0
    gate2_time_s: Duration = 0.0
    gate2_depolarizing: Gate2Error = 0.0
    readout_time_s: Duration = 0.0
    readout_error: ReadoutError = 0.0
    t1_s: PositiveTime = math.inf
    t2_s: PositiveTime = math.inf
    memory: MemoryProfile = MemoryProfile()
    photon: PhotonInterface | None = None

    @model_validator(mode="after")
    def _coherence_is_possible(self) -> Self:
        if self.t2_s > 2 * self.t1_s:
            raise ValueError(f"t2_s is {self.t2_s} and t1_s is {self.t1_s}; t2_s can be at most 2 t1_s")
        return self

    def adjusted(self, changes: dict[str, Any]) -> Platform:
        """The same platform with some figures changed; `memory` and `photon` may be changed in part.

        Raises:
            pydantic.ValidationError: an unknown figure or an impossible value.
        """
        merged = self.model_dump()
        parts = {
            name: {**merged[name], **changes[name]}
            for name in ("memory", "photon")
            if isinstance(changes.get(name), dict) and merged[name] is not None
        }
        return Platform.model_validate({**merged, **changes, **parts})


class PlatformSheet(BaseModel):
    """The data sheet of a platform that ships with the stack: its figures as quoted, and where each is from.

    Attributes:
        name: name of the platform.
        description: what it is.
        source: where every figure is from that `sources` and `assumed` say nothing of.
        figures: what `Platform` takes, as the sources quote it.
        sources: another source of a figure, or how it was chosen, by its name (`t1_s`, `photon.emission`).
        assumed: why a figure without a source is what it is, by its name.
        notes: what the figures do not say.
        detector: figures of the detectors in the source's links; a network file says them at its links.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    source: str
    figures: dict[str, Any] = Field(default_factory=dict)
    sources: dict[str, str] = Field(default_factory=dict)
    assumed: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    detector: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _speaks_of_its_figures(self) -> Self:
        if unknown := (set(self.sources) | set(self.assumed)) - set(self.quoted):
            raise ValueError(f"{self.name} speaks of {', '.join(sorted(unknown))} and has no such figures")
        return self

    @property
    def quoted(self) -> dict[str, Any]:
        """The figures by name, with those of `memory` and `photon` as `photon.emission` and so on."""
        found: dict[str, Any] = {}
        for name, value in self.figures.items():
            nested = name in ("memory", "photon")
            found |= {f"{name}.{inner}": each for inner, each in value.items()} if nested else {name: value}
        return found

    @cached_property
    def platform(self) -> Platform:
        """The platform, errors converted."""
        return Platform.model_validate({"description": self.description, "source": self.source, **self.figures})


_FOLDER = files("qstack.link") / "platforms"


@cache
def _names() -> tuple[str, ...]:
    names = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def platform_names() -> list[str]:
    """Names of the platforms that ship with the stack."""
    return list(_names())


@cache
def platform_sheet(name: str) -> PlatformSheet:
    """The data sheet of the platform of that name.

    Raises:
        UnknownPlatformError: there is none; the message lists those there are.
    """
    if name not in _names():
        close = difflib.get_close_matches(name, _names(), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UnknownPlatformError(f"no platform is named {name!r}{hint} (there are {', '.join(_names())})")
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return PlatformSheet.model_validate({"name": name, **yaml.safe_load(text)})


def platform_profile(name: str) -> Platform:
    """The platform of that name.

    Raises:
        UnknownPlatformError: there is none; the message lists those there are.
    """
    return platform_sheet(name).platform
