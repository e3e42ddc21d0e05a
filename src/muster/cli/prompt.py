"""Reads passwords, from a terminal or from standard input."""

import getpass
import sys

from muster.auth.passwords import MAX_PASSWORD_BYTES, MIN_PASSWORD_LENGTH, is_valid_password
from muster.cli.errors import CommandError, UsageError


def prompt_new_password(*, from_stdin: bool) -> str:
    """Reads a valid new password. Raises `CommandError`."""
    password = _read_stdin_line() if from_stdin else _prompt_twice()
    if len(password) < MIN_PASSWORD_LENGTH:
        raise CommandError(f"the password is too short; use at least {MIN_PASSWORD_LENGTH} characters")
    if not is_valid_password(password):
        raise CommandError(f"the password is invalid; use at most {MAX_PASSWORD_BYTES} bytes of text without NUL")
    return password


def _read_stdin_line() -> str:
    line = sys.stdin.buffer.readline(MAX_PASSWORD_BYTES + 3)  # with "\r\n", and one byte more than allowed
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError("the password on standard input is not UTF-8; encode it as UTF-8") from None


def _prompt_twice() -> str:
    if not sys.stdin.isatty():
        raise UsageError("no terminal to prompt for the password; use --password-stdin and send it on standard input")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Repeat the password: ") != password:
        raise CommandError("the passwords differ; try again")
    return password
