"""What the head of a request for a batch says, read before the body is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from muster.web.credentials import BasicCredentials, BearerToken, parse_authorization
from muster.web.problems import Problem

# `x-gzip` is the same by RFC 9110 8.4.1.3.
_CODINGS: Final = {b"": "identity", b"identity": "identity", b"gzip": "gzip", b"x-gzip": "gzip", b"zstd": "zstd"}
_CHARSET: Final = re.compile(rb';\s*charset\s*=\s*"?([^\s;"]*)"?', re.IGNORECASE)
MAX_KEY_LENGTH: Final = 255  # characters
_PERCENT: Final = re.compile("100|[1-9][0-9]?", re.ASCII)
_KEY: Final = re.compile(rb'"([!#-\[\]-~]{1,%d})"|([!#-+\--\[\]-~]{1,%d})' % (MAX_KEY_LENGTH, MAX_KEY_LENGTH))
_NEEDED: Final = frozenset(
    {b"authorization", b"content-type", b"content-encoding", b"content-length", b"idempotency-key"}
)

_WRONG_TYPE: Final = "the header Content-Type must be application/json, and its charset, where it has one, utf-8"
_WRONG_CODING: Final = "the header Content-Encoding may be gzip or zstd, one of them and once; or leave it away"
_WRONG_KEY: Final = (
    f"the header Idempotency-Key takes one key of 1 to {MAX_KEY_LENGTH} visible ASCII characters, in quotes or without"
)
_WRONG_ACCEPT: Final = "the query parameter accept takes one value: all, or a whole number of percent from 1 to 100"
_WRONG_DETAIL: Final = "the query parameter detail takes one value: full"


@dataclass(frozen=True, slots=True)
class BatchHeaders:
    """`length` is the body's length on the wire in bytes, None when the request does not say it.

    `accept` is how many of a hundred customers must be accepted, or none is.

    `refusal` is the first thing that is wrong with it. It is kept and not raised, because who is calling comes first.
    """

    credentials: BasicCredentials | BearerToken | None
    coding: str
    length: int | None
    detail: bool
    accept: int
    key: str | None
    refusal: Problem | None


def parse_batch_headers(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> BatchHeaders:
    lines: dict[bytes, list[bytes]] = {name: [] for name in _NEEDED}
    for name, value in headers:
        if name in _NEEDED:
            lines[name].append(value)
    coding = _CODINGS.get(b",".join(lines[b"content-encoding"]).strip().lower())
    asked = _asked(query)
    detail, accept = asked["detail"], _percent(asked["accept"])
    key = _key(lines[b"idempotency-key"])
    return BatchHeaders(
        credentials=parse_authorization(lines[b"authorization"]),
        coding=coding or "",
        length=_length(lines[b"content-length"]),
        detail=detail == ["full"],
        accept=accept or 0,
        key=key,
        refusal=_refusal(lines[b"content-type"], coding) or _refusal_of_wishes(detail, accept, key),
    )


def _refusal(content_type: Sequence[bytes], coding: str | None) -> Problem | None:
    if not _is_json(content_type):
        return Problem(415, _WRONG_TYPE)
    if coding is None:
        # RFC 9110 15.5.16: so the sender sees that the coding was the reason.
        return Problem(415, _WRONG_CODING, [("Accept-Encoding", "gzip, zstd")])
    return None


def _refusal_of_wishes(detail: Sequence[str], accept: int | None, key: str | None) -> Problem | None:
    if detail not in ([], ["full"]):
        return Problem(400, _WRONG_DETAIL)
    if accept is None:
        return Problem(400, _WRONG_ACCEPT)
    return Problem(400, _WRONG_KEY) if key == "" else None


def _is_json(lines: Sequence[bytes]) -> bool:
    if len(lines) != 1:
        return False
    media_type, semicolon, _ = lines[0].partition(b";")
    if media_type.strip().lower() != b"application/json":
        return False
    return not semicolon or all(charset.lower() == b"utf-8" for charset in _CHARSET.findall(lines[0]))


def _length(lines: Sequence[bytes]) -> int | None:
    # The server has refused what is no number; an in-process client may send anything.
    return int(lines[0]) if len(lines) == 1 and lines[0].isdigit() and len(lines[0]) < 20 else None


def _key(lines: Sequence[bytes]) -> str | None:
    """The key of a request that is to be processed once; an empty one stands for what can't be a key.

    The draft has it in quotes, as RFC 8941 writes strings; many clients leave them away, and mean the same.
    """
    if not lines:
        return None
    found = _KEY.fullmatch(b",".join(lines).strip())
    return (found[1] or found[2]).decode("ascii") if found else ""


def _asked(query: bytes) -> dict[str, list[str]]:
    """The values of the parameters that we know. Others are ignored."""
    asked: dict[str, list[str]] = {"detail": [], "accept": []}
    if query:
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name in asked:
                asked[name].append(value)
    return asked


def _percent(values: Sequence[str]) -> int | None:
    """What `accept` says; 0 where it is not there, None where it can't be read."""
    match values:
        case []:
            return 0
        case ["all"]:
            return 100
        case [number] if _PERCENT.fullmatch(number):
            return int(number)
    return None
