"""Headers and query of a batch request, parsed before the body is read."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from muster.web.credentials import Credentials, parse_authorization
from muster.web.problems import Problem

# `x-gzip` equals `gzip` (RFC 9110 8.4.1.3).
_CODINGS: Final = {b"": "identity", b"identity": "identity", b"gzip": "gzip", b"x-gzip": "gzip", b"zstd": "zstd"}
_CHARSET: Final = re.compile(rb';\s*charset\s*=\s*"?([^\s;"]*)"?', re.IGNORECASE)
MAX_KEY_LENGTH: Final = 255  # characters
_PERCENT: Final = re.compile("100|[1-9][0-9]?", re.ASCII)
_KEY: Final = re.compile(rb'"([!#-\[\]-~]{1,%d})"|([!#-+\--\[\]-~]{1,%d})' % (MAX_KEY_LENGTH, MAX_KEY_LENGTH))
_HEADER_NAMES: Final = frozenset(
    {b"authorization", b"content-type", b"content-encoding", b"content-length", b"idempotency-key"}
)

_WRONG_TYPE: Final = "the header Content-Type must be application/json, and its charset, where it has one, utf-8"
_WRONG_CODING: Final = "the header Content-Encoding may be gzip or zstd, one of them and once; or omit it"
_WRONG_KEY: Final = (
    f"the header Idempotency-Key takes one key of 1 to {MAX_KEY_LENGTH} visible ASCII characters, in quotes or without"
)
_WRONG_ACCEPT: Final = "the query parameter accept takes one value: all, or a whole number of percent from 1 to 100"
_WRONG_DETAIL: Final = "the query parameter detail takes one value: full"
_WRONG_UPSERT: Final = "the query parameter upsert takes one value: true or false"


@dataclass(frozen=True, slots=True)
class BatchHeaders:
    """`content_length` is in bytes, None when the header is missing.

    `accept` is the percentage of customers that must be accepted, or none is. `problem` is the first error in headers
    and query. It is not raised here, because authentication comes first.
    """

    credentials: Credentials | None
    content_coding: str
    content_length: int | None
    detail: bool
    accept: int
    idempotency_key: str | None
    upsert: bool
    problem: Problem | None


def parse_batch_headers(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> BatchHeaders:
    """Parses the headers (names in lower case) and the query of a batch request."""
    values: dict[bytes, list[bytes]] = {name: [] for name in _HEADER_NAMES}
    for name, value in headers:
        if name in _HEADER_NAMES:
            values[name].append(value)
    coding = _CODINGS.get(b",".join(values[b"content-encoding"]).strip().lower())
    parameters = _parse_query(query)
    detail, accept = parameters["detail"], _parse_percent(parameters["accept"])
    upsert = parameters["upsert"]
    key = _parse_key(values[b"idempotency-key"])
    return BatchHeaders(
        credentials=parse_authorization(values[b"authorization"]),
        content_coding=coding or "",
        content_length=_parse_length(values[b"content-length"]),
        detail=detail == ["full"],
        accept=accept or 0,
        idempotency_key=key,
        upsert=upsert == ["true"],
        problem=_check_content(values[b"content-type"], coding) or _check_options(detail, accept, upsert, key),
    )


def _check_content(content_type: Sequence[bytes], coding: str | None) -> Problem | None:
    if not _is_json(content_type):
        return Problem(415, _WRONG_TYPE)
    if coding is None:
        # The header tells the client that the coding was the reason (RFC 9110 15.5.16).
        return Problem(415, _WRONG_CODING, [("Accept-Encoding", "gzip, zstd")])
    return None


def _check_options(detail: Sequence[str], accept: int | None, upsert: Sequence[str], key: str | None) -> Problem | None:
    if detail not in ([], ["full"]):
        return Problem(400, _WRONG_DETAIL)
    if accept is None:
        return Problem(400, _WRONG_ACCEPT)
    if upsert not in ([], ["true"], ["false"]):
        return Problem(400, _WRONG_UPSERT)
    return Problem(400, _WRONG_KEY) if key == "" else None


def _is_json(values: Sequence[bytes]) -> bool:
    if len(values) != 1:
        return False
    media_type, semicolon, _ = values[0].partition(b";")
    if media_type.strip().lower() != b"application/json":
        return False
    return not semicolon or all(charset.lower() == b"utf-8" for charset in _CHARSET.findall(values[0]))


def _parse_length(values: Sequence[bytes]) -> int | None:
    # The HTTP server refuses other values; an in-process client may send anything.
    return int(values[0]) if len(values) == 1 and values[0].isdigit() and len(values[0]) < 20 else None


def _parse_key(values: Sequence[bytes]) -> str | None:
    """The idempotency key; an empty string for an invalid one.

    The IETF draft requires quotes (RFC 8941 strings). Many clients omit them, so both forms are the same key.
    """
    if not values:
        return None
    found = _KEY.fullmatch(b",".join(values).strip())
    return (found[1] or found[2]).decode("ascii") if found else ""


def _parse_query(query: bytes) -> dict[str, list[str]]:
    """The values of the known parameters. Unknown ones are ignored."""
    values: dict[str, list[str]] = {"detail": [], "accept": [], "upsert": []}
    if query:
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name in values:
                values[name].append(value)
    return values


def _parse_percent(values: Sequence[str]) -> int | None:
    """The percentage that `accept` requires; 0 when it is absent, None when it is invalid."""
    match values:
        case []:
            return 0
        case ["all"]:
            return 100
        case [number] if _PERCENT.fullmatch(number):
            return int(number)
    return None
