"""Roles to nodes: who plays what, checked before anything is spent."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qstack.errors import InputError

RoleMap = Mapping[str, str | Sequence[str]]
"""Role name to node name, or to a list of node names for a list role."""


class RoleBindingError(InputError):
    """Roles and nodes do not fit together."""


@dataclass(frozen=True)
class Binding:
    """Which node plays which role.

    Attributes:
        given: what the user said, list roles as lists.
        nodes: traced role name (`bob`, `parties[1]`) to node name.
        counts: how many nodes each list role has, None for single roles.
    """

    given: dict[str, str | list[str]]
    nodes: dict[str, str]
    counts: dict[str, int | None]


def bind(roles: Mapping[str, bool], given: RoleMap | None, known: Sequence[str] | None) -> Binding:
    """Bind the roles of a protocol (`name -> is a list role`) to nodes.

    Without a network (`known` None) roles that are not given are played by nodes of the same name, three for a list
    role.

    Raises:
        RoleBindingError: an unknown or missing role, an unknown node, a node that plays two roles.
    """
    if given is not None and not isinstance(given, Mapping):
        raise RoleBindingError(f"roles are {given!r}; give a mapping of role to node, such as {{'alice': 'Delft'}}")
    chosen: dict[str, str | list[str]] = {
        name: value if isinstance(value, str) else list(value) for name, value in (given or {}).items()
    }
    for name in chosen:
        if name not in roles:
            raise RoleBindingError(f"there is no role {name!r}; roles are {', '.join(roles)}{_hint(name, roles)}")
    if missing := [name for name in roles if name not in chosen]:
        if known is not None:
            raise RoleBindingError(
                f"no node plays {', '.join(missing)}; give one with --role {missing[0]}=NODE (nodes: {_listed(known)})"
            )
        chosen.update({name: [f"{name}{k}" for k in range(3)] if roles[name] else name for name in missing})
    nodes: dict[str, str] = {}
    for name, is_list in roles.items():
        nodes.update(_nodes_of(name, is_list, chosen[name]))
    _check_nodes(nodes, known)
    counts = {name: len(chosen[name]) if is_list else None for name, is_list in roles.items()}
    return Binding({name: chosen[name] for name in roles}, nodes, counts)


def _nodes_of(name: str, is_list: bool, value: str | list[str]) -> dict[str, str]:
    if not is_list:
        if not isinstance(value, str):
            raise RoleBindingError(f"role {name} is played by one node, {len(value)} were given: {', '.join(value)}")
        return {name: value}
    if isinstance(value, str):
        raise RoleBindingError(f"role {name} is played by a list of nodes; give a list, here of one: [{value!r}]")
    return {f"{name}[{k}]": node for k, node in enumerate(value)}


def _check_nodes(nodes: Mapping[str, str], known: Sequence[str] | None) -> None:
    seen: dict[str, str] = {}
    for role, node in nodes.items():
        if known is not None and node not in known:
            raise RoleBindingError(
                f"role {role}: the network has no node {node!r}{_hint(node, known)}; nodes: {_listed(known)}"
            )
        if node in seen:
            raise RoleBindingError(f"node {node} plays both {seen[node]} and {role}; give each role its own node")
        seen[node] = role


def _hint(name: str, known: Sequence[str] | Mapping[str, bool]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 12 else ", ".join(names[:12]) + f" and {len(names) - 12} more"
