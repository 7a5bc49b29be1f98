"""`qstack platforms`: the list, one in full, and what is refused."""

from __future__ import annotations

import json
import math

import pytest

from qstack.link import platform_names, platform_profile
from tests.cli.run import Shell


def test_the_list_as_json(shell: Shell) -> None:
    listed = shell("platforms", "--json").json["platforms"]
    assert [each["name"] for each in listed] == platform_names()
    for each in listed:
        platform = platform_profile(each["name"])
        figures = each["figures"]
        assert figures["t2_s"] == (platform.t2_s if math.isfinite(platform.t2_s) else None)
        assert figures["gate2_depolarizing"] == platform.gate2_depolarizing
        assert figures["memory"]["stores"] is platform.memory.stores
        assert each["source"] and each["description"]


def test_json_has_no_numbers_that_json_has_not(shell: Shell) -> None:
    def refused(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(shell("platforms", "--json").out, parse_constant=refused)


def test_one_as_json_tells_what_the_source_quotes(shell: Shell) -> None:
    facts = shell("platforms", "google_willow", "--json").json
    assert facts["quoted"]["gate2_depolarizing"] == {"pauli_error": 3.44e-3}
    assert facts["figures"]["gate2_average_infidelity"] == pytest.approx(3.44e-3 * 4 / 5)
    assert facts["figures"]["gate1_average_infidelity"] == pytest.approx(4.05e-4 * 2 / 3)
    crystal = shell("platforms", "rare_earth_memory", "--json").json
    assert crystal["figures"]["t1_s"] is None
    assert "photon.emission" in crystal["assumed"]


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_list_keeps_names_whole(shell: Shell, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = shell("platforms").out.splitlines()
    assert all(len(line) <= int(columns) for line in lines)
    for name in platform_names():
        assert any(line.startswith(f"{name} ") for line in lines)
    (row,) = [k for k, line in enumerate(lines) if line.startswith("ibm_heron_r2 ") and "283 µs" in line]
    assert lines[row].split()[1:] == ["283", "µs", "144", "µs", "32", "ns", "68", "ns", "2.28", "µs", "none"]
    assert lines[row + 1].split() == ["0.023", "%", "0.18", "%", "0.95", "%"]


def test_one_in_full(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    said = shell("platforms", "nv_centre").out
    for told in (
        "appendix A.5",
        "10 h",
        "one given zero 0.07",
        "0.0375",
        "dark_count 1.5e-07",
        "converted from 637 nm",
    ):
        assert told in said
    assert "assumed: the order of a Raman pulse" in shell("platforms", "neutral_atom").out
    assert "Pauli error 0.00344" in shell("platforms", "google_willow").out
    assert "not given  gate1_time_s" in shell("platforms", "photonic_spdc").out


def test_an_unknown_name_is_refused_with_the_closest(shell: Shell) -> None:
    said = shell("platforms", "nv_center")
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("error: no platform is named 'nv_center'; did you mean nv_centre? (there are ")
    assert len(said.err.splitlines()) == 1
