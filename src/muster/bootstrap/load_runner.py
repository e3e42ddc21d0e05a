"""Builds the runner of loads, for the service and for `muster load`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from muster.classifiers.snapshot import ClassifierCache
from muster.intake.checker_cache import CheckerCache
from muster.intake.chunks import ChunkIntake
from muster.loads.lease import LEASE_DURATION
from muster.loads.load_store import RunningLoads
from muster.loads.runner import LoadRunner
from muster.storage import Storage


def make_load_runner(
    store: Storage,
    loads: RunningLoads | None = None,
    *,
    lease_duration: timedelta = LEASE_DURATION,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> LoadRunner:
    """The runner of loads into this store; `loads` keeps their records elsewhere, for a dry run that leaves none."""
    intake = ChunkIntake(store.customers, CheckerCache(ClassifierCache(store.classifiers)), now)
    # SQLite works in this process, and its driver gives the interpreter back for each row: a load is faster by a tenth
    # when a chunk is prepared after the one before was saved.
    prepares_ahead = store.engine.dialect.name != "sqlite"
    loads = store.loads if loads is None else loads
    return LoadRunner(intake, loads, lease_duration=lease_duration, prepares_ahead=prepares_ahead)
