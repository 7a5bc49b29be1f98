"""Network files: what is right is read as written, what is wrong is named with file, line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qstack.routing import DoubleClickLink, HeraldedLink, Network, NetworkError, NetworkFileError
from qstack.routing.schema import file_schema, schema_text

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))

GOOD = """\
name: Small
defaults:
  platform: atom
  links: {detector: {efficiency: 0.8}, modes: 4}
platforms:
  atom:
    base: neutral_atom
    t2_s: 2.0
    photon: {visibility: 0.9}
nodes:
  - {name: A, lat: 52.0, lon: 4.0}
  - {name: B, lat: 52.0, lon: 4.1, platform: neutral_atom}
  - {name: C, x_km: 1.0, y_km: 2.0, swap_success: 0.5}
links:
  - {between: [A, B], length_km: 9.0}
  - between: [B, C]
    length_km: 5.0
    modes: 7
  - {between: [C, A], kind: heralded, success_probability: 0.5, attempt_time_s: 1e-3}
"""


def faults(text: str) -> list[str]:
    with pytest.raises(NetworkFileError) as caught:
        Network.from_yaml(text, source="net.yaml")
    return str(caught.value).splitlines()


def test_a_good_file_is_read_as_written_with_its_defaults() -> None:
    network = Network.from_yaml(GOOD)
    assert network.name == "Small"
    assert [node.name for node in network.nodes] == ["A", "B", "C"]
    first, second, third = network.links
    assert isinstance(first, DoubleClickLink)
    assert isinstance(second, DoubleClickLink)
    assert isinstance(third, HeraldedLink)
    assert (first.detector.efficiency, first.modes, second.modes) == (0.8, 4, 7)
    assert third.attempt_time_s == 1e-3
    assert network.platform("A").t2_s == 2.0
    assert network.platform("B").t2_s == 1.5
    own = network.platform("A").photon
    assert own is not None
    assert (own.visibility, own.emission) == (0.9, 0.5)
    assert network.node("C").swap_success == 0.5
    assert network.link("A", "C") is network.link("C", "A")


def test_a_file_read_again_from_its_model_is_the_same() -> None:
    network = Network.from_yaml(GOOD)
    again = Network.model_validate(json.loads(network.model_dump_json()))
    assert again == network


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("length_km: 5.0", "lenght_km: 5.0", "net.yaml:17: links[1].lenght_km: unknown field; did you mean length_km?"),
        ("length_km: 5.0", "length_km: -5.0", "net.yaml:17: links[1].length_km: Input should be greater than 0"),
        ("length_km: 9.0", "length_km: 6.0", "net.yaml:15: links[0].length_km: 6 km of fibre cannot join nodes"),
        ("length_km: 9.0", "length_km: .nan", "net.yaml:15: links[0].length_km: "),
        ("modes: 7", "modes: 0.5", "net.yaml:18: links[1].modes: "),
        ("modes: 7", "detector: {efficiency: 1.5}", "net.yaml:18: links[1].detector.efficiency: "),
        ("modes: 7", "visibility: yes please", "net.yaml:18: links[1].visibility: "),
        ("t2_s: 2.0", "t2_s: 2.0\n    t1_s: 0.5", "platforms.atom: t2_s is 2.0 and t1_s is 0.5"),
        ("t2_s: 2.0", "t3_s: 2.0", "net.yaml:8: platforms.atom.t3_s: "),
        ("base: neutral_atom", "base: neutral_atoms", "net.yaml:7: platforms.atom.base: no platform is named"),
        ("platform: neutral_atom", "platform: neutralatom", "net.yaml:12: nodes[1].platform: no platform is named"),
        ("platform: neutral_atom", "platform: ibm_heron_r2", "B has no photon interface, so it cannot have a"),
        ("name: B,", "name: A,", "net.yaml:12: nodes[1].name: a node named 'A' is there already"),
        ("between: [A, B]", "between: [A, Bee]", "net.yaml:15: links[0].between: there is no node 'Bee'"),
        ("between: [A, B]", "between: [A, A]", "a link joins two nodes"),
        ("between: [A, B]", "between: [A]", "net.yaml:15: links[0].between"),
        ("between: [A, B]", "between: [C, B]", "are linked already"),
        ("kind: heralded", "kind: midpoint", "no kind of link is called 'midpoint'; this is now double_click"),
        ("modes: 7", "dark_count: 1e-6", "net.yaml:18: links[1].dark_count: no field of this; it belongs to detector"),
        ("modes: 7", "detector_efficiency: 0.5", "unknown field; this is now detector: {efficiency: ...}"),
        ("between: [B, C]", "between: B-C", "net.yaml:16: links[1].between: give the names of the two nodes"),
        ("kind: heralded", "kind: magic", "net.yaml:19: links[2]: no kind of link is called 'magic' (kinds are abs"),
        ("kind: heralded", "kind: [1]", "net.yaml:19: links[2]"),
        ("lat: 52.0, lon: 4.0", "lat: 52.0", "net.yaml:11: nodes[0]: give both lat and lon"),
        ("lat: 52.0, lon: 4.0", "lat: 152.0, lon: 4.0", "net.yaml:11: nodes[0].lat: "),
        ("x_km: 1.0, y_km: 2.0", "x_km: .inf, y_km: 2.0", "net.yaml:13: nodes[2].x_km: "),
        ("swap_success: 0.5", "swap_success: 0", "net.yaml:13: nodes[2].swap_success: "),
        ("swap_success: 0.5", "name: D", "net.yaml:13: 'name' is given twice"),
        ("attempt_time_s: 1e-3", "attempt_time_s: 0", "net.yaml:19: links[2].attempt_time_s: "),
        ("success_probability: 0.5, ", "", "net.yaml:19: links[2].success_probability: is missing"),
        ("name: Small", "nane: Small", "net.yaml:1: nane: unknown field; did you mean name?"),
        ("name: Small", "name: [", "net.yaml:"),
        ("name: Small", "name: &x Small\ndescription: *x", "net.yaml:2: aliases (*name) are not allowed here"),
        ("name: Small", "? [1, 2]\n: 3", "net.yaml:1: a key must be a plain text"),
        ("name: Small", "name: !!python/object:os.system x", "types (!name) are not allowed here"),
        ("modes: 7", "modes: !!timestamp", "net.yaml:18: types (!name) are not allowed here"),
        ("name: Small", "name: 2001-13-45", "net.yaml: "),
        ("name: Small", "name: 2001-12-24", "net.yaml:1: name: Input should be a valid string"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_line_and_field(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new))
    assert any(expected in line for line in found), found
    assert all(line.startswith("net.yaml:") for line in found)


def test_all_faults_are_told_at_once() -> None:
    wrong = GOOD.replace("length_km: 5.0", "length_km: -1").replace("lat: 52.0, lon: 4.0", "lat: 99, lon: 4.0")
    wrong = wrong.replace("attempt_time_s: 1e-3", "attempt_time: 1e-3")
    lines = {line.split(":")[1] for line in faults(wrong)}
    assert lines == {"11", "17", "19"}


def test_items_that_are_wrong_are_not_told_to_be_missing_too() -> None:
    wrong = "nodes: [{name: A}, {name: B}]\nlinks:\n  - {between: [A, B], length_km: -1}\n"
    assert [line.split(": ")[1] for line in faults(wrong)] == ["links[0].length_km"]


def test_only_so_many_faults_are_shown() -> None:
    many = "nodes:\n" + "".join(f"  - {{nam: n{k}}}\n" for k in range(100)) + "links: [{between: [a, b], length_km: 1}]"
    found = faults(many)
    assert len(found) < 40
    assert found[-1].endswith("more")


def test_what_cannot_be_reached_is_refused() -> None:
    apart = GOOD.replace("  - {name: C", "  - {name: D}\n  - {name: C")
    assert faults(apart) == ["net.yaml:13: nodes[2].name: D cannot be reached from A: no links lead there"]


@pytest.mark.parametrize(
    "text", ["", "- 1\n", "hello", "1", "{}", "nodes: 3\nlinks: {}", "nodes: []\nlinks: []", "---\na: 1\n---\nb: 2\n"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    assert faults(text)


def test_hostile_files_are_refused_quickly() -> None:
    bomb = "a: &a [x]\n" + "".join(f"b{k}: &b{k} [*a, *a]\n" for k in range(30))
    for text in (
        bomb,
        "a: " + "[" * 5000,
        "[" * 200_000,
        "a: " + "9" * 100_000,
        "a: 0x" + "f" * 100_000,
        "\x00",
        "a: \ud800",
    ):
        assert faults(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: Caf\xe9\n")
    for path in (tmp_path, tmp_path / "none.yaml", tmp_path / "latin.yaml", tmp_path / "nul\x00.yaml"):
        with pytest.raises(NetworkFileError):
            Network.load(path)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["A", "B", "heralded"]),
)
keys = st.sampled_from(
    [
        "name",
        "nodes",
        "links",
        "between",
        "length_km",
        "kind",
        "defaults",
        "platforms",
        "base",
        "photon",
        "lat",
        "lon",
        "x",
    ]
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=25
)


@given(trees)
def test_any_structure_is_a_network_or_a_network_file_error(tree: object) -> None:
    try:
        Network.from_yaml(yaml.safe_dump(tree))
    except NetworkFileError as error:
        assert str(error)


@given(trees, st.sampled_from(["nodes", "links", "defaults", "platforms", "name", "control"]), trees)
def test_any_change_of_a_part_is_a_network_or_a_network_file_error(tree: object, part: str, more: object) -> None:
    values = yaml.safe_load(GOOD)
    values[part] = tree
    if (
        isinstance(more, dict)
        and isinstance(values["links"], list)
        and values["links"]
        and isinstance(values["links"][0], dict)
    ):
        values["links"][0] |= more
    try:
        Network.from_yaml(yaml.safe_dump(values))
    except NetworkFileError as error:
        assert str(error)


@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 12),
    st.text(max_size=8) | st.text("{}[]:,-&*!|>'\"#%@ \n\t?0.", max_size=8),
)
def test_any_edit_of_the_text_is_a_network_or_a_network_file_error(at: int, cut: int, put: str) -> None:
    try:
        Network.from_yaml(GOOD[:at] + put + GOOD[at + cut :])
    except NetworkFileError as error:
        assert str(error)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_networks(path: Path) -> None:
    network = Network.load(path)
    facts = json.loads(json.dumps(network.to_dict()))
    assert facts["name"] == network.name
    assert [node["name"] for node in facts["nodes"]] == [node.name for node in network.nodes]
    assert all(len(link["between"]) == 2 for link in facts["links"])


def test_the_published_schema_is_up_to_date() -> None:
    published = (ROOT / "docs" / "reference" / "network.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "write qstack.routing.schema.schema_text() to docs/reference/network.schema.json"


def test_the_schema_lets_defaults_complete_links_and_knows_every_field() -> None:
    schema = file_schema()
    assert schema["$defs"]["DoubleClickLink"]["required"] == ["between"]
    assert set(schema["$defs"]["PlatformChange"]["properties"]) >= {
        "base",
        "t1_s",
        "t2_s",
        "photon",
        "gate2_depolarizing",
    }
    values = yaml.safe_load(GOOD)
    for part in ("Node", "DoubleClickLink", "HeraldedLink"):
        assert schema["$defs"][part]["additionalProperties"] is False
    for node in values["nodes"]:
        assert set(node) <= set(schema["$defs"]["Node"]["properties"])


def test_a_network_says_what_it_has_not() -> None:
    network = Network.from_yaml(GOOD)
    with pytest.raises(NetworkError, match="no node 'D'"):
        network.node("D")
    chain = Network.load(ROOT / "examples" / "reference_chain.yaml")
    with pytest.raises(NetworkError, match="no link between N0 and N2"):
        chain.link("N0", "N2")
    with pytest.raises(NetworkError, match="did you mean Eindhoven"):
        Network.load(ROOT / "examples" / "netherlands.yaml").node("Eindhofen")
