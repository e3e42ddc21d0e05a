"""The chain of the audit log: each entry has a hash over itself and the hash of the one before.

Whoever changes, removes or puts in an entry has to make all later hashes anew, and then the last one is not the one
that somebody noted or shipped. Only a hash that was kept elsewhere shows that the whole was made anew.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Final

from muster.audit.events import AuditEntry, AuditEvent, ChainHead

GENESIS_HASH: Final = bytes(32)  # stands before the first entry


class ChainBrokenError(Exception):
    """The log is not as it was written; the message says where."""


def chain_entry(before: bytes, number: int, at: datetime, event: AuditEvent) -> AuditEntry:
    """The entry that keeps the event after the one whose hash is `before`."""
    entry = AuditEntry(number, at, event.actor, event.action.text, event.subject, event.details, b"")
    return AuditEntry(number, at, entry.actor, entry.action, entry.subject, entry.details, _hash_entry(before, entry))


class ChainVerifier:
    """Goes through the entries of a log, oldest first. `noted` is an end that was noted before, elsewhere."""

    def __init__(self, noted: ChainHead | None = None) -> None:
        self.last = ChainHead(0, GENESIS_HASH)
        self._noted = noted

    def past(self, entry: AuditEntry) -> None:
        """Raises `ChainBrokenError` when this entry does not follow the last one."""
        expected = self.last.number + 1
        if entry.number > expected:
            raise ChainBrokenError(f"{_describe_entries(expected, entry.number - 1)} missing")
        if entry.number < expected:
            raise ChainBrokenError(f"entry {entry.number} stands where entry {expected} belongs")
        if entry.sha256 != _hash_entry(self.last.sha256, entry):
            raise ChainBrokenError(f"entry {entry.number} was changed, or one before it")
        self.last = ChainHead(entry.number, entry.sha256)
        if self._noted is not None and self._noted.number == entry.number and self._noted != self.last:
            raise ChainBrokenError(f"entry {entry.number} is not the one whose hash was noted")

    def end(self, head: ChainHead) -> None:
        """Raises `ChainBrokenError` when the log does not end where it says, or where it was noted."""
        if self.last.number < head.number:
            raise ChainBrokenError(f"{_describe_entries(self.last.number + 1, head.number)} missing at the end")
        if self.last != head:
            raise ChainBrokenError(f"entry {self.last.number} is not where the log says that it ends")
        if self._noted is not None and self._noted.number > self.last.number:
            raise ChainBrokenError(f"{_describe_entries(self.last.number + 1, self._noted.number)} missing at the end")


def _describe_entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _hash_entry(before: bytes, entry: AuditEntry) -> bytes:
    """Of the hash before and the entry as a JSON list, whose form must never change: it is written so in all logs."""
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    content = [entry.number, at, entry.actor, entry.action, entry.subject, dict(entry.details)]
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(before + text.encode("ascii")).digest()
