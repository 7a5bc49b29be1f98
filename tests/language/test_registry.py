"""Protocols are found by name, or in a file."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from qstack.language import Conversation, Protocol, ProtocolNotFoundError, SettingError, load_protocol, protocol_names

TWO = '''
from __future__ import annotations
from qstack.language import Bit, Node, Qubit, protocol
from qstack.protocols.teleportation import teleport, teleportation

@protocol
def block(q: Qubit) -> Qubit:
    return q.x()

@protocol
def mine(a: Node, *, n: int = 1) -> dict[str, Bit]:
    """My own."""
    return {"m": block(a.qubit()).measure()}
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(TWO)
    return path


def test_a_protocol_of_a_file(file: Path):
    found = load_protocol(f"{file}:mine")
    assert (found.name, found.summary) == ("mine", "My own.")
    assert [op.op for op in found.trace().operations] == ["prepare", "gate", "measure"]
    assert load_protocol(str(file)).name == "mine"
    assert load_protocol(f"{file}:teleportation").name == "teleportation"
    with pytest.raises(ProtocolNotFoundError, match=r"no protocol 'mini'.*did you mean mine"):
        load_protocol(f"{file}:mini")


def test_files_that_do_not_help(tmp_path: Path, file: Path):
    with pytest.raises(ProtocolNotFoundError, match=r"no file .*nowhere\.py"):
        load_protocol(str(tmp_path / "nowhere.py"))
    file.write_text(TWO + "\n1 / 0\n")
    with pytest.raises(ProtocolNotFoundError, match="cannot be imported: ZeroDivisionError"):
        load_protocol(f"{file}:mine")
    file.write_text(
        TWO + TWO.partition("@protocol")[1] + TWO.rpartition("@protocol")[2].replace("def mine", "def other")
    )
    with pytest.raises(ProtocolNotFoundError, match=r"2 protocols; say which one"):
        load_protocol(str(file))


def test_installed_protocols():
    names = protocol_names()
    assert names == sorted(entry.name for entry in entry_points(group="qstack.protocols"))
    with pytest.raises(ProtocolNotFoundError, match="no protocol is named 'telportation'"):
        load_protocol("telportation")


@pytest.mark.parametrize("name", protocol_names())
def test_installed_protocols_load(name: str):
    found = load_protocol(name)
    assert isinstance(found, Protocol | Conversation)
    assert found.name == name and found.is_runnable
    assert found.scorer is not None
    assert "Reference:" in _module_doc(found) and "Resources:" in _module_doc(found) and "Score:" in _module_doc(found)


def _module_doc(found: Protocol | Conversation) -> str:
    import sys

    return sys.modules[found.__module__].__doc__ or ""


def test_a_wrong_setting_names_the_protocol(file: Path):
    with pytest.raises(SettingError, match="mine: setting n is 'x'"):
        load_protocol(f"{file}:mine").trace(n="x")
