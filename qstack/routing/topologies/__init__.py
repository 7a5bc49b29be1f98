"""Networks by reference: files, published topologies, and generated graphs, wherever a network is asked for.

A reference is the path of a network file (YAML) or of a GraphML file, `topohub:GROUP/NAME`, or a generator with a
size: `chain:9`, `ring:9`, `grid:10x10`, `waxman:100`, `gabriel:100`. All but YAML files take settings after a question
mark, as in `waxman:100?seed=1&platform=neutral_atom`.
"""

from qstack.routing.topologies.graph import TopologyError
from qstack.routing.topologies.reference import load
from qstack.routing.topologies.writing import to_yaml

__all__ = ["TopologyError", "load", "to_yaml"]
