"""The root of every error the stack raises on purpose.

An error says what was given, what was expected and what to do. `InputError` means the caller can mend it
(exit code 2 at the command line); `RunError` means a correct request failed while it ran (exit code 1).
Rooms derive their own errors from these two.
"""

from __future__ import annotations


class QstackError(Exception):
    """Root of all errors of the stack; `exit_code` is what the command line returns for it."""

    exit_code = 1


class InputError(QstackError):
    """Something the caller gave is wrong or impossible, and the message says how to mend it."""

    exit_code = 2


class RunError(QstackError):
    """A valid request failed while it was carried out."""

    exit_code = 1
