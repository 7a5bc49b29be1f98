"""Networks as the text of network files."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError

from qstack.routing.links import DEFAULT_KIND, BaseLink
from qstack.routing.network import Network, Node

WIDTH = 120

Item = Node | BaseLink


def to_yaml(network: Network) -> str:
    """The network as the text of a network file, one flow mapping for a node or a link; read again, it is equal.

    Fields are left out where a reader fills in the same value.
    """
    facts: dict[str, Any] = network.model_dump(exclude={"nodes", "links"}, exclude_defaults=True)
    defaults = network.defaults
    for_nodes = defaults.model_dump(include={"platform", "swap_success"}, exclude_none=True)
    of_kind = defaults.links.get("kind", DEFAULT_KIND)
    usual: dict[type[Item], tuple[dict[str, Any], Item | None]] = {
        Node: (for_nodes, _usual(network.nodes[0], for_nodes))
    }
    for link in network.links:
        if type(link) not in usual:
            fits = defaults.links if link.kind == of_kind else {}
            usual[type(link)] = fits, _usual(link, fits)
    facts["nodes"] = [_Line(_written(node, *usual[Node])) for node in network.nodes]
    facts["links"] = [
        _Line(_written(link, *usual[type(link)]) | ({} if link.kind == of_kind else {"kind": link.kind}))
        for link in network.links
    ]
    return yaml.dump(facts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _usual(item: Item, fits: dict[str, Any]) -> Item | None:
    """What a reader makes of the defaults alone, with the item's fields where some are needed; None if it cannot."""
    needed = {name: getattr(item, name) for name, field in type(item).model_fields.items() if field.is_required()}
    try:
        return type(item).model_validate({**needed, **fits})
    except ValidationError:
        return None


def _written(item: Item, fits: dict[str, Any], usual: Item | None) -> dict[str, Any]:
    """The fields that a reader would not fill in."""
    names = {
        name
        for name, field in type(item).model_fields.items()
        if usual is None or (field.is_required() and name not in fits) or getattr(item, name) != getattr(usual, name)
    }
    return item.model_dump(include=names)


class _Line(dict[str, Any]):
    """A mapping that is written in one flow."""


class _Dumper(yaml.SafeDumper):
    """YAML without aliases, which network files may not have."""

    def ignore_aliases(self, data: object) -> bool:
        """Always: what occurs twice is written twice."""
        return True

    def one_flow(self, data: _Line) -> yaml.Node:
        """A mapping in one flow."""
        return self.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


_Dumper.add_representer(_Line, _Dumper.one_flow)
