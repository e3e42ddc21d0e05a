"""The hash chain of the audit log: the hash of an entry covers the entry and the hash of the entry before.

Changing, removing or inserting an entry forces a recalculation of all later hashes, so the hash of the last entry
changes too. Only a copy of that hash outside the database (a checkpoint, or shipped entries) reveals a log that was
recalculated as a whole.
"""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from muster.audit.events import AuditEntry, AuditEvent, ChainHead

GENESIS_HASH: Final = bytes(32)  # the predecessor of the first entry
START: Final = ChainHead(0, GENESIS_HASH)


class ChainBrokenError(Exception):
    """The log differs from what was written; the message says where."""


def chain_entry(previous_hash: bytes, number: int, at: datetime, event: AuditEvent) -> AuditEntry:
    """Builds the entry for an event that follows the entry with `previous_hash`."""
    entry = AuditEntry(number, at, event.actor, event.action.text, event.subject, event.details, b"")
    return replace(entry, sha256=_hash_entry(previous_hash, entry))


class ChainVerifier:
    """Verifies the entries of a log, oldest first, and optionally against a checkpoint taken earlier.

    The first entry follows `previous`.
    """

    def __init__(self, checkpoint: ChainHead | None = None, previous: ChainHead = START) -> None:
        self.last = previous
        self._checkpoint = checkpoint

    def add(self, entry: AuditEntry) -> None:
        """Raises `ChainBrokenError` when the entry does not follow the previous one."""
        expected = self.last.number + 1
        if entry.number > expected:
            raise ChainBrokenError(f"{_describe_entries(expected, entry.number - 1)} missing")
        if entry.number < expected:
            raise ChainBrokenError(f"entry {entry.number} stands where entry {expected} belongs")
        if entry.sha256 != _hash_entry(self.last.sha256, entry):
            raise ChainBrokenError(f"entry {entry.number} was changed, or an entry before it")
        self.last = ChainHead(entry.number, entry.sha256)
        if self._checkpoint is not None and self._checkpoint.number == entry.number and self._checkpoint != self.last:
            raise ChainBrokenError(f"entry {entry.number} does not have the hash of the checkpoint")

    def finish(self, head: ChainHead) -> None:
        """Raises `ChainBrokenError` when the log does not end at its recorded head, or ends before the checkpoint."""
        if self.last.number < head.number:
            raise ChainBrokenError(f"{_describe_entries(self.last.number + 1, head.number)} missing at the end")
        if self.last != head:
            raise ChainBrokenError(f"the log ends with entry {self.last.number}, but its head records another end")
        if self._checkpoint is not None and self._checkpoint.number > self.last.number:
            missing = _describe_entries(self.last.number + 1, self._checkpoint.number)
            raise ChainBrokenError(f"{missing} missing at the end")


def _describe_entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _hash_entry(previous_hash: bytes, entry: AuditEntry) -> bytes:
    """Hashes the previous hash and the entry as a JSON list. The format must never change: all logs depend on it."""
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    content = [entry.number, at, entry.actor, entry.action, entry.subject, dict(entry.details)]
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous_hash + text.encode("ascii")).digest()
