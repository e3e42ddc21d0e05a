"""Reading and verifying the audit log."""

from collections.abc import Iterator
from typing import Final

from muster.audit.chain import ChainBrokenError, ChainVerifier
from muster.audit.events import AuditEntry, AuditStore, ChainHead, EntryFilter

PAGE_SIZE: Final = 1_000


def read_entries(audit: AuditStore, criteria: EntryFilter, after: int = 0) -> Iterator[AuditEntry]:
    """The matching entries with a number above `after`, oldest first."""
    while page := audit.entries(criteria, after=after, limit=PAGE_SIZE):
        yield from page
        after = page[-1].number


def verify_log(audit: AuditStore, checkpoint: ChainHead | None = None) -> ChainHead:
    """Verifies the whole log and returns its head. Raises `ChainBrokenError`.

    Entries may be appended during the verification, so it repeats until the last entry read is the head, or nothing
    more can be read.
    """
    verifier = ChainVerifier(checkpoint)
    while True:
        before = verifier.last
        for entry in read_entries(audit, EntryFilter(), before.number):
            verifier.add(entry)
        head = audit.head()
        if head is None:
            raise ChainBrokenError("the row that records the end of the log is missing")
        if head == verifier.last or verifier.last == before:
            verifier.finish(head)
            break
    if not audit.is_guarded():
        raise ChainBrokenError("its entries are unchanged, but the triggers that reject changes are missing")
    return head
