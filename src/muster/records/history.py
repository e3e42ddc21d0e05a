"""Reading a customer: where it is, its current and earlier versions, and what each version changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from muster.audit.events import Action, Details
from muster.auth.read_audit import ReadAudit, RefusalReason
from muster.auth.users import User
from muster.records.document_diff import (
    WHOLE_DOCUMENT,
    ValueChange,
    describe_new,
    diff_documents,
    diff_values,
    parse_document,
)
from muster.records.paging import Page
from muster.records.record_store import Communication, CustomerVersion, RecordStore
from muster.records.visibility import UnitSource, Visibility, select_unit

# The documents that one page of a history reads. A document is as large as its sender made it, up to a whole body.
MAX_PAGE_BYTES: Final = 16 * 1024 * 1024
_FIRST_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A version, and RFC 6901 pointers to the changes since the previous one; the first version is new as a whole.

    `values` has the changes with old and new values, None where they were not asked for. `has_more` says that there are
    more changes than were asked for.
    """

    version: CustomerVersion
    changed: Sequence[str]
    values: Sequence[ValueChange] | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class HistoryBounds:
    """What one page of a history reads: bytes of documents, and changes of each version, with values."""

    max_document_bytes: int = MAX_PAGE_BYTES
    max_values: int | None = None


class HistoryReader:
    """Reads customers for users. None stands for what does not exist and for what the user may not see.

    Every read of a document is in the audit log before the document is returned.
    """

    def __init__(
        self, store: RecordStore, units: UnitSource, audit: ReadAudit, *, max_page_bytes: int = MAX_PAGE_BYTES
    ) -> None:
        self._store = store
        self._units = units
        self._audit = audit
        self._bounds = HistoryBounds(max_page_bytes)

    def customer(self, ext_id: str, unit: str | None, user: User, *, at: datetime | None) -> CustomerVersion | None:
        """The current version or, with `at`, the version that was current at that moment.

        Without a unit, the default unit of the user applies. Raises `UnitRequiredError`.
        """
        visible_unit = self._select_unit("customer", ext_id, unit, user)
        found = None if visible_unit is None else self._store.customer(ext_id, visible_unit, at)
        if found is not None:
            self._record_read(Action.CUSTOMER_READ, user, [found])
        return found

    def version(self, ext_id: str, unit: str, user: User, number: int) -> CustomerVersion | None:
        """The version with this number."""
        visible_unit = self._select_unit("customer", ext_id, unit, user)
        if visible_unit is None:
            return None
        found = self._store.version(ext_id, visible_unit, number)
        if found is not None:
            self._record_read(Action.CUSTOMER_READ, user, [found])
        return found

    def replacement(self, version: CustomerVersion) -> Communication | None:
        """What replaced a version that the user has read; None for the current version."""
        return self._store.replacement(version.customer_ext_id, version.business_unit, version.version)

    def find_units(self, ext_id: str, unit: str | None, user: User) -> Sequence[str]:
        """The units that have a customer with this identifier, of those that the user may see, or of `unit` alone.

        Reads no document, so that it is not in the audit log.
        """
        if unit is None:
            units = Visibility.for_user(user, self._units()).units
        else:
            visible_unit = self._select_unit("customer", ext_id, unit, user)
            units = frozenset() if visible_unit is None else frozenset((visible_unit,))
        return self._store.customer_units(ext_id, units)

    def history(
        self,
        ext_id: str,
        unit: str | None,
        user: User,
        *,
        below: int | None,
        limit: int,
        with_values: bool = False,
        bounds: HistoryBounds | None = None,
    ) -> Page[VersionChange, int] | None:
        """At most `limit` versions, newest first; with `below`, only versions with a lower number.

        A page reads one document more than it has versions, because a change is relative to the version before. It ends
        early when its documents exceed `bounds`, by default those of the reader, but has at least one version.

        Without a unit, the default unit of the user applies. `with_values` gives old and new values too, which is an
        action of its own in the audit log. Raises `UnitRequiredError`.
        """
        visible_unit = self._select_unit("history", ext_id, unit, user)
        if visible_unit is None:
            return None
        bounds = bounds or self._bounds
        found = self._store.versions(
            ext_id, visible_unit, below=below, limit=limit + 1, max_bytes=bounds.max_document_bytes
        )
        changes = _find_changes(found, with_values=with_values, max_values=bounds.max_values)[:limit]
        if not changes:
            return None
        action = Action.HISTORY_VALUES_READ if with_values else Action.HISTORY_READ
        self._record_read(action, user, [change.version for change in changes])
        oldest = changes[-1].version.version
        return Page(changes, oldest if oldest > _FIRST_VERSION else None)

    def _record_read(self, action: Action, user: User, versions: Sequence[CustomerVersion]) -> None:
        newest = versions[0]
        details: Details = {"businessUnit": newest.business_unit, "version": newest.version, "versions": len(versions)}
        self._audit.record_read(user, action, newest.customer_ext_id, details)

    def _select_unit(self, resource: str, ext_id: str, requested: str | None, user: User) -> str | None:
        """The unit to look in. None for one that the user may not see, which is recorded."""
        unit = select_unit(requested, user, self._units())
        if unit is None and requested is not None:

            def exists() -> bool:
                return self._store.customer(ext_id, requested, None) is not None

            self._audit.record_refusal(user, resource, ext_id, RefusalReason.BUSINESS_UNIT, exists)
        return unit


def _find_changes(
    versions: Sequence[CustomerVersion], *, with_values: bool, max_values: int | None
) -> list[VersionChange]:
    """What each version changed, apart from the oldest one, unless it is the first of its customer.

    Each document is parsed once, and two of them are in memory as values at a time.
    """
    changes: list[VersionChange] = []
    newer: CustomerVersion | None = None
    newer_value = None
    for version in versions:
        value = parse_document(version.document)
        if newer is not None and with_values:
            changes.append(_find_values(newer, value, newer_value, max_values))
        elif newer is not None:
            changes.append(VersionChange(newer, diff_documents(value, newer_value)))
        newer, newer_value = version, value
    if newer is not None and newer.version == _FIRST_VERSION:
        values = [describe_new(newer_value)] if with_values else None
        changes.append(VersionChange(newer, [WHOLE_DOCUMENT], values))
    return changes


def _find_values(version: CustomerVersion, before: Any, after: Any, limit: int | None) -> VersionChange:
    # One more than the limit tells whether there are more.
    found = diff_values(before, after, None if limit is None else limit + 1)
    values = found[:limit]
    return VersionChange(version, [change.pointer for change in values], values, len(found) > len(values))
