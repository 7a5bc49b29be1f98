"""Every way a command can end, as one line on stderr and an exit code; never a traceback unless asked for."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

DEBUG = "--debug"
CANCELLED = 130
"""Exit code after an interrupt, as shells have it: 128 and the number of the signal."""


def guarded(arguments: Sequence[str]) -> int:
    """Run the application and return its exit code."""
    words, debug = without_debug(arguments)
    try:
        from qstack.cli.app import app

        code = app(args=words, prog_name="qstack", standalone_mode=False)
        sys.stdout.flush()
        if code == CANCELLED:  # how typer reports an interrupt
            return _say("cancelled", CANCELLED)
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        # Whoever read our output has gone; nobody is left to tell, and Python must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except BaseException as error:
        if debug and not isinstance(error, SystemExit):
            traceback.print_exc()
        return _explained(error)


def without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """The arguments without `--debug`, which may stand anywhere before a `--`, and whether tracebacks are wanted."""
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    kept = [word for word in words[:end] if word != DEBUG] + words[end:]
    return kept, len(kept) < len(words) or os.environ.get("QSTACK_DEBUG", "0") not in ("", "0")


def _explained(error: BaseException) -> int:
    """Say on stderr what went wrong, on one line, and return the exit code for it."""
    from qstack.errors import QstackError

    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1
        case KeyboardInterrupt() | EOFError():
            return _say("cancelled", CANCELLED)
        case QstackError():
            return _say("\n".join(f"error: {line}" for line in _faults(str(error))), error.exit_code)
        case OSError(filename=str() | bytes() as name, strerror=str() as reason):
            return _say(f"error: {os.fsdecode(name)}: {reason[:1].lower()}{reason[1:]}", 2)
        case MemoryError():
            return _say("error: not enough memory; ask for fewer shots", 1)
        case _ if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # what typer finds wrong
            return _say(f"error: {_usage(error)}", error.exit_code)
        case _ if type(error).__name__ == "Abort":
            return _say("cancelled", CANCELLED)
        case _:
            kind, text = type(error).__name__, one_line(str(error)) or "no message"
            if line := _users_line(error):
                return _say(f"error: {line}: {kind}: {text} (--debug shows how it came there)", 1)
            return _say(f"error: unexpected {kind}: {text} (--debug shows where)", 1)


def _users_line(error: BaseException) -> str:
    """`file.py:12` where an error was raised, if that is in a file of the user's; else nothing."""
    from pathlib import Path

    frames = traceback.extract_tb(error.__traceback__)
    last = Path(frames[-1].filename) if frames else Path()
    here = Path(__file__).resolve().parents[1]
    ours = here in last.resolve().parents or any(part in last.parts for part in ("site-packages", "lib"))
    return "" if ours or not last.is_file() else f"{last.name}:{frames[-1].lineno}"


def _usage(error: BaseException) -> str:
    text = one_line(error.format_message()).rstrip(".")  # type: ignore[attr-defined]
    text = text.replace("Value error, ", "").replace("Input should be", "must be")
    context = getattr(error, "ctx", None)
    return f"{text[:1].lower()}{text[1:]} (see {context.command_path} --help)" if context is not None else text


def _faults(message: str) -> list[str]:
    """A message that lists several faults, one per line, as it is; any other on one line."""
    lines = message.splitlines() or ["no message"]
    return [one_line(message)] if len(lines) == 1 or lines[0].rstrip().endswith(":") else lines


def one_line(text: str) -> str:
    """The text with its line ends replaced by punctuation."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    joined = ""
    for line in lines:
        joined += ("" if not joined else " " if joined[-1] in ":;,." else "; ") + line
    return joined


def _say(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code
