"""The pytest plugin as a user of the stack meets it: in a pytest process of their own."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

HEAVY = ["numpy", "scipy", "matplotlib", "cirq", "stim", "pydantic", "rustworkx", "asyncio.runners"]


def loaded(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str) -> list[str]:
    """Names of the modules in a pytest process that ran `test`, with this plugin and no other."""
    pytester.makepyfile(test)
    pytester.makeconftest(
        """
        import json, pathlib, sys

        def pytest_sessionfinish():
            pathlib.Path("loaded.json").write_text(json.dumps(sorted(sys.modules)))
        """
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_subprocess("-p", "qstack.testing.plugin").assert_outcomes(passed=1)
    return list(json.loads((pytester.path / "loaded.json").read_text()))


def test_it_is_found_by_entry_point() -> None:
    (entry,) = entry_points(group="pytest11", name="qstack")
    assert entry.value == "qstack.testing.plugin"


def test_a_test_that_does_not_use_it_loads_none_of_the_stack(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = loaded(pytester, monkeypatch, "def test_other(): assert 1 + 1 == 2")
    assert [name for name in modules if name.split(".")[0] in HEAVY] == []
    ours = [name for name in modules if name.split(".")[0] == "qstack"]
    assert ours == ["qstack", "qstack.testing", "qstack.testing.plugin"]


def test_a_test_that_uses_a_generator_loads_numpy_only(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = loaded(pytester, monkeypatch, "def test_rng(qstack_rng): assert 0 <= qstack_rng.random() < 1")
    assert "numpy" in modules
    assert not {"scipy", "matplotlib", "cirq", "stim", "qstack.application"} & set(modules)


def test_seeds_are_fixed_per_test_and_shown_on_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib

        def note(name, seed):
            with pathlib.Path("seeds").open("a") as out:
                out.write(f"{name} {seed}\\n")

        def test_one(qstack_seed): note("one", qstack_seed)
        def test_two(qstack_seed):
            note("two", qstack_seed)
            assert False
        """
    )
    for _ in range(2):
        result = pytester.runpytest_subprocess()
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*repeat with --qstack-seed=*"])
    pytester.runpytest_subprocess("--qstack-seed=42")
    lines = (pytester.path / "seeds").read_text().split()
    one, two, *rest = lines[1::2]
    assert rest == [one, two, "42", "42"]
    assert one != two


def test_protocols_run_over_small_networks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import math
        import pytest
        from qstack.errors import InputError
        from qstack.testing import assert_no_signalling, assert_within_sigma, lab

        def test_chsh_over_a_lab(qstack_network, qstack_run):
            network = qstack_network.lab(fidelity=0.94)
            roles = {"alice": "alice", "bob": "bob"}
            result = qstack_run("chsh", network=network, roles=roles, shots=4000)
            werner = (4 * 0.94 - 1) / 3
            assert_within_sigma(result.metrics["S"], 2 * math.sqrt(2) * werner)
            assert result.backend == "auto"

        def test_a_chain_swaps(qstack_network, qstack_session, qstack_seed):
            session = qstack_session(network=qstack_network.chain(4, fidelity=0.97))
            roles = {"alice": "n0", "bob": "n3"}
            result = session.run_blocking("chsh", roles=roles, shots=2000, seed=qstack_seed)
            assert result.delivery.path == ("n0", "n1", "n2", "n3")
            werner = ((4 * 0.97 - 1) / 3) ** 3
            assert_within_sigma(result.metrics["S"], 2 * math.sqrt(2) * werner)

        def test_the_same_seed_gives_the_same_result(qstack_run):
            runs = [qstack_run("chsh", shots=100) for _ in range(2)]
            assert runs[0].metrics == runs[1].metrics
            assert qstack_run("chsh", shots=100, seed=1).seed == 1

        def test_nonsense_is_refused():
            with pytest.raises(InputError):
                lab(fidelity=1.5)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=4)
