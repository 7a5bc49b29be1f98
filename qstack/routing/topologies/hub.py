"""Topologies of the package topohub: Topology Zoo, SNDlib, CAIDA, backbones, and Gabriel graphs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

from qstack.routing.checks import hint
from qstack.routing.topologies.graph import FIBRE_FACTOR, FibreFactor, Graph, Place, Source, TopologyError, imported

PLANAR = "gabriel/"
"""The group whose positions are km in a plane; those of all others are longitude and latitude."""


class TopoHub(Source):
    """`topohub:GROUP/NAME`: a topology of the package topohub (Jurkiewicz 2023, SoftwareX 24, 101540).

    Its link lengths are straight ways, so the fibres' are assumed from the positions.

    Attributes:
        fibre_factor: length of fibre over the distance of its ends.
    """

    fibre_factor: FibreFactor = FIBRE_FACTOR

    def graph(self, what: str) -> Graph:
        """The topology."""
        try:
            data = files("topohub") / "data"
        except ModuleNotFoundError as error:
            raise TopologyError("needs the package topohub: pip install 'qstack-net[topologies]'") from error
        listed = dict(_listed(data))
        if what not in listed:
            raise TopologyError(
                f"topohub has no topology {what!r}{hint(what, listed)}; names are such as topozoo/Surfnet"
            )
        facts = json.loads(listed[what].read_text(encoding="utf-8"))
        positions = [node["pos"] for node in facts["nodes"]]
        if not what.startswith(PLANAR) and all(float(each).is_integer() for pair in positions for each in pair):
            raise TopologyError(f"the positions of {what} are those of a drawing, so its links have no lengths")
        axes = ("x_km", "y_km") if what.startswith(PLANAR) else ("lon", "lat")
        places = [
            Place(str(node["id"]), node.get("name") or "", dict(zip(axes, node["pos"], strict=True)))
            for node in facts["nodes"]
        ]
        index = {place.key: i for i, place in enumerate(places)}
        edges = [((index[str(edge["source"])], index[str(edge["target"])]), None) for edge in facts["edges"]]
        told = f"Topology {what} of topohub {version('topohub')}."
        return imported(what.rpartition("/")[2], told, places, edges, self.fibre_factor)


def _listed(folder: Traversable, group: str = "") -> Iterator[tuple[str, Traversable]]:
    """Every topology by its name; a name that is not listed is never opened."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _listed(each, f"{group}{each.name}/")
        elif each.name.endswith(".json"):
            yield group + each.name.removesuffix(".json"), each
