"""Bearer tokens: random text that is shown once and stored as a SHA-256 hash."""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from muster.auth.users import Token

# A distinctive prefix lets secret scanners find tokens that were committed or posted by mistake.
TOKEN_PREFIX: Final = "mst_"  # noqa: S105 - the public prefix of every token
_RANDOM_BYTES: Final = 32
_LENGTH: Final = len(TOKEN_PREFIX) + 43  # 32 bytes in base64 without padding
_ID_BYTES: Final = 6
MAX_EXPIRY_DAYS: Final = 36_500


class NewToken(NamedTuple):
    """A generated token. `text` is the secret; `id` is public and identifies the token in lists."""

    text: str
    sha256: bytes
    id: str


class TokenState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


def generate_token() -> NewToken:
    """Generates a token of 256 random bits. A fast hash suffices: that many bits can't be guessed."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    return NewToken(text, hash_token(text), secrets.token_hex(_ID_BYTES))


def hash_token(text: str) -> bytes:
    """Returns the SHA-256 hash, 32 bytes. Raises `UnicodeEncodeError` for text that is not ASCII."""
    return hashlib.sha256(text.encode("ascii")).digest()


def is_token_format(text: str) -> bool:
    """Whether the text has the syntax of a token."""
    return len(text) == _LENGTH and text.startswith(TOKEN_PREFIX) and text.isascii()


def get_token_state(token: Token, now: datetime) -> TokenState:
    """Returns the state of the token at `now` (timezone-aware). Ignores the state of its user."""
    if token.revoked_at is not None:
        return TokenState.REVOKED
    if token.expires_at is not None and token.expires_at <= now:
        return TokenState.EXPIRED
    return TokenState.VALID
