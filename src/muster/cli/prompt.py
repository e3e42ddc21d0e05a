"""Passwords, from a person or from standard input."""

import getpass
import sys

from muster.auth.passwords import MAX_PASSWORD_BYTES, MIN_PASSWORD_LENGTH, is_valid_password
from muster.cli.errors import CommandError, UsageError


def prompt_new_password(*, from_stdin: bool) -> str:
    """A password that is fit to be a user's. Raises `CommandError`."""
    password = _line_of_stdin() if from_stdin else _asked_twice()
    if len(password) < MIN_PASSWORD_LENGTH:
        raise CommandError(f"the password is too short; take at least {MIN_PASSWORD_LENGTH} characters")
    if not is_valid_password(password):
        raise CommandError(f"the password can't be used; take at most {MAX_PASSWORD_BYTES} bytes of text without NUL")
    return password


def _line_of_stdin() -> str:
    line = sys.stdin.buffer.readline(MAX_PASSWORD_BYTES + 3)  # enough to see that it is too long
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError("the password on standard input is not UTF-8; send it as UTF-8") from None


def _asked_twice() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for the password; send it on standard input, with --password-stdin"
        )
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise CommandError("the two passwords differ; try again")
    return password
