"""Reading the audit log: some of its entries, or all of them to see whether it is whole."""

from collections.abc import Iterator
from typing import Final

from muster.audit.chain import ChainBrokenError, ChainVerifier
from muster.audit.events import AuditEntry, AuditStore, ChainHead, EntryFilter

PAGE_SIZE: Final = 1_000


def read_entries(audit: AuditStore, wanted: EntryFilter, after: int = 0) -> Iterator[AuditEntry]:
    """The entries that are wanted, oldest first."""
    while page := audit.entries(wanted, after=after, limit=PAGE_SIZE):
        yield from page
        after = page[-1].number


def verify_log(audit: AuditStore, noted: ChainHead | None = None) -> ChainHead:
    """Where the log ends. Raises `ChainBrokenError`.

    Entries may come while it reads. So it goes on until the log ends where it says or there is nothing more to read:
    no entry stands behind the end, and none is left out.
    """
    walk = ChainVerifier(noted)
    while True:
        before = walk.last
        for entry in read_entries(audit, EntryFilter(), before.number):
            walk.past(entry)
        head = audit.head()
        if head is None:
            raise ChainBrokenError("the row that says where it ends is missing")
        if head == walk.last or walk.last == before:
            walk.end(head)
            break
    if not audit.is_guarded():
        raise ChainBrokenError("its entries are as they were, but the triggers that refuse changes are gone")
    return head
