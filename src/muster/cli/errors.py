"""Errors that end a command: one line on stderr, and an exit code."""

from typing import Final

FAILED: Final = 1
USAGE_ERROR: Final = 2
# Not an error: `muster load` has refused some rows and loaded the others.
SOME_REFUSED: Final = 3


class CommandError(Exception):
    """The command failed. The message is one line that says what to do."""

    exit_code = FAILED


class UsageError(CommandError):
    """The command was used wrongly."""

    exit_code = USAGE_ERROR
