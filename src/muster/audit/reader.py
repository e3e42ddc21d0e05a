"""Reading and verifying the audit log."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from muster.audit.chain import START, ChainBrokenError, ChainVerifier
from muster.audit.events import AuditEntry, AuditStore, ChainHead, EntryFilter

PAGE_SIZE: Final = 1_000
VERIFY_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class VerifiedPart:
    """The entries from `first` to `last`, which are intact; none when `first` is the higher number.

    `is_complete` says that `last` is the end of the log. `end` is the number of its last entry.
    """

    first: int
    last: ChainHead
    end: int
    is_complete: bool


class AuditReader:
    """Reads the log for users that may read all of it. Everything blocks. `clock` gives seconds."""

    def __init__(
        self,
        store: AuditStore,
        *,
        verify_seconds: float = VERIFY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._verify_seconds = verify_seconds
        self._clock = clock

    def page(
        self, criteria: EntryFilter, *, after: int, below: int | None, limit: int
    ) -> tuple[Sequence[AuditEntry], int | None]:
        """At most `limit` matching entries, newest first, and the number of the last one if more follow."""
        # One more than the page holds tells whether there is another page.
        found = self._store.latest_entries(criteria, after=after, below=below, limit=limit + 1)
        return found[:limit], found[limit - 1].number if len(found) > limit else None

    def export(self, criteria: EntryFilter, after: int) -> Iterator[Sequence[AuditEntry]]:
        """The matching entries, oldest first, in groups. Ends with the entry that is the last one at the start."""
        head = self._store.head()
        last = head.number if head else None
        while group := self._store.entries(criteria, after=after, limit=PAGE_SIZE):
            after = group[-1].number
            known = [entry for entry in group if last is None or entry.number <= last]
            if known:
                yield known
            if len(known) < PAGE_SIZE:
                return

    def verify_part(self, checkpoint: ChainHead = START) -> VerifiedPart:
        """Verifies from the entry of the checkpoint on, and stops after `verify_seconds`. Raises `ChainBrokenError`.

        Entries before that of the checkpoint are not verified.
        """
        deadline = self._clock() + self._verify_seconds
        previous = self._find_previous(checkpoint)
        return _verify(self._store, ChainVerifier(checkpoint, previous), lambda: self._clock() >= deadline)

    def _find_previous(self, checkpoint: ChainHead) -> ChainHead:
        """The entry before that of the checkpoint. The hash of the checkpoint covers its hash."""
        if checkpoint.number == 0 and checkpoint != START:
            raise ChainBrokenError("the checkpoint has another hash than the start of every log")
        if checkpoint.number <= 1:
            return START
        number = checkpoint.number - 1
        found = self._store.entries(EntryFilter(), after=number - 1, limit=1)
        if not found or found[0].number != number:
            raise ChainBrokenError(f"entry {number} is missing")
        return ChainHead(number, found[0].sha256)


def read_entries(audit: AuditStore, criteria: EntryFilter, after: int = 0) -> Iterator[AuditEntry]:
    """The matching entries with a number above `after`, oldest first."""
    while page := audit.entries(criteria, after=after, limit=PAGE_SIZE):
        yield from page
        after = page[-1].number


def verify_log(audit: AuditStore, checkpoint: ChainHead | None = None) -> ChainHead:
    """Verifies the whole log and returns its head. Raises `ChainBrokenError`."""
    return _verify(audit, ChainVerifier(checkpoint), lambda: False).last


def _verify(audit: AuditStore, verifier: ChainVerifier, should_stop: Callable[[], bool]) -> VerifiedPart:
    """Verifies from `verifier.last` on. Asks `should_stop` after each page.

    Entries may be appended during the verification, so it repeats until it has read no entry beyond the head. The head
    is read before the entries: what it counts is committed then, so an entry that is not found is missing.
    """
    first = verifier.last.number + 1
    while True:
        before, head = verifier.last, audit.head()
        if head is None:
            raise ChainBrokenError("the row that records the end of the log is missing")
        is_stopped = False
        while not is_stopped and (page := audit.entries(EntryFilter(), after=verifier.last.number, limit=PAGE_SIZE)):
            for entry in page:
                verifier.add(entry)
            is_stopped = should_stop()
        if is_stopped and verifier.last.number < head.number:
            return VerifiedPart(first, verifier.last, head.number, is_complete=False)
        if verifier.last.number <= head.number or verifier.last == before:
            verifier.finish(head)
            break
    if not audit.is_guarded():
        raise ChainBrokenError("its entries are unchanged, but the triggers that reject changes are missing")
    return VerifiedPart(first, head, head.number, is_complete=True)
