"""Passwords: argon2id hashes, and the syntax of names and passwords."""

import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MAX_NAME_LENGTH: Final = 256  # characters
MIN_PASSWORD_LENGTH: Final = 8  # characters
MAX_PASSWORD_BYTES: Final = 1024  # of UTF-8

# OWASP's parameters for argon2id (Password Storage Cheat Sheet): 32 ms and 19 MiB on the 2-core reference machine.
# Concurrent logins on all 8 threads of a worker take 150 MiB; with the library's defaults, 512 MiB and 130 ms.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """Returns the hash to store, with its salt and parameters. Slow by design."""
    return _HASHER.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password has this hash; False for an unreadable hash. Slow by design, but releases the GIL."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def make_dummy_hash() -> str:
    """Returns the hash of a random password, which is then discarded; one for each process."""
    return hash_password(secrets.token_urlsafe(32))


def is_valid_name(text: str) -> bool:
    """Whether a local user can have this name. No colon: Basic authentication ends the name at the first one."""
    return ":" not in text and is_valid_external_name(text)


def is_valid_external_name(text: str) -> bool:
    """Whether a user of an OpenID provider can have this name."""
    return 0 < len(text) <= MAX_NAME_LENGTH and text == text.strip() and text.isprintable()


def is_valid_password(text: str) -> bool:
    """Whether Basic authentication can carry this text as a password, weak or not."""
    # The length in characters is checked first: it spares encoding a text of megabytes.
    return 0 < len(text) <= MAX_PASSWORD_BYTES and _count_bytes(text) <= MAX_PASSWORD_BYTES and "\0" not in text


def _count_bytes(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return MAX_PASSWORD_BYTES + 1
