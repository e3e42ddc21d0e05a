"""Reading communications, batches and their results."""

from itertools import islice
from typing import Final
from uuid import UUID

import msgspec

from muster.audit.events import Action
from muster.auth.read_audit import ReadAudit, RefusalReason
from muster.auth.users import Role, User
from muster.records.paging import Page
from muster.records.record_store import BatchSummary, Communication, RecordStore
from muster.records.visibility import UnitSource, Visibility


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]


class _ResultUnit(msgspec.Struct, rename="camel"):
    business_unit: str | None


_decode_results: Final = msgspec.json.Decoder(_Results).decode
_decode_unit: Final = msgspec.json.Decoder(_ResultUnit).decode


class BatchReader:
    """Reads batches for users. None stands for what does not exist and for what the user may not see.

    Every page of results is in the audit log before it is returned, and what a user may not see soon afterwards.
    """

    def __init__(self, store: RecordStore, units: UnitSource, audit: ReadAudit) -> None:
        self._store = store
        self._units = units
        self._audit = audit

    def communication(self, number: str, user: User) -> Communication | None:
        """The accepted communication with this number."""
        found = self._store.communication(number)
        if found is None:
            return None
        visibility = self._get_visibility(user)
        if visibility.includes(sender=found.accepted_by, unit=found.business_unit):
            return found
        reason = RefusalReason.BUSINESS_UNIT if Role.READ in user.roles else RefusalReason.OTHER_SENDER
        self._audit.record_refusal(user, "communication", found.customer_ext_id, reason)
        return None

    def batch(self, batch_id: UUID, user: User) -> BatchSummary | None:
        return self._find_batch(batch_id, user, "batch")

    def results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> Page[msgspec.Raw, int] | None:
        """At most `limit` results in the batch's response, from index `start`.

        Each result is JSON as it was sent. Results of customers that the user may not see are omitted. Also None when
        the response is no longer stored.
        """
        page = self.find_results(batch_id, user, start=start, limit=limit)
        if page is not None:
            details = {"start": start, "results": len(page.items)}
            self._audit.record_read(user, Action.RESULTS_READ, str(batch_id), details)
        return page

    def find_results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> Page[msgspec.Raw, int] | None:
        """As `results`, for a caller that has recorded the read."""
        batch = self._find_batch(batch_id, user, "results")
        response = self._store.response(batch_id) if batch else None
        if batch is None or response is None:
            return None
        visibility, all_results = self._get_visibility(user), _decode_results(response).results
        sees_all = visibility.includes(sender=batch.sender, unit=None)
        visible = (
            (index, result)
            for index, result in enumerate(islice(all_results, start, None), start)
            if sees_all or visibility.includes(sender=batch.sender, unit=_decode_unit(result).business_unit)
        )
        page = list(islice(visible, limit))
        following = next(visible, None)
        return Page([result for _, result in page], following[0] if following else None)

    def _find_batch(self, batch_id: UUID, user: User, resource: str) -> BatchSummary | None:
        found = self._store.batch(batch_id)
        if found is None or self._get_visibility(user).includes_sender(found.sender):
            return found
        self._audit.record_refusal(user, resource, str(batch_id), RefusalReason.OTHER_SENDER)
        return None

    def _get_visibility(self, user: User) -> Visibility:
        return Visibility.for_user(user, self._units())
