"""`qstack backends`: what can run circuits here, and what it can do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from qstack.cli.options import JsonOption

if TYPE_CHECKING:
    from qstack.backend import Capabilities


def backends(json_: JsonOption = False) -> None:
    """List the backends and what they can do."""
    from rich.padding import Padding
    from rich.text import Text

    from qstack.backend import backend_names
    from qstack.cli import output

    listed = [describe(name) for name in backend_names()]
    if json_:
        output.emit(json.dumps({"backends": listed}))
        return
    screen = output.console()
    for each in listed:
        screen.print(Text.assemble((each["name"], "bold"), "  ", each["summary"]))
        facts = output.grid()
        for label, told in _facts(each):
            facts.add_row(label, told)
        screen.print(Padding(facts, (0, 0, 1, 2)))


def _facts(backend: dict[str, Any]) -> list[tuple[str, str]]:
    """What a backend can do, as label and text."""
    can = backend["capabilities"]
    if can is None:
        return [("not available", backend["reason"])]
    middle = [name for name in ("mid_circuit_measurement", "reset", "parameters") if can[name]]
    return [
        ("qubits", "no fixed limit" if can["qubits"] is None else f"at most {can['qubits']}"),
        ("gates", _gates(can["gates"])),
        ("noise", _listed(can["noise"])),
        ("feed-forward", can["feed_forward"]),
        ("also", _listed(name.replace("_", " ").replace("mid ", "mid-") for name in middle)),
        ("lowerings", ", ".join(can["lowerings"])),
        ("price", f"${can['price_per_shot']:g} per shot" if can["price_per_shot"] else "free"),
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def describe(name: str) -> dict[str, Any]:
    """One backend as plain data: `name`, `available`, `reason` (why not, else None), `summary`, `capabilities`."""
    from qstack.backend import load_backend

    try:
        backend = load_backend(name)
    except Exception as error:  # whatever a third party's module raises on import is the answer here
        return {
            "name": name,
            "available": False,
            "reason": f"{type(error).__name__}: {error}",
            "summary": "",
            "capabilities": None,
        }
    summary = (type(backend).__doc__ or "").strip().splitlines()
    return {
        "name": name,
        "available": True,
        "reason": None,
        "summary": summary[0] if summary else "",
        "capabilities": capabilities_dict(backend.capabilities),
    }


def capabilities_dict(capabilities: Capabilities) -> dict[str, Any]:
    """Capabilities as JSON values; sets become sorted lists."""
    values = {field.name: getattr(capabilities, field.name) for field in fields(capabilities)}
    return {
        name: sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _gates(names: list[str]) -> str:
    from qstack.circuit import CLIFFORD_GATES, GATES, ONE_QUBIT_GATES

    known = {"all": GATES, "Clifford": CLIFFORD_GATES, "all on one qubit": ONE_QUBIT_GATES}
    return next((label for label, gates in known.items() if gates == set(names)), ", ".join(names))
