"""How words on the command line are read, and how files are checked and written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.cli import options, output
from qstack.cli.guard import one_line, without_debug

names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1)
nodes = st.text("ABCDEFGHIJ klmn", min_size=1).map(str.strip).filter(bool)


class TestWords:
    @given(names, nodes)
    def test_a_single_role_keeps_its_node_as_it_is(self, role: str, node: str) -> None:
        assert options.roles([f"{role}={node}"], {role: False}) == {role: node}

    @given(names, st.lists(nodes, min_size=1, max_size=5))
    def test_a_list_role_is_split_or_repeated(self, role: str, several: list[str]) -> None:
        expected = {role: several}
        assert options.roles([f"{role}={','.join(several)}"], {role: True}) == expected
        assert options.roles([f"{role}={node}" for node in several], {role: True}) == expected

    def test_no_roles_are_left_to_the_session(self) -> None:
        assert options.roles(None, {"alice": False}) is None

    @pytest.mark.parametrize("word", ["x", "=A", "x=", " = "])
    def test_a_word_without_name_or_value_is_refused_with_an_example(self, word: str) -> None:
        with pytest.raises(options.WordError, match="--role alice=Delft"):
            options.roles([word], {"x": False})

    def test_a_role_given_twice_is_refused(self) -> None:
        with pytest.raises(options.WordError, match="alice is given twice"):
            options.roles(["alice=A", "alice=B"], {"alice": False})

    def test_an_empty_name_in_a_list_is_refused(self) -> None:
        with pytest.raises(options.WordError, match="empty node name"):
            options.roles(["parties=A,,B"], {"parties": True})

    def test_settings_are_json_where_they_can_be(self) -> None:
        read = options.settings(["a=1", "b=0.5", "c=true", "d=word", "e=[1, 2]", "f=a=b", "g=null"])
        assert read == {"a": 1, "b": 0.5, "c": True, "d": "word", "e": [1, 2], "f": "a=b", "g": None}

    def test_inputs_are_whole_numbers(self) -> None:
        assert options.inputs(["x=1", "alice.y=0,1,1"]) == {"x": 1, "alice.y": [0, 1, 1]}
        with pytest.raises(options.WordError, match="x=half is not a whole number"):
            options.inputs(["x=half"])


class TestDebug:
    def test_may_stand_anywhere_but_after_two_dashes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("QSTACK_DEBUG", raising=False)
        assert without_debug(["run", "--debug", "x"]) == (["run", "x"], True)
        assert without_debug(["run", "--", "--debug"]) == (["run", "--", "--debug"], False)

    @pytest.mark.parametrize(("value", "wanted"), [("1", True), ("0", False), ("", False)])
    def test_or_in_the_environment(self, value: str, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("QSTACK_DEBUG", value)
        assert without_debug([]) == ([], wanted)


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


def test_one_line_joins_with_punctuation() -> None:
    assert one_line("it failed:\n  this\n  that\n") == "it failed: this; that"


class TestFiles:
    def test_a_file_is_written_whole(self, tmp_path: Path) -> None:
        target = tmp_path / "new" / "result.json"
        output.check_file("--out", target)
        output.write_whole(target, lambda draft: draft.write_text("done"))
        assert target.read_text() == "done"
        assert [path.name for path in target.parent.iterdir()] == ["result.json"]

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        target = tmp_path / "result.json"
        target.write_text("old")

        def fail(draft: Path) -> None:
            draft.write_text("half")
            raise RuntimeError("no more")

        with pytest.raises(RuntimeError):
            output.write_whole(target, fail)
        assert target.read_text() == "old"
        assert list(tmp_path.iterdir()) == [target]

    def test_permissions_are_those_of_a_new_file(self, tmp_path: Path) -> None:
        plain, target = tmp_path / "plain", tmp_path / "target"
        plain.write_text("")
        output.write_whole(target, lambda draft: draft.write_text("x"))
        assert stat.S_IMODE(os.stat(target).st_mode) == stat.S_IMODE(os.stat(plain).st_mode)

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(output.OutputFileError, match="is a folder"):
            output.check_file("--out", tmp_path)

    def test_a_place_below_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(output.OutputFileError, match="is a file, not a folder"):
            output.check_file("--out", tmp_path / "file" / "result.json")

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
    def test_a_place_without_permission_is_refused(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        with pytest.raises(output.OutputFileError, match="no permission"):
            output.check_file("--out", closed / "result.json")

    @pytest.mark.parametrize("name", ["picture", "picture.gif", "picture.png.txt"])
    def test_a_picture_of_another_kind_is_refused(self, name: str) -> None:
        with pytest.raises(output.OutputFileError, match=r"\.png, \.svg or \.pdf"):
            output.check_file("--plot", Path(name), output.PICTURE_KINDS)
