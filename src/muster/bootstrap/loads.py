"""Builds what the service does with loads: for its users, and in threads of its own. Imported late."""

from datetime import timedelta

from muster.auth.read_audit import ReadAudit
from muster.bootstrap.load_runner import make_load_runner
from muster.intake.customer_store import LostCommitError
from muster.loads.background import LoadBackground
from muster.loads.file_preview import FilePreview
from muster.loads.formats import open_rows
from muster.loads.job import LoadJob
from muster.loads.maintenance import MaintenanceTimes
from muster.loads.mapping import InvalidMappingError, make_mapper
from muster.loads.reading import LoadReader
from muster.loads.rows import InvalidFileError
from muster.loads.saved_mappings import SavedMappings
from muster.loads.service import LoadService
from muster.loads.uploads import LoadUploads, UploadLimits
from muster.loads.worker import LoadEnvironment, WorkerTimes
from muster.records.reading import RecordReader
from muster.records.visibility import UnitSource
from muster.settings import Settings
from muster.storage import Storage, StorageUnavailableError


def make_loads(
    settings: Settings,
    store: Storage,
    records: RecordReader,
    read_units: UnitSource,
    read_audit: ReadAudit,
    times: WorkerTimes | None,
) -> tuple[LoadService, LoadBackground]:
    """What users do with loads, and the threads that run them."""
    times = times or WorkerTimes()
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
        MaintenanceTimes(timedelta(days=settings.keep_refused_days)),
        workers=settings.load_workers,
    )
    reader = LoadReader(store.loads, records, read_units, read_audit)
    uploads = LoadUploads(
        store.loads,
        reader,
        store.audit,
        limits=UploadLimits(settings.max_load_bytes),
        on_start=background.wake,
    )
    preview = FilePreview(store.loads, open_rows, make_mapper)
    return LoadService(uploads, reader, preview, SavedMappings(store.mappings)), background
