"""Platforms: what a node's hardware does to qubits, as cited data."""

from __future__ import annotations

import difflib
import math
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from qstack.errors import InputError

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Duration = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class UnknownPlatformError(InputError):
    """No platform profile has that name."""


class PhotonInterface(BaseModel):
    """How a platform's memory emits a photon entangled with it.

    Attributes:
        emission: probability that a photon enters the fibre in the right mode, per attempt.
        visibility: two-photon interference visibility between two such nodes.
        preparation_time_s: initialisation and emission, per attempt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    emission: Annotated[float, Field(gt=0, le=1)]
    visibility: Probability = 1.0
    preparation_time_s: Duration = 0.0


class Platform(BaseModel):
    """A machine family: gate times and errors, readout, coherence, photon interface.

    Attributes:
        description: what it is, for people.
        source: where the figures come from.
        gate1_time_s: duration of a one-qubit gate.
        gate1_depolarizing: p of rho -> (1-p) rho + p I/2 after a one-qubit gate.
        gate2_time_s: duration of a two-qubit gate.
        gate2_depolarizing: p of rho -> (1-p) rho + p I/4 after a two-qubit gate.
        readout_time_s: duration of a measurement.
        readout_error: probability of a wrong outcome, the same for 0 and 1.
        t1_s: energy relaxation time.
        t2_s: coherence time, at most 2 t1_s.
        photon: the photon interface; None if there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    source: str = ""
    gate1_time_s: Duration = 0.0
    gate1_depolarizing: Probability = 0.0
    gate2_time_s: Duration = 0.0
    gate2_depolarizing: Probability = 0.0
    readout_time_s: Duration = 0.0
    readout_error: Probability = 0.0
    t1_s: Annotated[float, Field(gt=0)] = math.inf
    t2_s: Annotated[float, Field(gt=0)] = math.inf
    photon: PhotonInterface | None = None

    @model_validator(mode="after")
    def _coherence_is_possible(self) -> Self:
        if self.t2_s > 2 * self.t1_s:
            raise ValueError(f"t2_s is {self.t2_s} and t1_s is {self.t1_s}; t2_s can be at most 2 t1_s")
        return self

    def adjusted(self, changes: dict[str, Any]) -> Platform:
        """The same platform with some figures changed; `photon` may be changed in part.

        Raises:
            pydantic.ValidationError: an unknown figure or an impossible value.
        """
        merged = self.model_dump()
        photon = changes.get("photon")
        if isinstance(photon, dict) and self.photon is not None:
            changes = {**changes, "photon": {**self.photon.model_dump(), **photon}}
        return Platform.model_validate({**merged, **changes})


@cache
def _profiles() -> dict[str, Platform]:
    text = files("qstack.link").joinpath("platforms.yaml").read_text(encoding="utf-8")
    return {name: Platform.model_validate(values) for name, values in yaml.safe_load(text).items()}


def platform_names() -> list[str]:
    """Names of the profiles that ship with the stack."""
    return sorted(_profiles())


def platform_profile(name: str) -> Platform:
    """The profile of that name.

    Raises:
        UnknownPlatformError: there is none; the message lists those there are.
    """
    profiles = _profiles()
    if name not in profiles:
        close = difflib.get_close_matches(name, profiles, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UnknownPlatformError(f"no platform is named {name!r}{hint} (there are {', '.join(sorted(profiles))})")
    return profiles[name]
