"""What operators see of loads."""

from dataclasses import replace
from uuid import UUID

from muster.intake.checkpoint import Totals
from muster.loads.load_store import Load, LoadOptions, LoadState
from muster.observability.loads import LoadEvents
from muster.observability.prometheus import MetricsRegistry
from muster.storage.pool import ConnectionUsage
from tests.loads.service_fakes import START_TIME
from tests.web.reading import Series, series_in, value

LOAD = Load(UUID(int=1), START_TIME, "anna", (), "a.csv", LoadOptions(), b"", size=9)
OTHER = replace(LOAD, id=UUID(int=2), options=LoadOptions(dry_run=True))


class Board:
    """The metrics of one process, and a clock that the test moves."""

    def __init__(self) -> None:
        self.time = 100.0
        self.metrics = MetricsRegistry({}, lambda: ConnectionUsage(0, 1))
        self.events = LoadEvents(self.metrics, lambda: self.time)
        self.metrics.observe_loads(self.events.read_activity)

    def read(self) -> Series:
        return series_in(self.metrics.render().decode())


def test_rows_of_a_chunk_are_counted_once() -> None:
    board = Board()
    first = replace(LOAD, totals=Totals(rows=10, accepted=8, refused=2))
    board.events.record_progress(LOAD, first)
    board.events.record_progress(first, replace(LOAD, totals=Totals(rows=15, accepted=12, refused=3)))
    board.events.record_progress(OTHER, replace(OTHER, totals=Totals(rows=1, accepted=1)))
    series = board.read()
    assert value(series, "muster_load_rows_total", mode="load", result="accepted") == 12
    assert value(series, "muster_load_rows_total", mode="load", result="refused") == 3
    assert value(series, "muster_load_rows_total", mode="dry_run", result="accepted") == 1


def test_a_load_that_makes_no_progress_is_seen() -> None:
    board = Board()
    assert value(board.read(), "muster_load_checkpoint_age_seconds") == 0
    board.events.record_start(LOAD)
    board.time += 5
    board.events.record_start(OTHER)
    board.time += 2
    assert value(board.read(), "muster_load_checkpoint_age_seconds") == 7
    assert value(board.read(), "muster_loads_running") == 2
    board.events.record_progress(LOAD, LOAD)
    assert value(board.read(), "muster_load_checkpoint_age_seconds") == 2
    board.events.record_end(replace(LOAD, state=LoadState.FAILED))
    board.events.record_pause(OTHER, "stopped")
    series = board.read()
    assert value(series, "muster_loads_running") == value(series, "muster_load_checkpoint_age_seconds") == 0
    assert value(series, "muster_loads_total", state="failed") == 1


def test_an_error_of_a_load_is_an_internal_error_and_waiting_loads_are_shown() -> None:
    board = Board()
    board.events.record_error(RuntimeError("Garcia"), LOAD)
    board.events.record_waiting(3)
    assert value(board.read(), "muster_internal_errors_total") == 1
    assert value(board.read(), "muster_loads_waiting") == 3
