"""Reading communications, batches and their results."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

import msgspec

from muster.audit.events import Action
from muster.auth.read_audit import ReadAudit, RefusalReason
from muster.auth.users import Role, User
from muster.intake.response import REQUEST_ACCEPTED
from muster.records.paging import Page
from muster.records.record_store import BatchSummary, Communication, RecordStore
from muster.records.visibility import UnitSource, Visibility


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]


class _ResultHead(msgspec.Struct, rename="camel"):
    business_unit: str | None
    result_type: str = ""


class _ResultNumber(msgspec.Struct, rename="camel"):
    communication_number: str | None


@dataclass(frozen=True, slots=True)
class _StoredResults:
    """The results of a batch, of which a user may see some."""

    sender: str
    results: Sequence[msgspec.Raw]
    visibility: Visibility

    def iterate_visible(self, indexes: Iterable[int]) -> Iterator[tuple[int, msgspec.Raw]]:
        """The visible ones of the results with these indexes, with their indexes."""
        sees_all = self.visibility.includes(sender=self.sender, unit=None)
        for index in indexes:
            result = self.results[index]
            if sees_all or self.visibility.includes(sender=self.sender, unit=_decode_head(result).business_unit):
                yield index, result


_decode_results: Final = msgspec.json.Decoder(_Results).decode
_decode_number: Final = msgspec.json.Decoder(_ResultNumber).decode
_decode_head: Final = msgspec.json.Decoder(_ResultHead).decode


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
        stored = self._find_stored(batch_id, user)
        if stored is None:
            return None
        page = _cut_page(stored.iterate_visible(range(start, len(stored.results))), limit)
        return Page([result for _, result in page.items], page.next)

    def accepted_results(
        self, batch_id: UUID, user: User, *, start: int, limit: int
    ) -> Page[tuple[int, msgspec.Raw], int] | None:
        """As `results`, of accepted customers alone, each with its index."""
        stored = self._find_stored(batch_id, user)
        if stored is None:
            return None
        visible = stored.iterate_visible(range(start, len(stored.results)))
        page = _cut_page((item for item in visible if _decode_head(item[1]).result_type == REQUEST_ACCEPTED), limit)
        self._audit.record_read(user, Action.RESULTS_READ, str(batch_id), {"start": start, "results": len(page.items)})
        return page

    def find_results_at(self, batch_id: UUID, user: User, indexes: Sequence[int]) -> Mapping[int, msgspec.Raw]:
        """The results with these indexes that are stored, for a caller that has recorded the read."""
        stored = self._find_stored(batch_id, user) if indexes else None
        if stored is None:
            return {}
        return dict(stored.iterate_visible(index for index in indexes if index < len(stored.results)))

    def find_row(self, batch: BatchSummary, number: str) -> int | None:
        """The row of an accepted customer in the file, by its communication number; None where it is not known.

        For a caller that has recorded the read of the customer.
        """
        response = self._store.response(batch.id) if batch.get_row(0) is not None else None
        if response is None:
            return None
        encoded = msgspec.json.encode(number)
        for index, result in enumerate(_decode_results(response).results):
            if encoded in bytes(result) and _decode_number(result).communication_number == number:
                return batch.get_row(index)
        return None

    def _find_stored(self, batch_id: UUID, user: User) -> "_StoredResults | None":
        batch = self._find_batch(batch_id, user, "results")
        response = self._store.response(batch_id) if batch else None
        if batch is None or response is None:
            return None
        return _StoredResults(batch.sender, _decode_results(response).results, self._get_visibility(user))

    def _find_batch(self, batch_id: UUID, user: User, resource: str) -> BatchSummary | None:
        found = self._store.batch(batch_id)
        if found is None or self._get_visibility(user).includes_sender(found.sender):
            return found
        self._audit.record_refusal(user, resource, str(batch_id), RefusalReason.OTHER_SENDER)
        return None

    def _get_visibility(self, user: User) -> Visibility:
        return Visibility.for_user(user, self._units())


def _cut_page(items: Iterator[tuple[int, msgspec.Raw]], limit: int) -> Page[tuple[int, msgspec.Raw], int]:
    """At most `limit` items; the next page begins with the index of the item that follows."""
    page = list(islice(items, limit))
    following = next(items, None)
    return Page(page, following[0] if following else None)
