"""Every command as a shell sees it: what it prints, its one JSON object, its errors and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import openqasm3
import pytest

from qstack.application import Result
from qstack.backend import backend_names
from qstack.language import Program, protocol_names
from tests.cli.run import Shell

NATIONAL = "examples/netherlands.yaml"
CITIES = ("--role", "alice=Delft", "--role", "bob=Eindhoven")
LAB = ("run", "chsh", "--network", NATIONAL, *CITIES, "--shots", "2000", "--seed", "7")


class TestApplication:
    def test_says_its_version(self, shell: Shell) -> None:
        said = shell("--version")
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith("qstack 0.")

    def test_without_a_command_it_helps(self, shell: Shell) -> None:
        said = shell()
        assert said.code == 0
        for name in ("run", "compile", "plan", "topology", "platforms", "protocols", "backends", "doctor"):
            assert f"\n  {name} " in said.out

    @pytest.mark.parametrize(
        "name", ["run", "compile", "plan", "topology", "platforms", "protocols", "backends", "doctor"]
    )
    def test_every_command_explains_itself(self, shell: Shell, name: str) -> None:
        said = shell(name, "--help")
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith(f"Usage: qstack {name} ")
        assert "..." not in said.out.splitlines()[2]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["rum"], "no such command 'rum'"),
            (["run"], "missing argument 'PROTOCOL'"),
            (["run", "chsh", "--shots", "many"], "--shots"),
            (["run", "chsh", "--seed", "-1"], "--seed"),
            (["run", "chsh", "--lowering", "fast"], "'fast' is not one of 'frame', 'native', 'deferred'"),
            (["run", "chsh", "--colour"], "--colour"),
            (["plan", "A", "B", "--fidelity", "2"], "--fidelity"),
        ],
    )
    def test_wrong_words_are_one_line_and_code_2(self, shell: Shell, words: list[str], told: str) -> None:
        assert told in shell.refused(*words)

    def test_the_unexpected_is_one_line_and_code_1(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("qstack.language.load_protocol", int)
        error = shell.refused("run", "ch\nsh", code=1)
        assert error.startswith("error: unexpected ValueError: invalid literal for int()")
        assert error.count("\n") == 1

    def test_debug_shows_where(self, shell: Shell) -> None:
        said = shell("run", "chsh", "--shots", "0", "--debug")
        assert said.code == 2
        assert "Traceback" in said.err
        assert said.err.splitlines()[-1].startswith("error: shots is 0")


class TestRun:
    def test_json_is_one_object_with_what_was_promised(self, shell: Shell) -> None:
        said = shell(*LAB, "--json")
        assert (said.code, said.err) == (0, "")
        found = said.json
        promised = {"protocol", "backend", "shots", "seed", "roles", "delivery", "outputs", "metrics", "provenance"}
        assert promised <= set(found)
        assert (found["protocol"], found["shots"], found["seed"]) == ("chsh", 2000, 7)
        assert found["roles"] == {"alice": "Delft", "bob": "Eindhoven"}
        assert {"path", "fidelity", "rate_per_s", "latency_s"} <= set(found["delivery"])
        assert found["delivery"]["path"][0] == "Delft"
        assert found["metrics"]["S"]["low"] < found["metrics"]["S"]["value"] < found["metrics"]["S"]["high"]
        assert found["provenance"]["emulated"] is True
        assert Result.from_json(said.out).protocol == "chsh"

    def test_the_same_seed_gives_the_same_metrics_and_another_does_not(self, shell: Shell) -> None:
        first, again = shell(*LAB, "--json").json, shell(*LAB, "--json").json
        assert first["metrics"] == again["metrics"]
        other = shell(*LAB[:-1], "8", "--json").json
        assert first["metrics"] != other["metrics"]

    def test_people_get_tables_without_colour_codes(self, shell: Shell) -> None:
        said = shell(*LAB)
        assert (said.code, said.err) == (0, "")
        assert "\x1b" not in said.out
        for piece in ("chsh · 2,000 shots", "95 % interval", "Delft → ", "fidelity", "repeat with --seed 7"):
            assert piece in said.out

    def test_a_drawn_seed_is_told_and_repeats_the_run(self, shell: Shell) -> None:
        first = shell("run", "chsh", "--shots", "500", "--json").json
        again = shell("run", "chsh", "--shots", "500", "--seed", str(first["seed"]), "--json").json
        assert first["metrics"] == again["metrics"]

    @pytest.mark.parametrize("name", protocol_names())
    def test_every_installed_protocol_runs(self, shell: Shell, name: str) -> None:
        assert shell("run", name, "--seed", "1", "--json").json["protocol"] == name

    def test_a_list_role_settings_and_a_file(self, shell: Shell) -> None:
        found = shell("run", "ghz", "-r", "parties=A,B,C,D", "-N", "100", "--json").json
        assert found["roles"] == {"parties": ["A", "B", "C", "D"]}
        found = shell("run", "superdense_coding", "--set", "direct=true", "-N", "100", "--json").json
        assert found["settings"] == {"direct": True}
        assert shell("run", "protocols/chsh.py:chsh", "-N", "100", "--json").json["protocol"] == "chsh"

    def test_an_input_reaches_its_node(self, shell: Shell, tmp_path: Path) -> None:
        (tmp_path / "mine.py").write_text(
            "from qstack.language import Bit, Node, protocol\n\n\n"
            "@protocol\n"
            "def told(alice: Node) -> dict[str, Bit]:\n"
            '    """Say what was given."""\n'
            '    return {"said": ~alice.input("x")}\n'
        )
        file = f"{tmp_path / 'mine.py'}:told"
        said = shell("run", file, "-N", "3", "--input", "x=0,1,0", "--json")
        assert Result.from_json(said.out)["said"].tolist() == [1, 0, 1]
        assert "x of alice is missing" in shell.refused("run", file, "-N", "3")
        assert "has no input 'y'" in shell.refused("run", file, "-i", "y=1")

    @pytest.mark.parametrize("way", ["frame", "native", "deferred"])
    def test_lowerings_can_be_forced(self, shell: Shell, way: str) -> None:
        found = shell("run", "teleportation", "--lowering", way, "-N", "200", "--seed", "1", "--json").json
        assert found["provenance"]["lowering"] == way
        assert found["metrics"]["fidelity"]["value"] == 1.0

    def test_expansion_and_memory_are_recorded(self, shell: Shell) -> None:
        found = shell(*LAB, "--expand", "repeaters", "--memory", "exact", "--json").json
        assert found["provenance"]["entanglement"] == "repeaters"
        assert found["provenance"]["memory"] == "exact"

    @pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
    def test_a_picture_and_the_result_are_written(self, shell: Shell, tmp_path: Path, suffix: str) -> None:
        plot, out = tmp_path / "new" / f"chsh.{suffix}", tmp_path / "chsh.json"
        said = shell(*LAB, "--plot", str(plot), "--out", str(out))
        assert (said.code, said.err) == (0, "")
        assert str(plot) in said.out
        assert plot.stat().st_size > 5000
        assert Result.from_json(out.read_text()).seed == 7

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["chs"], "did you mean chsh"),
            (["nowhere.py:chsh"], "nowhere.py"),
            (["chsh", "--role", "x"], "--role 'x' is not NAME=VALUE"),
            (["chsh", "--role", "alce=A"], "did you mean alice"),
            (["chsh", "--set", "rounds"], "--set 'rounds' is not NAME=VALUE"),
            (["chsh", "--set", "rounds=2"], "rounds"),
            (["superdense_coding", "--set", "direct=maybe"], "direct is 'maybe'"),
            (["chsh", "--input", "x=up"], "--input x=up is not a whole number"),
            (["chsh", "--shots", "0"], "shots is 0"),
            (["chsh", "--backend", "qiskit"], "installed backends: "),
            (["chsh", "--backend", "stim"], "needs gate ry"),
            (["chsh", "--plot", "chsh.gif"], "a picture ends in .png, .svg or .pdf"),
            (["chsh", "--out", "examples"], "is a folder"),
            (["chsh", "--network", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
            (["chsh", "--network", NATIONAL], "no node plays alice, bob"),
            (["chsh", "--network", NATIONAL, "-r", "alice=Delft", "-r", "bob=Eindhofen"], "did you mean Eindhoven"),
            (["error_rate", "--shots", "5"], "error_rate is a conversation"),
        ],
    )
    @pytest.mark.parametrize("more", [[], ["--json"]], ids=["", "json"])
    def test_what_is_wrong_is_said_on_one_line(
        self, shell: Shell, words: list[str], more: list[str], told: str
    ) -> None:
        assert told in shell.refused("run", *words, *more)

    def test_every_fault_of_a_network_file_is_told(self, shell: Shell, tmp_path: Path) -> None:
        file = tmp_path / "bad.yaml"
        file.write_text("nodes: [{name: A}, {name: B, colour: red}]\nlinks:\n  - {between: [A, C], length_km: -1}\n")
        said = shell("topology", str(file))
        assert (said.code, said.out) == (2, "")
        faults = said.err.splitlines()
        assert len(faults) >= 2
        assert all(fault.startswith(f"error: {file}:") for fault in faults)


class TestCompile:
    def test_openqasm_parses(self, shell: Shell) -> None:
        said = shell("compile", "teleportation", "--to", "openqasm3")
        assert openqasm3.parse(said.out).version == "3.0"
        assert "input int d0;  // 0 to 5" in said.out
        assert "// output wrong at bob = " in said.out

    def test_a_network_adds_its_noise(self, shell: Shell) -> None:
        said = shell("compile", "chsh", "-t", "openqasm3", "-n", NATIONAL, *CITIES)
        openqasm3.parse(said.out)
        assert "#pragma braket noise pauli_channel" in said.out

    def test_json_has_every_circuit_with_its_values(self, shell: Shell) -> None:
        found = shell("compile", "chsh", "-t", "openqasm3", "--json").json
        assert [each["values"] for each in found["circuits"]] == [{"d0": a, "d1": b} for a in (0, 1) for b in (0, 1)]
        for each in found["circuits"]:
            openqasm3.parse(each["text"])

    @pytest.mark.parametrize("way", ["frame", "native", "deferred"])
    def test_lowering_changes_the_circuit(self, shell: Shell, way: str) -> None:
        found = shell("compile", "teleportation", "-t", "openqasm3", "--lowering", way, "--json").json
        feeds_forward = any("if (" in each["text"] for each in found["circuits"])
        assert (found["lowering"], feeds_forward) == (way, way == "native")

    def test_program_reads_back(self, shell: Shell) -> None:
        program = Program.from_json(shell("compile", "ghz", "-t", "program", "-r", "parties=A,B,C,D").out)
        assert program.roles == ("parties[0]", "parties[1]", "parties[2]", "parties[3]")
        assert shell("compile", "ghz", "-t", "program", "--json").json["name"] == "ghz"

    def test_diagram_text_and_half(self, shell: Shell) -> None:
        assert shell("compile", "teleportation", "-t", "diagram").out.startswith("sequenceDiagram\n")
        assert "pair p0" in shell("compile", "teleportation").out
        half = shell("compile", "teleportation", "-t", "half", "--role-name", "bob").out
        assert "half of bob" in half
        assert "draw" not in half
        assert shell("compile", "chsh", "-t", "diagram", "--json").json["text"].startswith("sequenceDiagram\n")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["chsh", "-t", "half"], "give the role whose half you want"),
            (["chsh", "-t", "half", "--role-name", "alce"], "did you mean alice"),
            (["chsh", "-t", "latex"], "'latex' is not one of"),
            (["error_rate"], "error_rate is a conversation"),
            (["protocols/teleportation.py:teleport"], "teleport is a building block"),
            (["chsh", "-t", "openqasm3", "-b", "stim"], "needs gate ry"),
        ],
    )
    def test_what_is_wrong_is_said_on_one_line(self, shell: Shell, words: list[str], told: str) -> None:
        assert told in shell.refused("compile", *words)


class TestPlan:
    def test_json_has_path_rate_and_fidelity(self, shell: Shell) -> None:
        found = shell("plan", "Delft", "Eindhoven", "--network", NATIONAL, "--json").json
        assert (found["path"][0], found["path"][-1]) == ("Delft", "Eindhoven")
        assert found["rate_per_s"] > 0
        assert 0.5 < found["fidelity"] <= 1
        assert all(other["reason"] for other in found["alternatives"])
        assert all(other["rate_per_s"] <= found["rate_per_s"] for other in found["alternatives"])

    def test_a_higher_floor_costs_rate(self, shell: Shell) -> None:
        words = ("plan", "Delft", "Eindhoven", "-n", NATIONAL, "--json")
        cheap, good = shell(*words).json, shell(*words, "--fidelity", "0.95").json
        assert good["fidelity"] >= 0.95 > cheap["fidelity"]
        assert good["rate_per_s"] < cheap["rate_per_s"]

    def test_several_pairs_wait_for_the_last(self, shell: Shell) -> None:
        words = ("plan", "Delft", "Eindhoven", "-n", NATIONAL, "--json")
        assert shell(*words, "-k", "3").json["latency_s"]["mean"] > 2 * shell(*words).json["latency_s"]["mean"]

    def test_people_get_the_route_and_why_not_another(self, shell: Shell) -> None:
        said = shell("plan", "Delft", "Eindhoven", "-n", NATIONAL)
        assert said.out.startswith("path      Delft → ")
        assert "slower" in said.out

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["Delft", "Eindhoven"], "plan Delft Eindhoven --network FILE"),
            (["Delft", "Eindhofen", "-n", NATIONAL], "did you mean Eindhoven"),
            (["Delft", "Delft", "-n", NATIONAL], "two different nodes"),
            (["Delft", "Eindhoven", "-n", NATIONAL, "-f", "0.99999"], "the best is"),
        ],
    )
    def test_what_is_wrong_is_said_on_one_line(self, shell: Shell, words: list[str], told: str) -> None:
        assert told in shell.refused("plan", *words)


class TestTopology:
    def test_json_has_nodes_and_links(self, shell: Shell) -> None:
        found = shell("topology", NATIONAL, "--json").json
        assert found["name"] == "Netherlands"
        names = {node["name"] for node in found["nodes"]}
        assert {"Delft", "Eindhoven"} <= names
        assert all(set(link["between"]) <= names for link in found["links"])

    def test_people_get_tables(self, shell: Shell) -> None:
        said = shell("topology", NATIONAL)
        assert "52.01°N 4.36°E" in said.out
        assert "Delft - Rotterdam" in said.out
        assert "14.6 km" in said.out

    def test_a_map_is_written(self, shell: Shell, tmp_path: Path) -> None:
        assert shell("topology", NATIONAL, "--plot", str(tmp_path / "map.png")).code == 0
        assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


class TestLists:
    def test_protocols(self, shell: Shell) -> None:
        found = shell("protocols", "--json").json["protocols"]
        assert [each["name"] for each in found] == protocol_names()
        assert all(each["summary"] for each in found)
        said = shell("protocols").out
        assert all(name in said for name in protocol_names())

    def test_one_protocol_in_detail(self, shell: Shell) -> None:
        found = shell("protocols", "teleportation", "--json").json
        assert found["roles"] == [{"name": "alice", "list": False}, {"name": "bob", "list": False}]
        assert found["resources"]["pairs"] == 1
        assert "Bennett" in shell("protocols", "teleportation").out
        assert "integer ≥ 1" in shell("protocols", "error_rate").out
        assert "did you mean ghz" in shell.refused("protocols", "gzh")

    def test_backends(self, shell: Shell) -> None:
        found = shell("backends", "--json").json["backends"]
        assert [each["name"] for each in found] == backend_names()
        assert all(each["available"] for each in found)
        assert found[backend_names().index("stim")]["capabilities"]["feed_forward"] == "pauli"
        assert "Clifford" in shell("backends").out

    def test_a_backend_that_does_not_load_says_why(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(name: str) -> object:
            raise ImportError("no module named vendor")

        monkeypatch.setattr("qstack.backend.load_backend", broken)
        found = shell("backends", "--json").json["backends"]
        assert {each["reason"] for each in found} == {"ImportError: no module named vendor"}
        assert "not available" in shell("backends").out

    @pytest.mark.parametrize("width", ["30", "60", "200"])
    @pytest.mark.parametrize(
        "words", [("protocols",), ("backends",), ("topology", NATIONAL), ("run", "ghz", "-N", "9")]
    )
    def test_lines_keep_to_the_width(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch, width: str, words: tuple[str, ...]
    ) -> None:
        monkeypatch.setenv("COLUMNS", width)
        said = shell(*words)
        assert said.code == 0
        assert max(len(line) for line in said.out.splitlines()) <= max(
            int(width), len("Netherlands · 34 nodes, 43 links")
        )


class TestDoctor:
    def test_all_is_well_here(self, shell: Shell) -> None:
        found = shell("doctor", "--json").json
        assert found["ok"], [check for check in found["checks"] if not check["ok"]]
        names = {check["name"] for check in found["checks"]}
        assert {f"backend {name}" for name in backend_names()} <= names
        assert {f"protocol {name}" for name in protocol_names()} <= names

    def test_what_is_broken_is_found_and_the_code_is_1(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        import qstack.protocols

        monkeypatch.setitem(sys.modules, "protocols", qstack.protocols)
        said = shell("doctor", "--json")
        assert said.code == 1
        broken = [check for check in json.loads(said.out)["checks"] if not check["ok"]]
        assert [check["name"] for check in broken] == ["linked rooms"]
        assert "loaded twice" in broken[0]["seen"]
