"""Encodes rows in PostgreSQL's binary COPY format, in chunks.

Source: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". A field is its length in four
bytes, followed by its content.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import Final

from muster.intake.customer_store import AcceptedCustomer, Batch, RejectedCustomer
from muster.storage.text import sanitize_text

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_JSONB_VERSION: Final = b"\1"
_pack_int: Final = Struct("!i").pack

# Rows in one chunk: PostgreSQL processes a chunk while the next one is encoded.
_CHUNK_ROWS: Final = 200


class _PackedIntegers(dict[int, bytes]):
    """Packs integers and caches them: a batch has few different lengths and versions."""

    def __missing__(self, value: int) -> bytes:
        packed = self[value] = _pack_int(value)
        return packed


class _PackedTexts(dict[tuple[str, ...], bytes]):
    """Packs adjacent text fields with a fixed suffix and caches them: their values repeat from row to row."""

    def __init__(self, suffix: bytes = b"") -> None:
        self._suffix = suffix

    def __missing__(self, texts: tuple[str, ...]) -> bytes:
        packed = self[texts] = b"".join(map(_pack_text, texts)) + self._suffix
        return packed


# The next two functions collect parts and join them once, with repeated parts from caches: 1.1 µs a customer, where a
# function call for each field took 2.0 µs. With psycopg's own write_row, the whole write took 5 % longer.


def build_communication_rows(customers: Sequence[AcceptedCustomer], batch: Batch) -> Iterator[bytes]:
    """Columns: communication_number, batch_id, business_unit, customer_ext_id, version."""
    batch_id = _pack_field(batch.id.bytes)
    integers, units = _PackedIntegers(), _PackedTexts()
    yield _HEADER
    for start in range(0, len(customers), _CHUNK_ROWS):
        parts: list[bytes] = []
        add = parts.extend
        for number, unit, ext_id, version, *_ in customers[start : start + _CHUNK_ROWS]:
            encoded_number, encoded_id = number.encode(), ext_id.encode()
            add(
                (
                    b"\0\5",
                    integers[len(encoded_number)],
                    encoded_number,
                    batch_id,
                    units[unit,],
                    integers[len(encoded_id)],
                    encoded_id,
                    b"\0\0\0\4",
                    integers[version],
                )
            )
        yield b"".join(parts)
    yield _TRAILER


def build_customer_rows(customers: Sequence[AcceptedCustomer], batch: Batch) -> Iterator[bytes]:
    """Columns: those of `customers` and of `customer_history`, in order."""
    integers, units = _PackedIntegers(), _PackedTexts()
    types_and_batch_id = _PackedTexts(suffix=_pack_field(batch.id.bytes))
    yield _HEADER
    for start in range(0, len(customers), _CHUNK_ROWS):
        parts: list[bytes] = []
        add = parts.extend
        for number, unit, ext_id, version, entity_type, status, document in customers[start : start + _CHUNK_ROWS]:
            encoded_number, encoded_id = number.encode(), ext_id.encode()
            add(
                (
                    b"\0\x08",
                    integers[len(encoded_id)],
                    encoded_id,
                    units[unit,],
                    b"\0\0\0\4",
                    integers[version],
                    integers[len(encoded_number)],
                    encoded_number,
                    types_and_batch_id[entity_type, status],
                    integers[len(document) + 1],
                    _JSONB_VERSION,
                    document,
                )
            )
        yield b"".join(parts)
    yield _TRAILER


def build_rejection_rows(rejections: Iterable[RejectedCustomer], batch: Batch) -> Iterator[bytes]:
    """Columns: those of `rejections`, in order."""
    batch_id = _pack_field(batch.id.bytes)
    rows = batch.checkpoint.record_rows if batch.checkpoint else ()
    yield _HEADER
    for rejection in rejections:
        yield b"".join(
            (
                b"\0\7",
                batch_id,
                _pack_field(_pack_int(rejection.position)),
                _pack_nullable(sanitize_text(rejection.communication_number)),
                _pack_nullable(sanitize_text(rejection.customer_ext_id)),
                _pack_nullable(sanitize_text(rejection.business_unit)),
                _pack_field(_JSONB_VERSION + json.dumps(rejection.violations).encode()),
                _NULL if not rows else _pack_long_field(rows[rejection.position]),
            )
        )
    yield _TRAILER


def _pack_field(content: bytes) -> bytes:
    return _pack_int(len(content)) + content


def _pack_long_field(value: int) -> bytes:
    return _pack_field(value.to_bytes(8, signed=True))


def _pack_text(text: str) -> bytes:
    return _pack_field(text.encode())


def _pack_nullable(text: str | None) -> bytes:
    return _NULL if text is None else _pack_text(text)
