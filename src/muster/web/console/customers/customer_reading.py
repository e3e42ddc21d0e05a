"""What the pages of a customer show, read for a user by the services that the API uses.

Everything here blocks, and runs in a thread of the pool.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.audit.events import AuditEntry, EntryFilter
from muster.auth.users import User
from muster.records.document_diff import parse_document
from muster.records.reading import HistoryBounds
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.web.console.customers.change_view import MAX_CHANGES, ChangeView, ShownVersion
from muster.web.console.customers.document_sections import DocumentSection
from muster.web.console.customers.document_view import DocumentView
from muster.web.console.customers.reader_view import READ_ACTIONS
from muster.web.services import Services

VERSIONS_PER_PAGE: Final = 20
READS_PER_PAGE: Final = 50
# Documents that a page of versions compares. The smallest page has two of them, however large they are.
MAX_COMPARED_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CustomerReference:
    """A customer that the user may read."""

    ext_id: str
    unit: str


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A version of a customer as its page shows it. `replacement` is None for the current version.

    `row` is its row in the file of a load, where it is known.
    """

    version: CustomerVersion
    batch: BatchSummary | None
    replacement: Communication | None
    sections: Sequence[DocumentSection]
    is_cut: bool
    row: int | None


def read_version(
    services: Services, user: User, customer: CustomerReference, moment: datetime | None, number: int | None
) -> CustomerVersion | None:
    if number is not None:
        return services.records.version(customer.ext_id, customer.unit, user, number)
    return services.records.customer(customer.ext_id, customer.unit, user, at=moment)


def read_document(
    services: Services, user: User, customer: CustomerReference, moment: datetime | None, number: int | None
) -> ShownDocument | None:
    version = read_version(services, user, customer, moment, number)
    if version is None:
        return None
    view = DocumentView(services.classifiers.current())
    sections = view.build_sections(parse_document(version.document))
    is_current = moment is None and number is None
    batch = services.records.batch(version.batch_id, user)
    return ShownDocument(
        version,
        batch,
        None if is_current else services.records.replacement(version),
        sections,
        any(section.is_cut for section in sections),
        services.records.find_row(batch, version.communication_number) if batch else None,
    )


def read_versions(
    services: Services, user: User, customer: CustomerReference, below: int | None
) -> tuple[Sequence[ShownVersion], int | None] | None:
    found = services.records.history(
        customer.ext_id,
        customer.unit,
        user,
        below=below,
        limit=VERSIONS_PER_PAGE,
        with_values=True,
        bounds=HistoryBounds(MAX_COMPARED_BYTES, MAX_CHANGES),
    )
    if found is None:
        return None
    view = ChangeView(services.classifiers.current())
    return [view.build_version(change) for change in found.items], found.next


def read_entries(
    services: Services, user: User, customer: CustomerReference, below: int | None
) -> tuple[Sequence[AuditEntry], int | None]:
    """Reads of the identifier in every unit: entries of other kinds may have the same subject, such as a user's."""
    wanted = EntryFilter(subject=customer.ext_id)
    entries, following = services.audit.page(user, wanted, after=0, below=below, limit=READS_PER_PAGE)
    return [entry for entry in entries if entry.action in READ_ACTIONS], following
