"""Reading the audit log is an entry, but not one for every request."""

import pytest

from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.audit.queue import AuditQueue
from muster.audit.reader import AuditReader
from muster.auth.audit_reading import READ_INTERVAL_SECONDS, AuditLogService
from muster.auth.read_audit import ReadAudit
from muster.auth.users import Role, User
from tests.audit.fakes import MemoryAuditLog
from tests.auth.fakes import ManualClock

ADA = User("ada", Role.AUDIT, credential="password", address="192.0.2.1")
ALL = EntryFilter()


class Log:
    """A log with one entry, about the customer c-1."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryAuditLog(), ManualClock()
        self.store.append(AuditEvent("rita", Action.CUSTOMER_READ, "c-1"))
        self.service = AuditLogService(
            AuditReader(self.store), ReadAudit(self.store, AuditQueue(self.store)), self.clock
        )

    def read(self, criteria: EntryFilter = ALL, user: User = ADA, after: int = 0) -> list[int]:
        entries, _ = self.service.page(user, criteria, after=after, below=None, limit=100)
        return [entry.number for entry in entries]

    def get_reads(self) -> list[dict[str, object]]:
        """The details of the entries of reads, without the login."""
        login = ("credential", "address")
        found = [entry for entry in self.store.log if entry.action == "audit.read"]
        return [{name: value for name, value in entry.details.items() if name not in login} for entry in found]


def test_read_is_recorded_with_its_filter() -> None:
    log = Log()
    assert log.read(EntryFilter(subject="c-1")) == [1]
    assert log.get_reads() == [{"export": False, "found": True, "subject": "c-1"}]
    assert (log.store.log[1].actor, log.store.log[1].details["credential"]) == ("ada", "password")


def test_client_that_asks_for_new_entries_does_not_make_them() -> None:
    log = Log()
    last = 1
    for _ in range(50):
        last = max([last, *log.read(after=last)])
        log.clock.seconds += 30
    assert len(log.get_reads()) == 2  # one finds nothing, the other one the entry of the first


def test_equal_read_is_recorded_again_after_an_hour() -> None:
    log = Log()
    for _ in range(3):
        log.read()
        log.clock.seconds += READ_INTERVAL_SECONDS
    assert len(log.get_reads()) == 3


def test_other_users_addresses_filters_and_exports_are_recorded_each() -> None:
    log = Log()
    log.read()
    log.read(EntryFilter(actor="rita"))
    log.read(user=User("ada", Role.AUDIT, credential="password", address="192.0.2.9"))
    log.read(user=User("admin", Role.ADMIN))
    list(log.service.export(ADA, ALL, 0))
    assert len(log.get_reads()) == 5


def test_filter_that_finds_nothing_is_not_recorded_since_it_may_be_any_text() -> None:
    log = Log()
    log.read(EntryFilter(subject="Garcia"))
    log.read(EntryFilter(subject="Jose"))
    assert log.get_reads() == [{"export": False, "found": False}]


def test_read_that_cannot_be_recorded_shows_nothing() -> None:
    log = Log()

    def fail(event: AuditEvent) -> None:
        raise RuntimeError

    log.store.append = fail  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(RuntimeError):
            log.read()
        with pytest.raises(RuntimeError):
            log.service.export(ADA, ALL, 0)


def test_export_gives_all_entries_and_is_recorded_before_the_first() -> None:
    log = Log()
    groups = log.service.export(ADA, ALL, 0)
    assert log.get_reads() == [{"export": True, "found": True}]
    assert [entry.number for group in groups for entry in group] == [1]


def test_verification_is_no_entry() -> None:
    log = Log()
    assert log.service.verify_part().last == log.store.head()
    assert log.get_reads() == []
