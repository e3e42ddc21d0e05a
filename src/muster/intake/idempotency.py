"""Idempotency keys: a request with one is processed once. After the IETF draft of the Idempotency-Key header.

A key stands for one request of its sender. The same request gets the stored response; another request with the same
key is rejected. The store writes the key in the same transaction as the customers.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from muster.intake.large_body import ResponseBody
from muster.intake.request import BatchOptions


class KeyInProgressError(Exception):
    """The first request with this key is still being processed."""


class KeyReusedError(Exception):
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of a request that saves. Keys written before `valid_from` (UTC) have expired.

    `valid_until` is when this key will expire. The store writes it for retention, and does not decide by it.
    """

    sender: str
    key: str
    fingerprint: bytes  # of the request, by `compute_fingerprint`
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The response to the first request with a key; `body` is the body of the 200.

    `warnings` is 0 when the code that saved the batch did not store their number.
    """

    fingerprint: bytes
    batch_id: UUID
    accepted: int
    rejected: int
    body: ResponseBody
    warnings: int = 0


def compute_fingerprint(content: bytes | bytearray, options: BatchOptions) -> bytes:
    """The SHA-256 of everything that decides the response to a saving request: its decompressed body and its query."""
    # Stored with the keys: another text would turn the repetition of a request into another request.
    # So an option that came later changes it only where it is used.
    unknown = "&unknown=reject" if options.reject_unknown else ""
    upsert = "&upsert=1" if options.upsert else ""
    query = f"detail={options.detail:d}&accept={options.min_accepted_percent}{unknown}{upsert}"
    sha256 = hashlib.sha256(f"{query}\n".encode())
    sha256.update(content)
    return sha256.digest()
