"""Processing a request once: the Idempotency-Key of a sender, after the IETF draft of that name.

A key stands for one request. Sent again, the same request gets the answer that the first one got, and another request
under the same key is refused. The store keeps the key with the customers, in the same transaction.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


class KeyInProgressError(Exception):
    """The first request with this key is still being processed."""


class KeyReusedError(Exception):
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of a request that is to be processed once. Keys from before `valid_from` (UTC) have ended.

    `valid_until` is when this one will end: the store tells it to whoever removes what is old, and does not go by it.
    """

    sender: str
    key: str
    fingerprint: bytes  # what was asked: `compute_fingerprint`
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What was answered to the request with a key; `answer` is the body of the 200."""

    fingerprint: bytes
    batch_id: UUID
    accepted: int
    rejected: int
    answer: bytes


def compute_fingerprint(content: bytes | bytearray, *, detail: bool, accept: int) -> bytes:
    """The SHA-256 of all that decides what a saving request is answered: its body, decompressed, and its query."""
    sha256 = hashlib.sha256(f"detail={detail:d}&accept={accept}\n".encode())
    sha256.update(content)
    return sha256.digest()
