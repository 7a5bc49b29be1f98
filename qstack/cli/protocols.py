"""`qstack protocols`: the installed protocols, or one in detail."""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qstack.cli.options import JsonOption

if TYPE_CHECKING:
    from qstack.language import Conversation, Program, Protocol


def protocols(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One protocol, or path/to/file.py:name; all without it.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """List the protocols, or show one in detail."""
    from rich.markup import escape

    from qstack.cli import output
    from qstack.language import load_protocol, protocol_names

    if name is not None:
        facts = describe(load_protocol(name))
        if json_:
            output.emit(json.dumps(facts))
        else:
            _show(facts)
        return
    listed = [describe(load_protocol(each)) for each in protocol_names()]
    if json_:
        output.emit(json.dumps({"protocols": listed}))
        return
    rows = [(each["name"], _roles(each), _names(each["settings"]), escape(each["summary"])) for each in listed]
    output.print_table(output.console(), ("protocol", "roles", "settings", "summary"), rows)


def describe(protocol: Protocol | Conversation) -> dict[str, Any]:
    """A protocol as plain data: name, kind, summary, text, roles, settings, resources of one shot (a program's)."""
    program = _program(protocol)
    return {
        "name": protocol.name,
        "kind": _kind(protocol),
        "summary": protocol.summary,
        "doc": protocol.doc,
        "about": inspect.getdoc(sys.modules.get(protocol.__module__)) or "",
        "roles": [{"name": role, "list": is_list} for role, is_list in protocol.list_roles.items()],
        "settings": _settings(protocol),
        "resources": None if program is None else _resources(program),
        "bounds": protocol.bounds,
    }


def _kind(protocol: Protocol | Conversation) -> str:
    from qstack.language import Protocol

    if not isinstance(protocol, Protocol):
        return "conversation"
    return "program" if protocol.is_runnable else "building block"


def _settings(protocol: Protocol | Conversation) -> list[dict[str, Any]]:
    schema = protocol.settings_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "required": name in required, **_plain(entry)}
        for name, entry in schema.get("properties", {}).items()
    ]


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "title"}


def _program(protocol: Protocol | Conversation) -> Program | None:
    """The program of one shot with all settings at their defaults; None where there is no such thing."""
    from qstack.language import Protocol
    from qstack.language.errors import SettingError

    if not isinstance(protocol, Protocol) or not protocol.is_runnable:
        return None
    try:
        return protocol.trace()
    except SettingError:  # a setting has no default
        return None


def _resources(program: Program) -> dict[str, int]:
    return {"pairs": len(program.pairs), "messages": len(program.messages), "outputs": len(program.outputs)}


def _show(facts: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.padding import Padding
    from rich.text import Text

    from qstack.cli import output

    screen = output.console()
    screen.print(Text(facts["name"], style="bold"))
    screen.print(Padding(Text(reflowed(facts["doc"])), (0, 0, 1, 0)))
    if facts["about"]:
        screen.print(Padding(Text(reflowed(facts["about"]), style="dim"), (0, 0, 1, 0)))
    screen.print(f"[bold]roles[/]  {_roles(facts)}")
    if facts["resources"]:
        told = ", ".join(f"{count} {name[:-1] if count == 1 else name}" for name, count in facts["resources"].items())
        screen.print(f"[bold]shot[/]   {told}")
    if facts["settings"]:
        rows = [
            (each["name"], escape(_type(each)), escape(_default(each)), escape(each.get("description", "")))
            for each in facts["settings"]
        ]
        screen.print()
        output.print_table(screen, ("setting", "type", "default", "meaning"), rows)


def reflowed(text: str) -> str:
    """The text with its lines joined, so that a console can wrap it; paragraphs and lines such as `Score: ...` stay."""
    return re.sub(r"(?<=\S)\n(?!\n|[A-Z]\w+: |[-*] | )", " ", text)


def _roles(facts: dict[str, Any]) -> str:
    return ", ".join(f"{role['name']} ..." if role["list"] else role["name"] for role in facts["roles"])


def _names(settings: list[dict[str, Any]]) -> str:
    return ", ".join(setting["name"] for setting in settings)


def _default(setting: dict[str, Any]) -> str:
    return "required" if setting["required"] else json.dumps(setting.get("default"))


def _type(setting: dict[str, Any]) -> str:
    if "enum" in setting:
        return " | ".join(json.dumps(value) for value in setting["enum"])
    if "anyOf" in setting:
        return " | ".join(_type(option) for option in setting["anyOf"])
    limits = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    told = [f"{sign} {setting[key]:g}" for key, sign in limits.items() if key in setting]
    return " ".join([str(setting.get("type", "any")), ", ".join(told)]).strip()
