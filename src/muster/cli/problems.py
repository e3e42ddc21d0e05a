"""What ends a command early: one line on stderr, and an exit code."""

from typing import Final

FAILED: Final = 1
MISUSED: Final = 2


class Problem(Exception):
    """The command failed. The message is one line that says what to do."""

    exit_code = FAILED


class Misuse(Problem):
    """The command was called wrongly."""

    exit_code = MISUSED
