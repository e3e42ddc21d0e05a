"""Reading the audit log: some of its entries, or all of them to see whether it is whole."""

from collections.abc import Iterator
from typing import Final

from muster.audit.chain import Broken, Walk
from muster.audit.ports import AuditStore, Entry, Head, Wanted

PAGE: Final = 1_000


def entries_of(audit: AuditStore, wanted: Wanted, after: int = 0) -> Iterator[Entry]:
    """The entries that are wanted, oldest first."""
    while page := audit.entries(wanted, after=after, limit=PAGE):
        yield from page
        after = page[-1].number


def verify(audit: AuditStore, noted: Head | None = None) -> Head:
    """Where the log ends. Raises `Broken`.

    Entries may come while it reads. So it goes on until the log ends where it says or there is nothing more to read:
    no entry stands behind the end, and none is left out.
    """
    walk = Walk(noted)
    while True:
        before = walk.last
        for entry in entries_of(audit, Wanted(), before.number):
            walk.past(entry)
        head = audit.head()
        if head is None:
            raise Broken("the row that says where it ends is missing")
        if head == walk.last or walk.last == before:
            walk.end(head)
            break
    if not audit.is_guarded():
        raise Broken("its entries are as they were, but the triggers that refuse changes are gone")
    return head
