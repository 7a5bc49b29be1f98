"""GraphML: what is written comes back, what is broken or hostile is refused with the file's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.errors import QstackError
from qstack.routing import Network, NetworkFileError, Node
from qstack.routing.checks import great_circle_km
from qstack.routing.topologies import TopologyError, to_yaml

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="Latitude" attr.type="double" for="node" id="d1" />
  <key attr.name="Longitude" attr.type="double" for="node" id="d2" />
  <key attr.name="label" attr.type="string" for="node" id="d3" />
  <key attr.name="length_km" attr.type="double" for="edge" id="d4" />
  <key attr.name="Network" attr.type="string" for="graph" id="d5" />
"""
Spot = tuple[float, float] | None
Cable = tuple[int, int, float | None]


def graphml(nodes: Sequence[tuple[str, Spot]], edges: Sequence[Cable], name: str = "Zoo") -> str:
    def data(**said: object) -> str:
        return "".join(f'<data key="{key}">{escape(str(value))}</data>' for key, value in said.items())

    lines = [
        f"<node id={quoteattr(f'id{i}')}>{data(d3=label)}{data(d1=spot[0], d2=spot[1]) if spot else ''}</node>"
        for i, (label, spot) in enumerate(nodes)
    ]
    lines += [
        f'<edge source="id{a}" target="id{b}">{data(d4=length) if length is not None else ""}</edge>'
        for a, b, length in edges
    ]
    return f'{HEAD}<graph edgedefault="undirected">{data(d5=name)}{"".join(lines)}</graph></graphml>'


def written(folder: Path, text: str | bytes, name: str = "net.graphml") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


SQUARE = [("Delft", (52.0, 4.36)), ("Gouda", (52.02, 4.71)), ("Delft", (51.9, 4.5)), ("", (51.8, 4.9))]


def test_labels_places_and_lengths_are_read(tmp_path: Path) -> None:
    file = written(tmp_path, graphml(SQUARE, [(0, 1, None), (1, 2, 40.5), (2, 3, None), (3, 0, None)]))
    network = Network.load(file)
    assert network.name == "Zoo"
    assert [node.name for node in network.nodes] == ["Delft", "Gouda", "Delft 2", "id3"]
    assert (network.node("Gouda").lat, network.node("Gouda").lon) == (52.02, 4.71)
    assert network.link("Gouda", "Delft 2").length_km == 40.5
    assert network.link("Delft", "Gouda").length_km == pytest.approx(1.4 * 24.06, abs=0.05)
    assert "Assumed: 3 fibres 1.4 times" in network.description
    assert Network.load(f"{file}?fibre_factor=2").link("Delft", "Gouda").length_km == pytest.approx(48.1, abs=0.1)
    assert Network.load(f"{file}?platform=neutral_atom").node("id3").platform == "neutral_atom"
    assert Network.from_yaml(to_yaml(network)) == network


def test_loops_parallels_and_parts_are_left_out_and_told(tmp_path: Path) -> None:
    nodes = [*SQUARE, ("Far", (1.0, 1.0)), ("Away", (1.0, 2.0))]
    edges = [(0, 0, None), (0, 1, None), (1, 0, 99.0), (0, 1, None), (1, 2, None), (2, 3, None), (4, 5, None)]
    network = Network.load(written(tmp_path, graphml(nodes, edges), "net.xml"))
    assert (len(network.nodes), len(network.links)) == (4, 3)
    for told in ("1 links from a node to itself", "2 parallel links", "2 nodes that the others cannot reach"):
        assert told in network.description


def test_links_without_a_length_need_one(tmp_path: Path) -> None:
    file = written(tmp_path, graphml([("A", None), ("B", None)], [(0, 1, None)]))
    with pytest.raises(TopologyError, match=r"A - B has no length.*\?length_km=50"):
        Network.load(file)
    assert Network.load(f"{file}?length_km=33").links[0].length_km == 33


def test_nodes_at_one_place_get_a_short_fibre(tmp_path: Path) -> None:
    file = written(tmp_path, graphml([("A", (1.0, 2.0)), ("B", (1.0, 2.0))], [(0, 1, None)]))
    assert Network.load(file).links[0].length_km == 0.1


