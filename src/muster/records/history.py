"""Reading a customer: the current version, the version at a moment, and what each version changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from muster.audit.events import Action, AuditEvent, AuditSink, Details
from muster.auth.users import User
from muster.records.document_diff import WHOLE_DOCUMENT, diff_documents
from muster.records.record_store import CustomerVersion, RecordStore
from muster.records.visibility import UnitSource, select_unit


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A version, and RFC 6901 pointers to the changes since the previous one; the first version is new as a whole."""

    version: CustomerVersion
    changed: Sequence[str]


class HistoryReader:
    """Reads customers for users. None stands for what does not exist and for what the user may not see.

    Every read of a document is in the audit log before the document is returned.
    """

    def __init__(self, store: RecordStore, units: UnitSource, audit: AuditSink) -> None:
        self._store = store
        self._units = units
        self._audit = audit

    def customer(self, ext_id: str, unit: str | None, user: User, *, at: datetime | None) -> CustomerVersion | None:
        """The current version or, with `at`, the version that was current at that moment.

        Without a unit, the default unit of the user applies. Raises `UnitRequiredError`.
        """
        visible_unit = select_unit(unit, user, self._units())
        found = None if visible_unit is None else self._store.customer(ext_id, visible_unit, at)
        if found is not None:
            self._record_read(Action.CUSTOMER_READ, user, [found])
        return found

    def history(
        self, ext_id: str, unit: str | None, user: User, *, below: int | None, limit: int
    ) -> Sequence[VersionChange] | None:
        """At most `limit` versions, newest first; with `below`, only versions with a lower number.

        Without a unit, the default unit of the user applies. Raises `UnitRequiredError`.
        """
        visible_unit = select_unit(unit, user, self._units())
        # One version more than the page: the changes of the page's oldest version are relative to it.
        found = [] if visible_unit is None else self._store.versions(ext_id, visible_unit, below=below, limit=limit + 1)
        changed = [diff_documents(before.document, after.document) for after, before in pairwise(found)]
        if len(found) <= limit:
            changed.append([WHOLE_DOCUMENT])
        if found:
            self._record_read(Action.HISTORY_READ, user, found[:limit])
        return [VersionChange(*pair) for pair in zip(found, changed, strict=False)] or None

    def _record_read(self, action: Action, user: User, versions: Sequence[CustomerVersion]) -> None:
        newest = versions[0]
        details: Details = {"businessUnit": newest.business_unit, "version": newest.version, "versions": len(versions)}
        self._audit.append(AuditEvent(user.name, action, newest.customer_ext_id, details))
