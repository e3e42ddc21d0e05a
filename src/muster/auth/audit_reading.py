"""The audit log as its readers use it. Reading entries is an entry too, but not one for every request."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from muster.audit.chain import START
from muster.audit.events import Action, AuditEntry, ChainHead, Details, EntryFilter
from muster.audit.reader import AuditReader, VerifiedPart
from muster.auth.read_audit import ReadAudit
from muster.auth.users import User

# A client that asks for new entries would find the entry of its own last request each time.
READ_INTERVAL_SECONDS: Final = 3600.0
_MAX_RECORDED: Final = 1_000  # reads that are remembered


class AuditLogService:
    """Reads the audit log for users that may read all of it. Thread-safe; everything blocks. `clock` gives seconds."""

    def __init__(self, reader: AuditReader, read_audit: ReadAudit, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._read_audit = read_audit
        self._clock = clock
        self._lock = threading.Lock()
        self._recorded: OrderedDict[tuple[str, ...], float] = OrderedDict()  # when, oldest first

    def page(
        self, user: User, criteria: EntryFilter, *, after: int, below: int | None, limit: int
    ) -> tuple[Sequence[AuditEntry], int | None]:
        """At most `limit` matching entries, newest first, and the number of the last one if more follow."""
        entries, following = self._reader.page(criteria, after=after, below=below, limit=limit)
        self._record(user, criteria, is_export=False, is_found=bool(entries))
        return entries, following

    def find_last(self, action: Action) -> datetime | None:
        """When this action was recorded last. Shows no entry, so it leaves none."""
        entries, _ = self._reader.page(EntryFilter(action=action.text), after=0, below=None, limit=1)
        return entries[0].at if entries else None

    def export(self, user: User, criteria: EntryFilter, after: int) -> Iterator[Sequence[AuditEntry]]:
        """The matching entries, oldest first, in groups. Ends with the entry that is the last one at the start."""
        groups = self._reader.export(criteria, after)
        first = next(groups, None)
        self._record(user, criteria, is_export=True, is_found=first is not None)
        return groups if first is None else chain((first,), groups)

    def verify_part(self, checkpoint: ChainHead = START) -> VerifiedPart:
        """See `AuditReader.verify_part`. Shows no entries, so it leaves none. Raises `ChainBrokenError`."""
        return self._reader.verify_part(checkpoint)

    def _record(self, user: User, criteria: EntryFilter, *, is_export: bool, is_found: bool) -> None:
        """Records the read, unless an equal one is recorded since less than an hour.

        Times and positions don't make a difference. A filter that finds nothing is not recorded: it may be any text.
        """
        filters = {"actor": criteria.actor, "action": criteria.action, "subject": criteria.subject}
        details: Details = {
            "export": is_export,
            "found": is_found,
            **{name: value for name, value in filters.items() if value is not None and is_found},
        }
        key = (user.name, user.credential, user.address, *(f"{name}={value}" for name, value in details.items()))
        now = self._clock()
        with self._lock:
            if now - self._recorded.get(key, -READ_INTERVAL_SECONDS) < READ_INTERVAL_SECONDS:
                return
        self._read_audit.record_read(user, Action.AUDIT_READ, "", details)
        with self._lock:
            self._recorded[key] = now
            self._recorded.move_to_end(key)
            while len(self._recorded) > _MAX_RECORDED:
                self._recorded.popitem(last=False)
