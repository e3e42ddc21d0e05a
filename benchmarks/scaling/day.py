"""A day of customers, minute by minute: the nightly peak, a layout that takes so many a second, and a failure."""

from dataclasses import dataclass
from typing import Final

MINUTES: Final = 24 * 60
_PEAK_BEGINS: Final = 60  # minutes after midnight


@dataclass(frozen=True, slots=True)
class Failure:
    """A part of the layout's capacity is lost for some minutes from the beginning of the peak on."""

    lost_share: float
    minutes: int


@dataclass(frozen=True, slots=True)
class DayResult:
    """`backlog` is the most customers that waited with their senders, `delay` the minutes that they waited at most."""

    saved: float
    backlog: float
    delay: int


def simulate_day(
    customers: float, rate: float, peak_hours: float, peak_share: float, failure: Failure | None = None
) -> DayResult:
    """Two days in a row, so that what is left over at midnight counts; `rate` is in customers per second."""
    peak_minutes = round(peak_hours * 60)
    waiting = saved = backlog = 0.0
    waiting_since, delay = 0, 0
    for minute in range(2 * MINUTES):
        in_peak = _PEAK_BEGINS <= minute % MINUTES < _PEAK_BEGINS + peak_minutes
        share, length = (peak_share, peak_minutes) if in_peak else (1 - peak_share, MINUTES - peak_minutes)
        waiting += customers * share / length
        failing = failure is not None and _PEAK_BEGINS <= minute < _PEAK_BEGINS + failure.minutes
        capacity = 60 * rate * (1 - failure.lost_share if failure and failing else 1)
        taken = min(waiting, capacity)
        waiting, saved = waiting - taken, saved + taken
        if waiting < 1:
            waiting_since = minute + 1
        backlog, delay = max(backlog, waiting), max(delay, minute + 1 - waiting_since)
    return DayResult(saved / 2, backlog, delay)
