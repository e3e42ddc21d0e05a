"""Headers and query of a batch request, parsed before the body is read."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from muster.web.credentials import Credentials, parse_authorization
from muster.web.problems import Problem

# `x-gzip` equals `gzip` (RFC 9110 8.4.1.3).
_CODINGS: Final = {b"": "identity", b"identity": "identity", b"gzip": "gzip", b"x-gzip": "gzip", b"zstd": "zstd"}
_CHARSET: Final = re.compile(rb';\s*charset\s*=\s*"?([^\s;"]*)"?', re.IGNORECASE)
MAX_KEY_LENGTH: Final = 255  # characters
_KEY: Final = re.compile(rb'"([!#-\[\]-~]{1,%d})"|([!#-+\--\[\]-~]{1,%d})' % (MAX_KEY_LENGTH, MAX_KEY_LENGTH))
_HEADER_NAMES: Final = frozenset(
    {
        *(b"authorization", b"content-type", b"content-encoding", b"content-length"),
        *(b"idempotency-key", b"idempotency-key-hours"),
    }
)

WRONG_TYPE: Final = "the header Content-Type must be application/json, and its charset, where it has one, utf-8"
_WRONG_CODING: Final = "the header Content-Encoding may be gzip or zstd, one of them and once; or omit it"
WRONG_KEY: Final = (
    f"the header Idempotency-Key takes one key of 1 to {MAX_KEY_LENGTH} visible ASCII characters, in quotes or without"
)
MAX_KEY_HOURS: Final = 8_760  # that of the setting `idempotency_hours`
_KEY_HOURS: Final = re.compile(rb"[1-9][0-9]{0,3}")
_WRONG_KEY_HOURS: Final = f"the header Idempotency-Key-Hours takes one whole number of hours from 1 to {MAX_KEY_HOURS}"


@dataclass(frozen=True, slots=True)
class _BatchParameter:
    """A query parameter: the option of the batch that it sets, what it takes in words, and its parser.

    The parser gives None for a bad value.
    """

    option: str
    takes: str
    parse: Callable[[str], Any]


def _parse_percent(value: str) -> int | None:
    return 100 if value == "all" else int(value) if _PERCENT.fullmatch(value) else None


_PERCENT: Final = re.compile("100|[1-9][0-9]?", re.ASCII)
_PARAMETERS: Final = {
    "accept": _BatchParameter(
        "min_accepted_percent", "all, or a whole number of percent from 1 to 100", _parse_percent
    ),
    "detail": _BatchParameter("detail", "full", {"full": True}.get),
    "unknown": _BatchParameter("reject_unknown", "reject", {"reject": True}.get),
    "upsert": _BatchParameter("upsert", "true or false", {"true": True, "false": False}.get),
}
_UNKNOWN_PARAMETER: Final = f"the query has a parameter that is not known; the known ones are {', '.join(_PARAMETERS)}"


@dataclass(frozen=True, slots=True)
class BatchHeaders:
    """`content_length` is in bytes, None when the header is missing.

    `options` are those of `BatchOptions` that the query sets. `key_lifetime` is None unless the sender asks for a time
    of its own. `problem` is the first error in headers and query. It is not raised here, because authentication comes
    first.
    """

    credentials: Credentials | None
    content_coding: str
    content_length: int | None
    options: Mapping[str, Any]
    idempotency_key: str | None
    key_lifetime: timedelta | None
    problem: Problem | None


def parse_batch_headers(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> BatchHeaders:
    """Parses the headers (names in lower case) and the query of a batch request."""
    values: dict[bytes, list[bytes]] = {name: [] for name in _HEADER_NAMES}
    for name, value in headers:
        if name in _HEADER_NAMES:
            values[name].append(value)
    coding = _CODINGS.get(b",".join(values[b"content-encoding"]).strip().lower())
    options, wrong_query = _parse_query(query)
    key = parse_idempotency_key(values[b"idempotency-key"])
    hours = _parse_key_hours(values[b"idempotency-key-hours"])
    return BatchHeaders(
        credentials=parse_authorization(values[b"authorization"]),
        content_coding=coding or "",
        content_length=_parse_length(values[b"content-length"]),
        options=options,
        idempotency_key=key,
        key_lifetime=timedelta(hours=hours) if hours else None,
        problem=_check_content(values[b"content-type"], coding) or _check_options(wrong_query, key, hours),
    )


def _check_content(content_type: Sequence[bytes], coding: str | None) -> Problem | None:
    if not is_json(content_type):
        return Problem(415, WRONG_TYPE)
    if coding is None:
        # The header tells the client that the coding was the reason (RFC 9110 15.5.16).
        return Problem(415, _WRONG_CODING, [("Accept-Encoding", "gzip, zstd")])
    return None


def _check_options(wrong_query: str | None, key: str | None, key_hours: int | None) -> Problem | None:
    if wrong_query is not None:
        return Problem(400, wrong_query)
    if key == "":
        return Problem(400, WRONG_KEY)
    return Problem(400, _WRONG_KEY_HOURS) if key_hours == 0 else None


def is_json(values: Sequence[bytes]) -> bool:
    """Whether there is one `Content-Type`, and it is JSON in UTF-8."""
    if len(values) != 1:
        return False
    media_type, semicolon, _ = values[0].partition(b";")
    if media_type.strip().lower() != b"application/json":
        return False
    return not semicolon or all(charset.lower() == b"utf-8" for charset in _CHARSET.findall(values[0]))


def _parse_length(values: Sequence[bytes]) -> int | None:
    # The HTTP server refuses other values; an in-process client may send anything.
    return int(values[0]) if len(values) == 1 and values[0].isdigit() and len(values[0]) < 20 else None


def parse_idempotency_key(values: Sequence[bytes]) -> str | None:
    """The idempotency key; an empty string for an invalid one.

    The IETF draft requires quotes (RFC 8941 strings). Many clients omit them, so both forms are the same key.
    """
    if not values:
        return None
    found = _KEY.fullmatch(b",".join(values).strip())
    return (found[1] or found[2]).decode("ascii") if found else ""


def _parse_key_hours(values: Sequence[bytes]) -> int | None:
    """The hours for which the key is to be valid; 0 for an invalid number, None when nobody asks."""
    if not values:
        return None
    value = b",".join(values).strip()
    hours = int(value) if _KEY_HOURS.fullmatch(value) else 0
    return hours if hours <= MAX_KEY_HOURS else 0


def _parse_query(query: bytes) -> tuple[Mapping[str, Any], str | None]:
    """The options that the query sets, and what is wrong with it.

    An unknown parameter is an error: a misspelt `accept` must not save a part of the batch.
    """
    options: dict[str, Any] = {}
    if not query:
        return options, None
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        parameter = _PARAMETERS.get(name)
        if parameter is None:
            return options, _UNKNOWN_PARAMETER
        parsed = parameter.parse(value)
        if parsed is None or parameter.option in options:
            return options, f"the query parameter {name} takes one value: {parameter.takes}"
        options[parameter.option] = parsed
    return options, None
