"""Reading communications, batches and their results."""

from itertools import islice
from typing import Final
from uuid import UUID

import msgspec

from muster.auth.users import User
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
    """Reads batches for users. None stands for what does not exist and for what the user may not see."""

    def __init__(self, store: RecordStore, units: UnitSource) -> None:
        self._store = store
        self._units = units

    def communication(self, number: str, user: User) -> Communication | None:
        """The accepted communication with this number."""
        found = self._store.communication(number)
        if found is None:
            return None
        visibility = self._get_visibility(user)
        return found if visibility.includes(sender=found.accepted_by, unit=found.business_unit) else None

    def batch(self, batch_id: UUID, user: User) -> BatchSummary | None:
        found = self._store.batch(batch_id)
        return found if found and self._get_visibility(user).includes_sender(found.sender) else None

    def batches(self, user: User, *, before: UUID | None, limit: int) -> Page[BatchSummary, UUID]:
        """At most `limit` batches that precede the batch `before`, newest first."""
        # One more than the page holds tells whether there is another page.
        found = self._store.batches(sender=self._get_visibility(user).sender, before=before, limit=limit + 1)
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> Page[msgspec.Raw, int] | None:
        """At most `limit` results in the batch's response, from index `start`.

        Each result is JSON as it was sent. Results of customers that the user may not see are omitted. Also None when
        the response is no longer stored.
        """
        batch = self.batch(batch_id, user)
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

    def _get_visibility(self, user: User) -> Visibility:
        return Visibility.for_user(user, self._units())
