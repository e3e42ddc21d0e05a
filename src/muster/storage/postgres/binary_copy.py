"""Rows in PostgreSQL's binary COPY format, in pieces to send one by one.

Source: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". Every field is its length in four bytes,
then its content.
"""

import json
from collections.abc import Iterator, Sequence
from struct import Struct

from muster.intake.customer_store import AcceptedCustomer, Batch, RejectedCustomer
from muster.storage.text import sanitize_text

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_JSONB_VERSION = b"\1"
_int = Struct("!i").pack

# Rows in one piece: PostgreSQL works on a piece while the next one is put together.
_PIECE = 200


class Lengths(dict[int, bytes]):
    """Lengths as they are sent. A batch has few different ones."""

    def __missing__(self, length: int) -> bytes:
        packed = self[length] = _int(length)
        return packed


class _Texts(dict[tuple[str, ...], bytes]):
    """Fields of text that repeat from row to row, several in a row at once, and what follows them always."""

    def __init__(self, then: bytes = b"") -> None:
        self._then = then

    def __missing__(self, texts: tuple[str, ...]) -> bytes:
        packed = self[texts] = b"".join(map(_text, texts)) + self._then
        return packed


# The next two build a list of parts and join it once, with everything that repeats looked up: 1.1 µs a customer, where
# a function call for each field took 2.0 µs. With psycopg's own write_row the whole write took 5 % longer.


def communication_rows(arrivals: Sequence[AcceptedCustomer], batch: Batch) -> Iterator[bytes]:
    """Columns: communication_number, batch_id, business_unit, customer_ext_id, version."""
    batch_id = _field(batch.id.bytes)
    lengths, units = Lengths(), _Texts()
    yield _HEADER
    for start in range(0, len(arrivals), _PIECE):
        parts: list[bytes] = []
        add = parts.extend
        for number, unit, ext_id, version, *_ in arrivals[start : start + _PIECE]:
            sent_number, sent_id = number.encode(), ext_id.encode()
            add(
                (
                    b"\0\5",
                    lengths[len(sent_number)],
                    sent_number,
                    batch_id,
                    units[unit,],
                    lengths[len(sent_id)],
                    sent_id,
                    b"\0\0\0\4",
                    lengths[version],
                )
            )
        yield b"".join(parts)
    yield _TRAILER


def customer_rows(arrivals: Sequence[AcceptedCustomer], batch: Batch) -> Iterator[bytes]:
    """Columns: those of customers and customer_history, in their order."""
    lengths, units, kinds = Lengths(), _Texts(), _Texts(then=_field(batch.id.bytes))
    yield _HEADER
    for start in range(0, len(arrivals), _PIECE):
        parts: list[bytes] = []
        add = parts.extend
        for number, unit, ext_id, version, entity_type, status, document in arrivals[start : start + _PIECE]:
            sent_number, sent_id = number.encode(), ext_id.encode()
            add(
                (
                    b"\0\x08",
                    lengths[len(sent_id)],
                    sent_id,
                    units[unit,],
                    b"\0\0\0\4",
                    lengths[version],
                    lengths[len(sent_number)],
                    sent_number,
                    kinds[entity_type, status],
                    lengths[len(document) + 1],
                    _JSONB_VERSION,
                    document,
                )
            )
        yield b"".join(parts)
    yield _TRAILER


def rejection_rows(rejections: Sequence[RejectedCustomer], batch: Batch) -> Iterator[bytes]:
    """Columns: those of rejections, in their order."""
    batch_id = _field(batch.id.bytes)
    yield _HEADER
    for rejection in rejections:
        yield b"".join(
            (
                b"\0\6",
                batch_id,
                _field(_int(rejection.position)),
                _nullable(sanitize_text(rejection.communication_number)),
                _nullable(sanitize_text(rejection.customer_ext_id)),
                _nullable(sanitize_text(rejection.business_unit)),
                _field(_JSONB_VERSION + json.dumps(rejection.violations).encode()),
            )
        )
    yield _TRAILER


def _field(content: bytes) -> bytes:
    return _int(len(content)) + content


def _text(text: str) -> bytes:
    return _field(text.encode())


def _nullable(text: str | None) -> bytes:
    return _NULL if text is None else _text(text)
