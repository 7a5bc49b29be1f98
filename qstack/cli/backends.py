"""`qstack backends`: what can run circuits here, and what it can do."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from qstack.cli.options import JsonOption

if TYPE_CHECKING:
    from qstack.backend import Capabilities


def backends(json_: JsonOption = False) -> None:
    """List the backends, what they can do, and why one cannot be used."""
    from qstack.backend import backend_names
    from qstack.cli import output

    listed = [describe(name) for name in backend_names()]
    if json_:
        output.emit(json.dumps({"backends": listed}))
        return
    table = output.table("backend", "qubits", "gates", "feed-forward", "lowerings", "noise", "price/shot")
    for each in listed:
        can = each["capabilities"]
        if can is None:
            table.add_row(each["name"], f"not available: {each['reason']}", *[""] * 5, style="dim")
            continue
        table.add_row(
            each["name"],
            "any" if can["qubits"] is None else str(can["qubits"]),
            _gates(can["gates"]),
            can["feed_forward"],
            ", ".join(can["lowerings"]),
            ", ".join(can["noise"]) or "none",
            f"${can['price_per_shot']:g}" if can["price_per_shot"] else "free",
        )
    output.console().print(table)


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
