"""Parses the Authorization header: Basic (RFC 7617) and Bearer (RFC 6750)."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

# Enough for any real name and password, and for JWTs.
_MAX_HEADER_BYTES: Final = 8192
_TOKEN: Final = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")
# RFC 7617 forbids control characters. A NUL would also be a database error instead of an unknown name.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BearerToken:
    token: str = field(repr=False)


Credentials = BasicCredentials | BearerToken


def parse_authorization(values: Sequence[bytes]) -> Credentials | None:
    """The credentials in the values of all Authorization headers; None unless there is exactly one valid header."""
    if len(values) != 1 or len(values[0]) > _MAX_HEADER_BYTES:
        return None
    scheme, _, value = values[0].strip().partition(b" ")
    value = value.strip()
    match scheme.lower():
        case b"basic":
            return _parse_basic(value)
        case b"bearer" if _TOKEN.fullmatch(value):
            return BearerToken(value.decode("ascii"))
    return None


def _parse_basic(value: bytes) -> BasicCredentials | None:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, colon, password = text.partition(":")
    return BasicCredentials(name, password) if colon and not _CONTROL.search(text) else None
