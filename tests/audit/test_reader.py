"""Reading the log: pages, exports, and a verification that is bounded in time."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from muster.audit.chain import START, ChainBrokenError
from muster.audit.events import Action, AuditEntry, AuditEvent, ChainHead, EntryFilter
from muster.audit.reader import PAGE_SIZE, AuditReader, verify_log
from tests.audit.fakes import MemoryAuditLog

ALL = EntryFilter()


def build_log(count: int) -> MemoryAuditLog:
    log = MemoryAuditLog()
    for number in range(1, count + 1):
        log.append(AuditEvent("anna", Action.CUSTOMER_READ, f"c-{number % 2}"))
    return log


def get_checkpoint(log: MemoryAuditLog, number: int) -> ChainHead:
    return ChainHead(number, log.log[number - 1].sha256) if number else START


def find_break(log: MemoryAuditLog, checkpoint: ChainHead = START) -> str:
    with pytest.raises(ChainBrokenError) as error:
        AuditReader(log).verify_part(checkpoint)
    return str(error.value)


def test_pages_have_the_newest_entries_first_and_say_where_the_next_one_begins() -> None:
    reader = AuditReader(build_log(5))
    pages: list[list[int]] = []
    below = None
    while not pages or below is not None:
        entries, below = reader.page(ALL, after=0, below=below, limit=2)
        pages.append([entry.number for entry in entries])
    assert pages == [[5, 4], [3, 2], [1]]


def test_export_has_the_oldest_entries_first_and_ends_although_entries_are_added() -> None:
    log = build_log(PAGE_SIZE + 2)
    numbers = []
    for group in AuditReader(log).export(ALL, 0):
        numbers += [entry.number for entry in group]
        log.append(AuditEvent("anna", Action.AUDIT_READ))
    assert numbers == list(range(1, PAGE_SIZE + 3))


def test_export_holds_what_matches() -> None:
    found = AuditReader(build_log(6)).export(EntryFilter(subject="c-0"), 2)
    assert [[entry.number for entry in group] for group in found] == [[4, 6]]


@pytest.mark.parametrize("start", [0, 1, 2, 5])
def test_verification_begins_with_the_entry_of_the_checkpoint(start: int) -> None:
    log = build_log(5)
    part = AuditReader(log).verify_part(get_checkpoint(log, start))
    assert (part.first, part.last, part.end, part.is_complete) == (max(start, 1), log.head(), 5, True)


def test_long_log_is_verified_in_parts_that_follow_each_other() -> None:
    log = build_log(2 * PAGE_SIZE + 1)
    seconds = iter(range(100))
    reader = AuditReader(log, verify_seconds=1, clock=lambda: next(seconds))
    parts = [reader.verify_part()]
    while not parts[-1].is_complete:
        parts.append(reader.verify_part(parts[-1].last))
    assert [(part.first, part.last.number) for part in parts] == [(1, 1000), (1000, 1999), (1999, 2001)]
    assert parts[-1].last == verify_log(log)


def test_empty_log_is_intact() -> None:
    part = AuditReader(MemoryAuditLog()).verify_part()
    assert (part.first, part.last, part.is_complete) == (1, START, True)


@pytest.mark.parametrize("appended", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE])
def test_log_that_grows_while_it_is_verified_is_intact(count: int, appended: int) -> None:
    class GrowingLog(MemoryAuditLog):
        """Appends an entry after each of the first reads."""

        left = appended

        def grow(self) -> None:
            if self.left:
                self.left -= 1
                self.append(AuditEvent("anna", Action.CUSTOMER_READ, "c"))

        def entries(self, criteria: EntryFilter, *, after: int, limit: int) -> Sequence[AuditEntry]:
            found = super().entries(criteria, after=after, limit=limit)
            self.grow()
            return found

    log = GrowingLog(build_log(count).log)
    part = AuditReader(log).verify_part()
    assert part.is_complete
    assert part.last.number == part.end >= count
    assert verify_log(log) == log.head()


@pytest.mark.parametrize("changed", [3, 4, 5])
def test_change_from_the_checkpoint_on_is_found(changed: int) -> None:
    log = build_log(5)
    checkpoint = get_checkpoint(log, 3)
    log.log[changed - 1] = replace(log.log[changed - 1], subject="x")
    assert f"entry {changed} was changed" in find_break(log, checkpoint)


def test_checkpoint_that_the_log_does_not_have_is_found() -> None:
    log = build_log(5)
    other = ChainHead(3, bytes(32))
    assert find_break(log, other) == "entry 3 does not have the hash of the checkpoint"
    assert find_break(log, ChainHead(6, bytes(32))) == "entry 6 is missing at the end"
    assert find_break(log, ChainHead(9, bytes(32))) == "entry 8 is missing"
    assert find_break(log, ChainHead(0, b"x" * 32)) == "the checkpoint has another hash than the start of every log"


def test_missing_triggers_are_found_at_the_end() -> None:
    log = build_log(1)
    log.guarded = False
    assert "the triggers that reject changes are missing" in find_break(log)
