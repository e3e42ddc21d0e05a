"""How far a load is, how fast it goes, and how long it will take."""

from dataclasses import dataclass
from datetime import datetime

from muster.loads.load_store import FINAL_STATES, Load


@dataclass(frozen=True, slots=True)
class MeasuredProgress:
    """The share of the file's bytes that were read, the speed on average since the start, and the time left.

    None stands for what is not known yet. A load that has ended has no time left.
    """

    percent: int | None
    rows_per_second: int | None
    seconds_left: int | None


def measure_progress(load: Load, now: datetime) -> MeasuredProgress:
    """The progress at the moment `now`."""
    percent = min(load.bytes_read * 100 // load.size, 100) if load.size else None
    seconds = ((load.ended_at or now) - load.started_at).total_seconds() if load.started_at else 0.0
    if load.state in FINAL_STATES or seconds <= 0 or not load.size or not load.bytes_read:
        left = None
    else:
        left = round(seconds * max(load.size - load.bytes_read, 0) / load.bytes_read)
    speed = round(load.totals.rows / seconds) if seconds > 0 and load.totals.rows else None
    return MeasuredProgress(percent, speed, left)
