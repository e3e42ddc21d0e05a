"""Reading the Authorization header: Basic (RFC 7617) and Bearer (RFC 6750)."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

# Room for any real name and password. Longer ones only cost time.
_MAX_BYTES: Final = 8192
_TOKEN: Final = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")
# RFC 7617 forbids them; and a NUL would be an error of the database and not a wrong name.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BearerToken:
    token: str = field(repr=False)


def parse_authorization(lines: Sequence[bytes]) -> BasicCredentials | BearerToken | None:
    """The credentials of the Authorization lines; None when there are none, or they can't be read as exactly one."""
    if len(lines) != 1 or len(lines[0]) > _MAX_BYTES:
        return None
    scheme, _, value = lines[0].strip().partition(b" ")
    value = value.strip()
    match scheme.lower():
        case b"basic":
            return _basic(value)
        case b"bearer" if _TOKEN.fullmatch(value):
            return BearerToken(value.decode("ascii"))
    return None


def _basic(value: bytes) -> BasicCredentials | None:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, colon, password = text.partition(":")
    return BasicCredentials(name, password) if colon and not _CONTROL.search(text) else None
