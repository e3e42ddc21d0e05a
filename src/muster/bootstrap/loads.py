"""Builds the loads of files: what users do with them, the threads that run them, and the runner of the command."""

from datetime import timedelta
from typing import TYPE_CHECKING

from muster.classifiers.snapshot import ClassifierCache
from muster.settings import Settings
from muster.storage import Storage, StorageUnavailableError

if TYPE_CHECKING:
    from muster.auth.read_audit import ReadAudit
    from muster.loads.background import LoadBackground
    from muster.loads.load_store import RunningLoads
    from muster.loads.runner import LoadRunner
    from muster.loads.service import LoadService
    from muster.loads.worker import WorkerTimes
    from muster.records.reading import RecordReader
    from muster.records.visibility import UnitSource


def make_loads(
    settings: Settings,
    store: Storage,
    records: "RecordReader",
    read_units: "UnitSource",
    read_audit: "ReadAudit",
    times: "WorkerTimes | None",
) -> tuple["LoadService", "LoadBackground"]:
    """What users do with loads, and the threads that run them."""
    from muster.intake.customer_store import LostCommitError
    from muster.loads.background import LoadBackground
    from muster.loads.formats import open_rows
    from muster.loads.job import LoadJob
    from muster.loads.maintenance import MaintenanceTimes
    from muster.loads.mapping import InvalidMappingError, make_mapper
    from muster.loads.reading import LoadReader
    from muster.loads.rows import InvalidFileError
    from muster.loads.service import LoadService
    from muster.loads.uploads import LoadUploads, UploadLimits
    from muster.loads.worker import LoadEnvironment, WorkerTimes
    from muster.storage.load_counts import SqlLoadCounter

    counter, times = SqlLoadCounter(store.engine), times or WorkerTimes()
    runner = make_load_runner(store, lease_duration=times.lease)
    background = LoadBackground(
        LoadJob(store.loads, runner, open_rows, make_mapper, times.lease),
        LoadEnvironment(
            store.loads,
            store.audit,
            is_passing=lambda error: isinstance(error, StorageUnavailableError | LostCommitError),
            reasons=(InvalidFileError, InvalidMappingError),
            keeps_refused=settings.keep_refused_days > 0,
            times=times,
        ),
        counter,
        MaintenanceTimes(timedelta(days=settings.keep_refused_days)),
        workers=settings.load_workers,
    )
    reader = LoadReader(store.loads, records, read_units, read_audit)
    uploads = LoadUploads(
        store.loads,
        counter,
        reader,
        store.audit,
        limits=UploadLimits(settings.max_load_bytes),
        on_start=background.wake,
    )
    return LoadService(uploads, reader), background


def make_load_runner(
    store: Storage, loads: "RunningLoads | None" = None, *, lease_duration: timedelta | None = None
) -> "LoadRunner":
    """The runner of loads into this store; `loads` keeps their records elsewhere, for a dry run that leaves none."""
    from muster.intake.checker_cache import CheckerCache
    from muster.intake.chunks import ChunkIntake
    from muster.loads.lease import LEASE_DURATION
    from muster.loads.runner import LoadRunner

    intake = ChunkIntake(store.customers, CheckerCache(ClassifierCache(store.classifiers)))
    # SQLite works in this process, and its driver gives the interpreter back for each row: a load is faster by a tenth
    # when a chunk is prepared after the one before was saved.
    prepares_ahead = store.engine.dialect.name != "sqlite"
    loads = store.loads if loads is None else loads
    return LoadRunner(intake, loads, lease_duration=lease_duration or LEASE_DURATION, prepares_ahead=prepares_ahead)
