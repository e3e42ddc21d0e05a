"""Keys of requests that are processed once: what both databases have in common."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from muster.intake.idempotency import IdempotencyKey, StoredResponse
from muster.storage.compression import decompress_response
from muster.storage.tables import idempotency_keys

_NAMES = ", ".join(idempotency_keys.columns.keys())


def build_find_key(mark: str) -> str:
    """The query for `StoredResponse`, by sender, key and the moment from which on keys are valid."""
    return f"""
SELECT fingerprint, batch_id, accepted, rejected, answer
FROM idempotency_keys JOIN batches ON batches.id = idempotency_keys.batch_id
WHERE idempotency_keys.sender = {mark} AND idempotency_key = {mark} AND created_at >= {mark} AND answer IS NOT NULL
"""  # noqa: S608 - a mark is no value


def build_store_key(mark: str) -> str:
    """The statement that keeps a key: its columns, and the moment before which another of the same name has ended.

    It writes no row when there is one that has not ended.
    """
    marks = ", ".join([mark] * len(idempotency_keys.columns))
    return f"""
INSERT INTO idempotency_keys ({_NAMES}) VALUES ({marks})
ON CONFLICT (sender, idempotency_key) DO UPDATE
SET fingerprint = excluded.fingerprint, batch_id = excluded.batch_id, created_at = excluded.created_at,
    valid_until = excluded.valid_until
WHERE idempotency_keys.created_at < {mark}
"""  # noqa: S608 - a mark is no value


def compute_lock_number(once: IdempotencyKey) -> int:
    """A number of 64 bits, signed, that stands for the sender's key."""
    name = f"{len(once.sender)} {once.sender}{once.key}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)


def to_stored_response(row: Sequence[Any]) -> StoredResponse:
    """What a row of `build_find_key` says."""
    fingerprint, batch_id, accepted, rejected, answer = row
    batch = batch_id if isinstance(batch_id, UUID) else UUID(batch_id)
    return StoredResponse(bytes(fingerprint), batch, accepted, rejected, decompress_response(bytes(answer)))
