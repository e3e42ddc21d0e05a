"""The parts of the service that take in sample data, with a clock that is set to other days.

Customers and files go through the real intake with all of its checks; nothing is written past it.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from muster.audit.queue import AuditQueue
from muster.auth.administration import UserAdministration
from muster.auth.read_audit import ReadAudit
from muster.auth.users import User
from muster.bootstrap.load_runner import make_load_runner
from muster.classifiers.snapshot import ClassifierCache
from muster.intake.checker_cache import CheckerCache
from muster.intake.request import BatchOptions
from muster.intake.service import Intake, IntakeResult
from muster.loads.formats import open_rows
from muster.loads.job import LoadJob
from muster.loads.load_store import Load, LoadOptions
from muster.loads.mapping import InvalidMappingError, make_mapper
from muster.loads.observer import LoadObserver
from muster.loads.pace import Pace
from muster.loads.reading import LoadReader
from muster.loads.rows import InvalidFileError
from muster.loads.uploads import LoadUploads
from muster.loads.worker import LoadEnvironment, LoadWorker
from muster.records.reading import RecordReader
from muster.sample_data.customers import Customer
from muster.storage import Storage

# The actor of the first changes, before there are users.
OPERATOR: Final = "os:sample-data"
# Addresses for documentation (RFC 5737).
OFFICE_ADDRESS: Final = "192.0.2.17"
BRANCH_ADDRESS: Final = "198.51.100.4"
UNKNOWN_ADDRESS: Final = "203.0.113.99"
_TICK: Final = timedelta(milliseconds=37)
_MAX_CUSTOMERS: Final = 100_000


class SampleClock:
    """A clock that is set, and moves on a little whenever it is read. Gives UTC."""

    def __init__(self, start: datetime) -> None:
        self._time = start

    def __call__(self) -> datetime:
        self._time += _TICK
        return self._time

    def set(self, at: datetime) -> None:
        """Never goes back: the audit log is in the order of time."""
        self._time = max(at, self._time)

    @property
    def day(self) -> date:
        return self._time.date()


@dataclass(frozen=True, slots=True)
class SampleService:
    """What the events of the sample use. `store` writes with the time of `clock`."""

    store: Storage
    clock: SampleClock
    intake: Intake
    records: RecordReader
    loads: LoadReader
    uploads: LoadUploads
    worker: LoadWorker

    def administer(self, actor: str = OPERATOR) -> UserAdministration:
        return UserAdministration(self.store.users, actor)

    def get_user(self, name: str) -> User:
        user = self.store.users.user(name)
        assert user is not None, name
        return user

    def sign_in(self, name: str, address: str) -> User:
        """The user of a request, with the password from this address."""
        return replace(self.get_user(name), credential="password", address=address)

    def send(self, sender: str, customers: Sequence[Customer], *, refused: int) -> IntakeResult:
        """Sends a batch, as a request does; so many of its customers are made to be refused."""
        content = msgspec.json.encode({"customers": customers})
        result = self.intake.process(content, self.get_user(sender), BatchOptions(save=True))
        assert result.rejected == refused, f"{dict(result.codes)} instead of {refused} refused customers"
        return result

    def upload(self, user: User, name: str, content: bytes, *, dry_run: bool = False, cancels: bool = False) -> Load:
        """Uploads a file and loads it to its end, or cancels the load before it begins."""
        load, _ = self.uploads.create(user, name, LoadOptions(dry_run=dry_run))
        self.uploads.add_part(load.id, 1, content, user)
        if cancels:
            self.uploads.cancel(load.id, user)
        else:
            self.uploads.start(load.id, user)
            self.worker.run_next()
        return self._get_load(load.id)

    def _get_load(self, load_id: UUID) -> Load:
        load = self.store.loads.get(load_id)
        assert load is not None, "loads are never deleted"
        return load


@contextmanager
def open_sample_service(store: Storage, first_day: date) -> Iterator[SampleService]:
    """The service on this database, at the beginning of the first day. Ends its threads."""
    clock = SampleClock(datetime.combine(first_day, time(), UTC))
    dated = store.with_clock(clock)
    # Without a delay: codes that are added count for the next batch.
    classifiers = ClassifierCache(dated.classifiers, refresh_seconds=0)
    with closing(AuditQueue(dated.audit)) as audit_queue:
        read_audit = ReadAudit(dated.audit, audit_queue)

        def read_units() -> frozenset[str]:
            return classifiers.current().codes["businessUnit"]

        records = RecordReader(dated.records, read_units, read_audit)
        loads = LoadReader(dated.loads, records, read_units, read_audit)
        uploads = LoadUploads(dated.loads, loads, dated.audit, now=clock)
        intake = Intake(dated.customers, CheckerCache(classifiers), max_customers=_MAX_CUSTOMERS, now=clock)
        yield SampleService(dated, clock, intake, records, loads, uploads, _make_worker(dated, clock))


def _make_worker(store: Storage, clock: SampleClock) -> LoadWorker:
    environment = LoadEnvironment(
        store.loads, store.audit, is_passing=lambda _: False, reasons=(InvalidFileError, InvalidMappingError)
    )
    job = LoadJob(store.loads, make_load_runner(store, now=clock), open_rows, make_mapper)
    return LoadWorker(job, environment, _RaisingObserver(), Pace())


class _RaisingObserver(LoadObserver):
    """Lets an unexpected error end the making of the sample; tells nobody of the rest."""

    def record_start(self, load: Load) -> None: ...

    def record_progress(self, before: Load, after: Load) -> None: ...

    def record_end(self, load: Load) -> None: ...

    def record_pause(self, load: Load, reason: str) -> None: ...

    def record_waiting(self, count: int) -> None: ...

    def record_purge(self, refused: int, abandoned: int) -> None: ...

    def record_error(self, error: BaseException, load: Load | None) -> None:
        raise error
