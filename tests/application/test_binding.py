"""Roles are bound to nodes, and every misfit says what to do."""

from __future__ import annotations

import pytest

from qstack.application.binding import RoleBindingError, bind

ROLES = {"alice": False, "parties": True}
NODES = ["Delft", "Leiden", "Gouda", "Breda"]


def test_roles_become_traced_names():
    found = bind(ROLES, {"alice": "Delft", "parties": ["Gouda", "Breda"]}, NODES)
    assert found.nodes == {"alice": "Delft", "parties[0]": "Gouda", "parties[1]": "Breda"}
    assert found.counts == {"alice": None, "parties": 2}
    assert found.given == {"alice": "Delft", "parties": ["Gouda", "Breda"]}


def test_without_a_network_roles_play_themselves():
    assert bind(ROLES, None, None).nodes == {
        "alice": "alice",
        "parties[0]": "parties0",
        "parties[1]": "parties1",
        "parties[2]": "parties2",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alise": "Delft", "parties": ["Gouda"]}, "no role 'alise'.*did you mean alice"),
        ({"parties": ["Gouda"]}, "no node plays alice.*--role alice=NODE"),
        ({"alice": "Delf", "parties": ["Gouda"]}, "no node 'Delf'; did you mean Delft"),
        ({"alice": "Delft", "parties": ["Delft"]}, "Delft plays both alice and parties"),
        ({"alice": ["Delft", "Gouda"], "parties": ["Breda"]}, "alice is played by one node"),
        ({"alice": "Delft", "parties": "Gouda"}, "parties is played by a list of nodes"),
    ],
)
def test_misfits_say_what_to_do(given, message):
    with pytest.raises(RoleBindingError, match=message):
        bind(ROLES, given, NODES)