LABELS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=90)
SPOTS = st.tuples(st.floats(-89, 89), st.floats(-180, 180))


@given(st.data())
def test_any_graph_keeps_its_largest_part(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    nodes = data.draw(st.lists(st.tuples(LABELS, SPOTS), min_size=2, max_size=7))
    index = st.integers(0, len(nodes) - 1)
    edges = data.draw(st.lists(st.tuples(index, index, st.none()), max_size=10))
    folder = tmp_path_factory.mktemp("zoo")
    part = {i: {i} for i in range(len(nodes))}
    for a, b, _ in edges:
        if part[a] is not part[b]:
            part[a] |= part[b]
            part.update(dict.fromkeys(part[b], part[a]))
    largest = max(map(len, part.values()))
    try:
        network = Network.load(
            f"{written(folder, graphml(nodes, edges))}?kind=heralded&success_probability=1&attempt_time_s=1"
        )
    except TopologyError as error:
        assert largest == 1, error
        return
    assert len(network.nodes) == largest
    assert len({node.name for node in network.nodes}) == largest
    spots = {nodes[i][1] for i in part if len(part[i]) == largest}
    assert {(node.lat, node.lon) for node in network.nodes} <= spots
    for link in network.links:
        first, second = (network.node(name) for name in link.between)
        distance = great_circle_km(Node(name="a", lat=first.lat, lon=first.lon), second)
        assert link.length_km == pytest.approx(max(1.4 * distance, 0.1), abs=5e-4)
    assert Network.from_yaml(to_yaml(network)) == network


BOMB = """<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
LEAK = """<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""
GOOD = graphml(SQUARE, [(0, 1, None), (1, 2, None)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("?>", "?>" + BOMB, 1).replace("Gouda", "&b;"), "DOCTYPE"),
        (GOOD.replace("?>", "?>" + LEAK, 1).replace("Gouda", "&a;"), "DOCTYPE"),
        (GOOD.replace("?>", '?><!DOCTYPE x SYSTEM "http://localhost/x.dtd">', 1), "DOCTYPE"),
        (GOOD.replace("Gouda", "&nbsp;"), "undefined entity"),
        (GOOD.replace("utf-8", "klingon"), "klingon|encoding"),
        (GOOD.encode("utf-16"), "not XML"),
        (GOOD[:-20], "not XML"),
        ("", "not XML"),
        ("<html/>", "no GraphML"),
        (HEAD + "</graphml>", "no GraphML with one graph"),
        (HEAD + "<graph/><graph/></graphml>", "one graph"),
        ("<graphml>" + "<a>" * 100_000 + "</a>" * 100_000 + "</graphml>", "one graph"),
        (GOOD.replace("52.02", "north"), "'north' is no number"),
        (GOOD.replace("52.02", "nan"), "'nan' is no number"),
        (GOOD.replace("52.02", "152.02"), "no place on the globe"),
        (GOOD.replace('id="id2"', 'id="id1"'), "two nodes have the id 'id1'"),
        (GOOD.replace('target="id2"', 'target="id9"'), "leads to 'id9'"),
        (graphml(SQUARE, [(0, 1, -3.0)]), "lengths are above 0"),
    ],
)
def test_broken_and_hostile_files_are_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(NetworkFileError, match=told) as caught:
        Network.load(file)
    assert str(caught.value).startswith(str(file))


def test_files_that_are_too_large_or_absent_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError, match="cannot be read"):
        Network.load(tmp_path / "absent.graphml")
    with pytest.raises(NetworkFileError, match="cannot be read"):
        Network.load("\0.graphml")
    file = written(tmp_path, GOOD + " " * 16_000_000)
    with pytest.raises(NetworkFileError, match="larger than"):
        Network.load(file)


@given(st.data())
def test_no_change_of_a_file_does_worse_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = GOOD.encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(start + 60, len(raw))))
    piece = data.draw(st.one_of(st.binary(max_size=9), st.sampled_from([b"<", b"&a;", b"</node>", b"\x00", b"1e999"])))
    file = written(tmp_path_factory.mktemp("fuzz"), raw[:start] + piece + raw[end:])
    try:
        network = Network.load(file)
    except QstackError:
        return
    assert Network.from_yaml(to_yaml(network)) == network
