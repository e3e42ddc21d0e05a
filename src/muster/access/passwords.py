"""Passwords: argon2id hashes, and what a name and a password may look like."""

import secrets
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

NAME_MOST: Final = 256  # characters
PASSWORD_LEAST: Final = 8  # characters
PASSWORD_MOST: Final = 1024  # bytes of UTF-8

# OWASP's parameters for argon2id: 32 ms and 19 MiB on the machine of the design. A login on every thread of a worker
# at once takes 150 MiB then; the library's own default takes 512 MiB and 130 ms.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_of(password: str) -> str:
    """The hash to store, with its salt and its parameters. Takes as long as a login is meant to take."""
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the hash is of this password; a hash that can't be read is of none. Gives the GIL back meanwhile."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def hash_of_nobody() -> str:
    """The hash of a password that nobody knows."""
    return hash_of(secrets.token_urlsafe(32))


def is_name(text: str) -> bool:
    """Whether a user can have this name. Basic authentication ends a name at its first colon."""
    return ":" not in text and is_name_elsewhere(text)


def is_name_elsewhere(text: str) -> bool:
    """Whether somebody who is known by another service can have this name there."""
    return 0 < len(text) <= NAME_MOST and text == text.strip() and text.isprintable()


def is_password(text: str) -> bool:
    """Whether this can be anybody's password, weak or not: text that Basic authentication can carry."""
    # Counting the characters first spares encoding a text that is too long anyhow.
    return 0 < len(text) <= PASSWORD_MOST and _bytes_of(text) <= PASSWORD_MOST and "\0" not in text


def _bytes_of(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return PASSWORD_MOST + 1
