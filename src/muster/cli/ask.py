"""Passwords, from a person or from standard input."""

import getpass
import sys

from muster.access.passwords import PASSWORD_LEAST, PASSWORD_MOST, is_password
from muster.cli.problems import Misuse, Problem


def new_password(*, from_stdin: bool) -> str:
    """A password that is fit to be a user's. Raises `Problem`."""
    password = _line_of_stdin() if from_stdin else _asked_twice()
    if len(password) < PASSWORD_LEAST:
        raise Problem(f"the password is too short; take at least {PASSWORD_LEAST} characters")
    if not is_password(password):
        raise Problem(f"the password can't be used; take at most {PASSWORD_MOST} bytes of text without NUL")
    return password


def _line_of_stdin() -> str:
    line = sys.stdin.buffer.readline(PASSWORD_MOST + 3)  # enough to see that it is too long
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Problem("the password on standard input is not UTF-8; send it as UTF-8") from None


def _asked_twice() -> str:
    if not sys.stdin.isatty():
        raise Misuse("there is no terminal to ask for the password; send it on standard input, with --password-stdin")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise Problem("the two passwords differ; try again")
    return password
