"""Platforms: every figure of the public table, conversions of quoted errors, and partial changes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qstack.errors import InputError
from qstack.link import Platform, platform_names, platform_profile
from qstack.link.platform import MemoryProfile, PlatformSheet, average_infidelity, platform_sheet

PAULIS = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]


def pauli_weights(p: float, qubits: int) -> list[float]:
    """Depolarisation as a Pauli channel: I/d is the even mixture of all Paulis; the identity comes first."""
    even = p / 4**qubits
    return [1 - p + even] + [even] * (4**qubits - 1)


def overlaps(p: float, qubits: int) -> float:
    """Average infidelity by brute force: over the six Pauli states of each qubit, a 2-design, when d = 2.

    For d = 4 the mean over states is taken from the entanglement fidelity of the Kraus operators, sum |tr K|^2 / d^2.
    """
    weights = pauli_weights(p, qubits)
    if qubits == 1:
        states = [v for each in PAULIS[1:] for v in np.linalg.eigh(each)[1].T]
        kept = [sum(w * abs(v.conj() @ k @ v) ** 2 for w, k in zip(weights, PAULIS, strict=True)) for v in states]
        return float(1 - np.mean(kept))
    kraus = [np.kron(a, b) for a, b in itertools.product(PAULIS, repeat=2)]
    entangled = sum(w * abs(np.trace(k)) ** 2 for w, k in zip(weights, kraus, strict=True)) / 16
    return float(1 - (4 * entangled + 1) / 5)


def pauli_error(p: float, qubits: int) -> float:
    """Probability that any Pauli but the identity happens."""
    return sum(pauli_weights(p, qubits)[1:])


ROWS: dict[str, dict[str, Any]] = {
    "ibm_heron_r2": {
        "t1_s": 283e-6, "t2_s": 144e-6, "gate1_time_s": 32e-9, "gate2_time_s": 68e-9,
        "readout_error": 9.5e-3, "readout_time_s": 2280e-9, "photon": None,
    },
    "ibm_heron_r3": {
        "t1_s": 292e-6, "t2_s": 353e-6, "gate1_time_s": 32e-9, "gate2_time_s": 68e-9,
        "readout_error": 5.1e-3, "readout_time_s": 2200e-9, "photon": None,
    },
    "google_willow": {
        "t1_s": 70e-6, "t2_s": 89e-6, "gate1_time_s": 25e-9, "gate2_time_s": 42e-9,
        "readout_error": (3.7e-3 + 1.06e-2) / 2, "readout_time_s": 600e-9, "photon": None,
    },
    "ionq_aria": {
        "t2_s": 1.0, "gate1_time_s": 135e-6, "gate2_time_s": 600e-6, "readout_error": 3.9e-3, "photon": None,
    },
    "trapped_ion_node": {
        "t1_s": math.inf, "t2_s": 85e-3, "gate1_time_s": 26.6e-6, "gate1_depolarizing": 0.02,
        "gate2_time_s": 107e-6, "gate2_depolarizing": 0.1, "readout_time_s": 1.5e-3,
    },
    "nv_centre": {
        "t1_s": 10 * 3600.0, "t2_s": 1.0, "gate1_time_s": 5e-9, "gate1_depolarizing": 0.01,
        "gate2_time_s": 500e-6, "gate2_depolarizing": 0.06,
        "readout_error": (0.07 + 0.005) / 2, "readout_time_s": 3.7e-6,
    },
    "neutral_atom": {"t2_s": 1.5, "gate2_time_s": 0.25e-6, "readout_error": 1e-2, "readout_time_s": 1e-3},
}  # fmt: skip

INFIDELITIES = [
    ("ibm_heron_r2", 2.3e-4, 1.80e-3),
    ("ibm_heron_r3", 1.44e-4, 1.27e-3),
    ("ionq_aria", 5e-4, 4e-3),
    ("neutral_atom", 1e-3, 5e-3),
]


@pytest.mark.parametrize(("name", "row"), ROWS.items(), ids=ROWS)
def test_every_row_of_the_public_table(name: str, row: dict[str, Any]) -> None:
    platform = platform_profile(name)
    assert {figure: getattr(platform, figure) for figure in row} == pytest.approx(row)


def test_relaxation_times_that_are_quoted_as_ranges() -> None:
    assert 10.0 <= platform_profile("ionq_aria").t1_s <= 100.0
    assert 1.0 <= platform_profile("neutral_atom").t1_s < 60.0


@pytest.mark.parametrize(("name", "one", "two"), INFIDELITIES)
def test_average_infidelities_of_the_table(name: str, one: float, two: float) -> None:
    platform = platform_profile(name)
    assert overlaps(platform.gate1_depolarizing, 1) == pytest.approx(one, rel=1e-9)
    assert overlaps(platform.gate2_depolarizing, 2) == pytest.approx(two, rel=1e-9)


def test_google_quotes_pauli_errors() -> None:
    willow = platform_profile("google_willow")
    assert pauli_error(willow.gate1_depolarizing, 1) == pytest.approx(4.05e-4, rel=1e-9)
    assert pauli_error(willow.gate2_depolarizing, 2) == pytest.approx(3.44e-3, rel=1e-9)
    # e_Pauli = (d + 1) / d x (1 - F_avg)
    assert overlaps(willow.gate2_depolarizing, 2) == pytest.approx(3.44e-3 * 4 / 5, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "emission", "visibility", "wavelength_nm", "dark_count"),
    [("trapped_ion_node", 0.111, 0.89, 1550.0, 1.4e-5), ("nv_centre", 5.1e-4, 0.9, 1588.0, 1.5e-7)],
)
def test_photon_interfaces_of_the_network_nodes(
    name: str, emission: float, visibility: float, wavelength_nm: float, dark_count: float
) -> None:
    photon = platform_profile(name).photon
    assert photon is not None
    assert (photon.emission, photon.visibility, photon.wavelength_nm) == (emission, visibility, wavelength_nm)
    assert platform_sheet(name).detector == {"efficiency": 1.0, "dark_count": dark_count}


def test_the_electron_of_the_nv_centre_is_told_beside_its_carbon() -> None:
    sources = platform_sheet("nv_centre").sources
    assert "electron has 3600 s" in sources["t1_s"]
    assert "electron has 0.5 s" in sources["t2_s"]
    assert "637 nm" in sources["photon.wavelength_nm"]


def test_photons_of_the_other_families() -> None:
    atom, pairs = platform_profile("neutral_atom").photon, platform_profile("photonic_spdc").photon
    assert atom is not None and atom.wavelength_nm == 780.0
    assert pairs is not None and pairs.wavelength_nm in (810.0, 1550.0)
    assert 0.01 <= pairs.emission <= 0.2
    detector = platform_sheet("photonic_spdc").detector
    assert 0.8 <= detector["efficiency"] <= 0.95
    assert 10 <= detector["dark_rate_hz"] <= 100
    assert 20e-12 <= detector["jitter_s"] <= 100e-12


def test_memories_that_store_photons_and_those_that_do_not() -> None:
    crystal = platform_profile("rare_earth_memory")
    assert (crystal.memory.modes, crystal.memory.cutoff_s, crystal.memory.efficiency) == (62, 25e-6, 0.51)
    assert crystal.photon is not None and 1260 < (crystal.photon.wavelength_nm or 0) < 1675  # a telecom twin
    assert not platform_profile("photonic_spdc").memory.stores
    assert platform_profile("nv_centre").memory.stores


def test_every_profile_is_possible_and_says_where_it_is_from() -> None:
    assert {"perfect", "trapped_ion_node", "nv_centre"} <= set(platform_names())
    for name in platform_names():
        sheet = platform_sheet(name)
        assert sheet.name == name
        assert sheet.source
        assert sheet.description
        assert sheet.platform.t2_s <= 2 * sheet.platform.t1_s
        assert sheet.platform.source == sheet.source
        assert not set(sheet.sources) & set(sheet.assumed)


def test_the_perfect_platform_is_the_default_one() -> None:
    perfect = platform_profile("perfect")
    assert perfect.model_dump(exclude={"description", "source"}) == Platform().model_dump(
        exclude={"description", "source"}
    )


@given(st.floats(0, 0.7), st.sampled_from([1, 2]))
def test_quoted_gate_errors_become_depolarisation(value: float, qubits: int) -> None:
    field = f"gate{qubits}_depolarizing"

    def converted(kind: str) -> float:
        return float(getattr(Platform.model_validate({field: {kind: value}}), field))

    assert converted("depolarizing") == value
    assert pauli_error(converted("pauli_error"), qubits) == pytest.approx(value, abs=1e-12)
    if value <= (0.5 if qubits == 1 else 0.7):
        assert overlaps(converted("average_infidelity"), qubits) == pytest.approx(value, abs=1e-12)
        assert average_infidelity(converted("average_infidelity"), qubits) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"t2_s": 3.0, "t1_s": 1.0},
        {"readout_error": 1.5},
        {"readout_error": {"one_given_zero": 0.1}},
        {"readout_error": {"one_given_zero": 0.1, "zero_given_one": 1.1}},
        {"gate1_time_s": -1.0},
        {"t2": 1.0},
        {"t1_s": math.nan},
        {"gate1_depolarizing": {"average_infidelity": 0.9}},
        {"gate2_depolarizing": {"infidelity": 1e-3}},
        {"gate2_depolarizing": {}},
        {"gate2_depolarizing": {"pauli_error": [1e-3]}},
        {"gate2_depolarizing": {"pauli_error": 1e-3, "average_infidelity": 1e-3}},
        {"memory": {"efficiency": 0.0}},
        {"memory": {"modes": 0}},
        {"memory": {"cutoff_s": 0.0}},
        {"memory": [1]},
        {"photon": {"visibility": 0.9}},
        {"photon": {"emission": 0.5, "wavelength_nm": 0.0}},
    ],
)
def test_impossible_platforms_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        platform_profile("perfect").adjusted(changes)
    with pytest.raises(ValidationError):
        Platform.model_validate(changes)


def test_a_wrong_quote_says_what_may_be_quoted() -> None:
    with pytest.raises(ValidationError, match="depolarizing, average_infidelity, pauli_error; not as 'fidelity'"):
        Platform.model_validate({"gate1_depolarizing": {"fidelity": 0.99}})
    with pytest.raises(ValidationError, match=r"pauli_error is 2\.0; give a probability from 0 to 1"):
        Platform.model_validate({"gate1_depolarizing": {"pauli_error": 2.0}})


def test_a_platform_can_be_adjusted_in_part() -> None:
    ion = platform_profile("trapped_ion_node")
    changed = ion.adjusted({"t2_s": 0.2, "photon": {"visibility": 0.95}, "memory": {"modes": 3}})
    assert changed.t2_s == 0.2
    assert changed.photon is not None
    assert ion.photon is not None
    assert changed.photon == ion.photon.model_copy(update={"visibility": 0.95})
    assert changed.memory == MemoryProfile(modes=3)
    again = changed.adjusted({"memory": {"cutoff_s": 0.5}, "gate2_depolarizing": {"average_infidelity": 7.5e-3}})
    assert (again.memory.modes, again.memory.cutoff_s) == (3, 0.5)
    assert again.gate2_depolarizing == pytest.approx(0.01)
    assert ion.t2_s == 85e-3
    assert ion.memory == MemoryProfile()
    assert ion.adjusted({"photon": None}).photon is None


def test_the_published_schema_lets_files_quote_errors() -> None:
    figures = Platform.model_json_schema()["properties"]
    plain, quoted = figures["gate2_depolarizing"]["anyOf"]
    assert plain["type"] == "number"
    assert set(quoted["properties"]) == {"depolarizing", "average_infidelity", "pauli_error"}


def test_a_sheet_cannot_speak_of_figures_it_has_not() -> None:
    with pytest.raises(ValidationError, match=r"speaks of photon\.emission"):
        PlatformSheet(name="x", description="x", source="x", assumed={"photon.emission": "a guess"})


def test_an_unknown_platform_is_named_with_the_closest_there_is() -> None:
    with pytest.raises(InputError, match="did you mean nv_centre"):
        platform_profile("nv_center")
