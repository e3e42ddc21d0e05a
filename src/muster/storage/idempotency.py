"""Idempotency keys: the SQL and conversions that both databases share."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from muster.intake.idempotency import IdempotencyKey, StoredResponse
from muster.storage.compression import decompress_replay
from muster.storage.tables import idempotency_keys

# Runs a query with its parameters, and gives the first row.
FetchRow = Callable[[str, Sequence[Any]], Any]

_COLUMNS = ", ".join(idempotency_keys.columns.keys())

# The row of a claim: should it ever be committed, it is one of an expired key.
_CLAIM_COLUMNS: Final = ("sender", "idempotency_key", "fingerprint", "batch_id", "created_at")
_NO_BATCH: Final = UUID(int=0)
_EXPIRED: Final = datetime(1970, 1, 1, tzinfo=UTC)


def build_find_key(placeholder: str) -> str:
    """Selects the fingerprint and the batch of a key; parameters: sender, key, and the start of validity.

    Keys created before the start of validity have expired. Most keys are new, so this is mostly the only look; and on a
    Citus cluster the batch is on another node.
    """
    return f"""
SELECT fingerprint, batch_id FROM idempotency_keys
WHERE sender = {placeholder} AND idempotency_key = {placeholder} AND created_at >= {placeholder}
"""  # noqa: S608 - placeholders, not values


def build_find_response(placeholder: str) -> str:
    """Selects the stored response of a batch; parameter: its id."""
    return f"""
SELECT batches.id, accepted, rejected, COALESCE(replay_responses.answer, batches.answer), warnings
FROM batches LEFT JOIN replay_responses ON replay_responses.batch_id = batches.id
WHERE batches.id = {placeholder} AND batches.answer IS NOT NULL
"""  # noqa: S608 - placeholders, not values


def build_upsert_key(placeholder: str) -> str:
    """Upserts an idempotency key; replaces only an expired one, and otherwise affects no row.

    Parameters: the columns of the table, and the start of validity.
    """
    placeholders = ", ".join([placeholder] * len(idempotency_keys.columns))
    return f"""
INSERT INTO idempotency_keys ({_COLUMNS}) VALUES ({placeholders})
ON CONFLICT (sender, idempotency_key) DO UPDATE
SET fingerprint = excluded.fingerprint, batch_id = excluded.batch_id, created_at = excluded.created_at,
    valid_until = excluded.valid_until
WHERE idempotency_keys.created_at < {placeholder}
"""  # noqa: S608 - placeholders, not values


def build_claim_key(placeholder: str) -> str:
    """Locks an idempotency key until the end of the transaction, by a row that counts as expired.

    Affects no row when another batch has the key. Its parameters: `build_claim_parameters`. The batch that is saved in
    the transaction replaces the row by `build_upsert_key`.
    """
    placeholders = ", ".join([placeholder] * len(_CLAIM_COLUMNS))
    return f"""
INSERT INTO idempotency_keys ({", ".join(_CLAIM_COLUMNS)}) VALUES ({placeholders})
ON CONFLICT (sender, idempotency_key) DO UPDATE SET fingerprint = excluded.fingerprint
WHERE idempotency_keys.created_at < {placeholder}
"""  # noqa: S608 - placeholders, not values


def build_claim_parameters(key: IdempotencyKey) -> tuple[Any, ...]:
    """The parameters of `build_claim_key`."""
    return key.sender, key.key, key.fingerprint, _NO_BATCH, _EXPIRED, key.valid_from


def compute_lock_number(key: IdempotencyKey) -> int:
    """Hashes the sender and the key to a signed 64-bit number."""
    name = f"{len(key.sender)} {key.sender}{key.key}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)


def read_stored_response(
    fetch: FetchRow, find_key: str, find_response: str, key: Sequence[Any]
) -> StoredResponse | None:
    """The response stored for a key, by the two queries; `key` has the parameters of the first."""
    found = fetch(find_key, key)
    row = None if found is None else fetch(find_response, (found[1],))
    return None if row is None else _to_stored_response(bytes(found[0]), row)


def _to_stored_response(fingerprint: bytes, row: Sequence[Any]) -> StoredResponse:
    batch_id, accepted, rejected, content, warnings = row
    batch = batch_id if isinstance(batch_id, UUID) else UUID(batch_id)
    body = decompress_replay(bytes(content))
    return StoredResponse(fingerprint, batch, accepted, rejected, body, warnings or 0)
