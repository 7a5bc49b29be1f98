"""What is shipped, under which names, and which room may import which."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LINKED_ROOMS = ("backends", "protocols")
HEAVY = (
    "aiomqtt",
    "cirq",
    "matplotlib",
    "networkx",
    "pandas",
    "rustworkx",
    "scipy",
    "stim",
    "sympy",
    "typer",
)

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = CONFIGURATION["project"]


def python(code: str, *, cwd: Path, path: str = "") -> str:
    """Standard output of a fresh interpreter, without this process's coverage and profile."""
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sources(room: str) -> list[Path]:
    """Modules and data of a room, relative to the top, without what the interpreter leaves behind."""
    files = (path for path in (ROOT / room).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(ROOT) for path in files]


def test_one_version() -> None:
    version = PROJECT["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = re.findall(r"^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert importlib.metadata.version("qstack-net") == version
    assert citation["version"] == version
    assert changes[0] == version


def test_linked_rooms_are_relative_links_to_the_real_folders() -> None:
    for room in LINKED_ROOMS:
        link = ROOT / "qstack" / room
        assert link.is_symlink()
        assert os.readlink(link) == f"../{room}"


def test_every_folder_of_the_package_is_a_package() -> None:
    for room in ("qstack", *LINKED_ROOMS):
        folders = {path.parent for path in (ROOT / room).rglob("*.py")}
        assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("group", ["qstack.backends", "qstack.protocols"])
def test_every_module_on_offer_has_its_entry_point_and_it_loads(group: str) -> None:
    declared = PROJECT["entry-points"][group]
    installed = {point.name: point for point in importlib.metadata.entry_points(group=group)}
    assert {name: installed[name].value for name in declared} == declared
    for point in installed.values():
        point.load()
    offered = {value.partition(":")[0].rpartition(".")[2] for value in declared.values()}
    if group == "qstack.protocols":
        assert offered == {path.stem for path in (ROOT / "protocols").glob("[!_]*.py")}


def test_the_command_is_installed() -> None:
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="qstack")
    assert callable(command.load())


def bare_imports(code: str) -> Iterator[str]:
    """Names of linked rooms that the code imports as if they were packages of their own."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in LINKED_ROOMS)


def test_bare_imports_are_seen() -> None:
    code = "import backends.bell\nfrom protocols import chsh\nfrom qstack.backends import stim\nimport os\n"
    assert list(bare_imports(code)) == ["backends.bell", "protocols"]


def test_no_code_imports_a_linked_room_by_its_bare_name() -> None:
    folders = ("qstack", *LINKED_ROOMS, "tests", "examples", "benchmarks")
    code = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert len(code) > 50
    assert [str(path) for path in code if list(bare_imports(path.read_text(encoding="utf-8")))] == []


def test_the_linter_refuses_bare_imports() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--output-format=json"]
    code = "import backends\nfrom protocols import chsh\n"
    command += ["--stdin-filename=qstack/x.py", "-"]
    done = subprocess.run(command, cwd=ROOT, input=code, capture_output=True, text=True, timeout=60)
    assert [found["code"] for found in json.loads(done.stdout)].count("TID251") == 2


def test_no_module_exists_twice_and_importing_is_light() -> None:
    code = """
import importlib, json, pkgutil, sys
import qstack
light = sorted(sys.modules)
for module in pkgutil.walk_packages(qstack.__path__, "qstack."):
    importlib.import_module(module.name)
print(json.dumps([light, sorted(sys.modules)]))
"""
    light, everything = json.loads(python(code, cwd=ROOT))
    assert [name for name in HEAVY if name in light] == []
    assert "qstack.backends.bell" in everything
    assert [name for name in everything if name.split(".")[0] in LINKED_ROOMS] == []


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config"]
    return subprocess.run(
        [*command, str(ROOT / "pyproject.toml")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_arrows_point_down() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("bell/states.py", "from qstack import routing"),
        ("backends/bell.py", "from qstack.language import program"),
        ("protocols/chsh.py", "from qstack import backend"),
        ("application/session.py", "from qstack.backends import stim"),
        ("new_room.py", ""),
    ],
)
def test_arrows_that_point_up_are_seen(module: str, line: str, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "qstack", tmp_path / "qstack", ignore=ignored)
    with (tmp_path / "qstack" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert module.removesuffix(".py").replace("/", ".") in done.stdout


def test_constraints_pin_every_dependency_and_carry_no_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    pinned = {canonical(pin.partition("==")[0]) for pin in pins}
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    wanted = {canonical(re.split(r"[\[><=!~; ]", each)[0]) for each in PROJECT["dependencies"] + extras}
    assert wanted - pinned == {"qstack-net"}


def canonical(name: str) -> str:
    """A distribution's name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_gates_call_the_test_command_of_the_readme() -> None:
    assert "$ make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^make test\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist and the wheel made from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(archives: Path) -> zipfile.ZipFile:
    (path,) = archives.glob("*.whl")
    return zipfile.ZipFile(path)


def test_sdist_holds_all_that_is_needed_to_build_and_test(archives: Path) -> None:
    (path,) = archives.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    rooms = ("qstack", *LINKED_ROOMS, "tests", "docs", "examples", "benchmarks")
    wanted = {file.as_posix() for room in rooms for file in sources(room)}
    wanted |= {"pyproject.toml", "constraints.txt", "Makefile", "LICENSE", "README.md", "CHANGELOG.md"}
    wanted |= {".ci/run"}
    assert wanted - names == set()
    assert [name for name in names if name.startswith(tuple(f"qstack/{room}/" for room in LINKED_ROOMS))] == []


def test_wheel_made_from_the_sdist_has_every_room_at_its_import_path(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    shipped = [name for name in names if ".dist-info/" not in name]
    linked = [f"qstack/{file.as_posix()}" for room in LINKED_ROOMS for file in sources(room)]
    assert sorted(shipped) == sorted([file.as_posix() for file in sources("qstack")] + linked)
    assert "qstack/py.typed" in shipped
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


def test_wheel_works_without_the_clone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    code = """
import qstack.backends.bell, qstack.protocols.chsh, qstack.compiler
print(qstack.__file__, qstack.backends.bell.__file__, qstack.protocols.chsh.__file__, sep="\\n")
"""
    package = tmp_path / "site" / "qstack"
    printed = python(code, cwd=tmp_path, path=str(package.parent)).split()
    assert printed == [str(package / name) for name in ("__init__.py", "backends/bell.py", "protocols/chsh.py")]
