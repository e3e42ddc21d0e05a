"""How far a load is, how fast it goes and how long it will take."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from muster.intake.checkpoint import Totals
from muster.loads.load_store import Load, LoadOptions, LoadState
from muster.loads.progress import MeasuredProgress, measure_progress

START = datetime(2024, 5, 26, tzinfo=UTC)
RUNNING = Load(UUID(int=1), START, "anna", (), "a.csv", LoadOptions(), b"", 1_000, None, LoadState.RUNNING)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": LoadState.WAITING}, MeasuredProgress(0, None, None)),
        ({"started_at": START}, MeasuredProgress(0, None, None)),
        ({"started_at": START, "bytes_read": 250, "totals": Totals(rows=50)}, MeasuredProgress(25, 5, 30)),
        ({"started_at": START, "bytes_read": 1_000, "totals": Totals(rows=50)}, MeasuredProgress(100, 5, 0)),
        ({"started_at": START, "bytes_read": 250, "size": None}, MeasuredProgress(None, None, None)),
        ({"started_at": START + timedelta(seconds=10), "bytes_read": 250}, MeasuredProgress(25, None, None)),
        (
            {
                "started_at": START,
                "ended_at": START + timedelta(seconds=5),
                "state": LoadState.FAILED,
                "bytes_read": 250,
                "totals": Totals(rows=50),
            },
            MeasuredProgress(25, 10, None),
        ),
    ],
)
def test_progress_is_measured_from_the_start(changes: dict[str, Any], expected: MeasuredProgress) -> None:
    assert measure_progress(replace(RUNNING, **changes), START + timedelta(seconds=10)) == expected
