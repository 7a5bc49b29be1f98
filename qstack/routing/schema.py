"""The JSON Schema of network files, for editors that check and complete while one types."""

from __future__ import annotations

import json
from typing import Any

from qstack.link import Platform
from qstack.routing.links import KINDS
from qstack.routing.network import Network


def file_schema() -> dict[str, Any]:
    """The schema of a network file: that of `Network`, before defaults and platforms are merged.

    A link may leave to `defaults` what the finished link must have, and a platform of the file changes only some
    figures of the one it is based on.
    """
    schema = Network.model_json_schema()
    kinds = schema["properties"]["links"]["items"]
    kinds["anyOf"] = kinds.pop("oneOf")
    parts = schema["$defs"]
    for kind in KINDS:
        parts[kind.__name__]["required"] = ["between"]
    platform = Platform.model_json_schema()
    parts |= platform["$defs"]
    del parts["PhotonInterface"]["required"]
    for figure in platform["properties"].values():
        figure.pop("default", None)
    parts["PlatformChange"]["properties"] |= platform["properties"]
    parts["PlatformChange"]["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The schema as the text of docs/reference/network.schema.json."""
    return json.dumps(file_schema(), indent=2, allow_nan=False) + "\n"
