"""Passwords: argon2id hashes, and what a name and a password may look like."""

import secrets
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MAX_NAME_LENGTH: Final = 256  # characters
MIN_PASSWORD_LENGTH: Final = 8  # characters
MAX_PASSWORD_BYTES: Final = 1024  # bytes of UTF-8

# OWASP's parameters for argon2id: 32 ms and 19 MiB on the machine of the design. A login on every thread of a worker
# at once takes 150 MiB then; the library's own default takes 512 MiB and 130 ms.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """The hash to store, with its salt and its parameters. Takes as long as a login is meant to take."""
    return _HASHER.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the hash is of this password; a hash that can't be read is of none. Gives the GIL back meanwhile."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def make_dummy_hash() -> str:
    """The hash of a password that nobody knows."""
    return hash_password(secrets.token_urlsafe(32))


def is_valid_name(text: str) -> bool:
    """Whether a user can have this name. Basic authentication ends a name at its first colon."""
    return ":" not in text and is_valid_external_name(text)


def is_valid_external_name(text: str) -> bool:
    """Whether somebody who is known by another service can have this name there."""
    return 0 < len(text) <= MAX_NAME_LENGTH and text == text.strip() and text.isprintable()


def is_valid_password(text: str) -> bool:
    """Whether this can be anybody's password, weak or not: text that Basic authentication can carry."""
    # Counting the characters first spares encoding a text that is too long anyhow.
    return 0 < len(text) <= MAX_PASSWORD_BYTES and _count_bytes(text) <= MAX_PASSWORD_BYTES and "\0" not in text


def _count_bytes(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return MAX_PASSWORD_BYTES + 1
