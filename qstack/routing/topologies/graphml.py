"""GraphML files as the Internet Topology Zoo has them: nodes with label, Latitude and Longitude."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

from qstack.routing.links.base import PositiveLength
from qstack.routing.loading import NetworkFileError
from qstack.routing.topologies.graph import FIBRE_FACTOR, FibreFactor, Graph, Place, Source, imported

MAX_BYTES = 16_000_000


class GraphML(Source):
    """A GraphML file (Knight et al. 2011, IEEE JSAC 29, 1765, for the Topology Zoo's).

    Links may have their own `length_km`.

    Attributes:
        fibre_factor: length of fibre over the great circle, for links without a length.
        length_km: length of links that have neither a length nor ends with positions.
    """

    fibre_factor: FibreFactor = FIBRE_FACTOR
    length_km: PositiveLength | None = None

    def graph(self, what: str) -> Graph:
        """The graph of the file of that path.

        Raises:
            NetworkFileError: the file cannot be read, or is no GraphML.
            TopologyError: it is no network.
        """
        path = Path(what)
        graph, names = _only_graph(path)
        places: list[Place] = []
        index: dict[str, int] = {}
        for node in graph.iterfind("{*}node"):
            facts = _facts(node, names)
            key = node.get("id", "")
            if key in index:
                raise NetworkFileError(f"{path}: two nodes have the id {key!r}")
            index[key] = len(places)
            places.append(Place(key, facts.get("label", ""), _position(path, key, facts)))
        edges = []
        for edge in graph.iterfind("{*}edge"):
            first, second = (edge.get(end, "") for end in ("source", "target"))
            for end in (first, second):
                if end not in index:
                    raise NetworkFileError(f"{path}: an edge leads to {end!r}, and no node of the graph has that id")
            edges.append(((index[first], index[second]), _length(path, _facts(edge, names))))
        name = _facts(graph, names).get("network") or path.stem
        return imported(name, f"Read from {path.name}.", places, edges, self.fibre_factor, self.length_km)


class _Tree(ElementTree.TreeBuilder):
    """A tree without document types: with them go entities, which can make small files huge or read other files."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse it."""
        raise ValueError("a DOCTYPE is not allowed here")


def _only_graph(path: Path) -> tuple[ElementTree.Element, dict[str, str]]:
    """The graph of a file, and the names of its keys in small letters."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NetworkFileError(f"{path}: larger than {MAX_BYTES:,} bytes; this cannot be a network")
        text = path.read_bytes()
    except OSError as error:
        raise NetworkFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise NetworkFileError(f"{str(path)!r}: cannot be read: {error}") from error
    parser = ElementTree.XMLParser(target=_Tree())
    try:
        parser.feed(text)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise NetworkFileError(f"{path}: is not XML that can be read here: {error}") from error
    graphs = root.findall("{*}graph")
    if root.tag.rpartition("}")[2] != "graphml" or len(graphs) != 1:
        raise NetworkFileError(f"{path}: is no GraphML with one graph")
    names = {key.get("id", ""): key.get("attr.name", "").lower() for key in root.iterfind("{*}key")}
    return graphs[0], names


def _facts(element: ElementTree.Element, names: dict[str, str]) -> dict[str, str]:
    """What is said of a graph, node or edge, by the name of the key in small letters."""
    said = {names.get(data.get("key", ""), ""): (data.text or "").strip() for data in element.iterfind("{*}data")}
    return {name: text for name, text in said.items() if name and text}


def _position(path: Path, key: str, facts: dict[str, str]) -> dict[str, float]:
    if "latitude" not in facts or "longitude" not in facts:
        return {}
    lat, lon = (_number(path, f"node {key!r}", facts[name]) for name in ("latitude", "longitude"))
    if abs(lat) > 90 or abs(lon) > 180:
        raise NetworkFileError(f"{path}: node {key!r}: latitude {lat:g}, longitude {lon:g} is no place on the globe")
    return {"lat": lat, "lon": lon}


def _length(path: Path, facts: dict[str, str]) -> float | None:
    if "length_km" not in facts:
        return None
    length = _number(path, "an edge", facts["length_km"])
    if length <= 0:
        raise NetworkFileError(f"{path}: an edge has length_km {length:g}; lengths are above 0")
    return length


def _number(path: Path, whose: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise NetworkFileError(f"{path}: {whose}: {text[:40]!r} is no number")
    return number
