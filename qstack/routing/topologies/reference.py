"""What a reference says: where a graph comes from, and what its nodes and links are made of."""

from __future__ import annotations

import json
import os
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from qstack.routing import loading
from qstack.routing.checks import Problems, hint
from qstack.routing.links import DEFAULT_KIND, KINDS, fields
from qstack.routing.network import Network
from qstack.routing.topologies.graph import Graph, Source, TopologyError
from qstack.routing.topologies.graphml import GraphML
from qstack.routing.topologies.hub import TopoHub
from qstack.routing.topologies.planar import Chain, Gabriel, Grid, Ring, Waxman

SOURCES: dict[str, type[Source]] = {
    "chain": Chain,
    "ring": Ring,
    "grid": Grid,
    "waxman": Waxman,
    "gabriel": Gabriel,
    "topohub": TopoHub,
}
GRAPHML = (".graphml", ".xml")
PLATFORM = "trapped_ion_node"
"""The platform that is assumed: one whose photons suit telecom fibre as they are."""

MAX_DEPTH = 4
"""Parts of parts that a setting can name."""

_KINDS = {kind.model_fields["kind"].default: kind for kind in KINDS}
_FOR_NODES = ("platform", "swap_success")


def load(reference: str | Path) -> Network:
    """The network that a reference names; a file of that very name goes first.

    Raises:
        NetworkFileError: a file cannot be read or is wrong.
        TopologyError: nothing is known by that name, or a setting is wrong.
    """
    text = reference.as_posix() if isinstance(reference, Path) else reference
    found = os.path.exists(text)
    what, _, query = (text, "", "") if found else text.partition("?")
    if what.lower().endswith(GRAPHML):
        return _network(text, GraphML, what, query)
    word = re.match(r"([A-Za-z][\w-]+):", what)
    if word is None or found:
        return loading.load(Path(text))
    if word[1] not in SOURCES:
        raise TopologyError(
            f"{text}: nothing is named {word[1]!r}{hint(word[1], SOURCES)} (there are {', '.join(SOURCES)})"
        )
    return _network(text, SOURCES[word[1]], what[word.end() :], query)


def _network(text: str, source: type[Source], what: str, query: str) -> Network:
    try:
        own, for_nodes, for_links = _sorted(_settings(query), source)
        graph = source.model_validate(own).graph(what)
        return _built(graph, for_nodes, for_links)
    except ValidationError as error:
        raise TopologyError(f"{text}: {_first(error)}") from error
    except TopologyError as error:
        raise TopologyError(f"{text}: {error}") from error


def _settings(query: str) -> dict[str, Any]:
    """Settings by name: JSON where the value is JSON, text otherwise; `a.b=1` is field b of part a."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise TopologyError(f"{query!r} is not name=value, several joined by &") from None
    settings: dict[str, Any] = {}
    for name, value in pairs:
        *parts, last = name.split(".", MAX_DEPTH)
        inner = settings
        for part in parts:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise TopologyError(f"{name} is a part of {part}, which is set already")
        if last in inner:
            raise TopologyError(f"{name} is given twice")
        inner[last] = _value(value)
    return settings


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _sorted(settings: Mapping[str, Any], source: type[Source]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Settings of the source, defaults of nodes, and defaults of links."""
    kind = str(settings.get("kind", DEFAULT_KIND))
    if kind not in _KINDS:
        raise TopologyError(f"no kind of link is named {kind!r}{hint(kind, _KINDS)} (there are {', '.join(_KINDS)})")
    for_links = [name for name in _KINDS[kind].model_fields if name not in ("between", "length_km")]
    known = [*source.model_fields, *_FOR_NODES, *for_links]
    for name in settings:
        if name not in known:
            raise TopologyError(f"{name!r} is no setting here{hint(name, known)} (there are {', '.join(known)})")
    own = {name: value for name, value in settings.items() if name in source.model_fields}
    nodes = {name: value for name, value in settings.items() if name in _FOR_NODES}
    return own, nodes, {name: value for name, value in settings.items() if name not in own and name not in nodes}


def _built(graph: Graph, for_nodes: dict[str, Any], for_links: dict[str, Any]) -> Network:
    told = graph.told if "platform" in for_nodes else (*graph.told, f"Assumed: platform {PLATFORM}.")
    with_length = "length_km" in _KINDS[for_links.get("kind", DEFAULT_KIND)].model_fields
    links = [
        {"between": (graph.nodes[a].name, graph.nodes[b].name), **({"length_km": length} if with_length else {})}
        for (a, b), length in zip(graph.edges, graph.lengths_km, strict=True)
    ]
    return Network.model_validate(
        {
            "name": graph.name,
            "description": " ".join(told),
            "defaults": {"platform": PLATFORM, **for_nodes, "links": for_links},
            "nodes": [node.model_dump(exclude_unset=True) for node in graph.nodes],
            "links": links,
        }
    )


def _first(error: ValidationError) -> str:
    """The first fault of many alike: a wrong default is wrong in every link."""
    told = error.errors(include_url=False)[0]
    inner = told.get("ctx", {}).get("error")
    if isinstance(inner, Problems):
        (part, i, *_), what = inner.problems[0]
        ends = f"{' - '.join(told['input']['links'][i]['between'])}: " if part == "links" else ""
        return ends + what
    outer = ("nodes", "links", "defaults", *_KINDS)
    field = ".".join(part for part in told["loc"] if isinstance(part, str) and part not in outer)
    if told["type"] == "extra_forbidden":
        parts = {name for model in fields.Fields.__subclasses__() for name in model.model_fields}
        return f"{field}: unknown field{hint(str(told['loc'][-1]), parts)}"
    if told["type"] == "missing":
        return f"{field}: is missing; give it as in ?{field}=..."
    return f"{field}: {told['msg'].removeprefix('Value error, ')} (got {reprlib.repr(told['input'])})"
