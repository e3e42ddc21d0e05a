"""The days of the sample, and what happens on them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

# Whole days before today.
SAMPLE_DAYS: Final = 30
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
_NEW_CODE_DAYS_AGO: Final = 19


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """Something that happens at a time of the sample, in UTC."""

    at: datetime
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class SamplePeriod:
    """The days of the sample, until `today`."""

    today: date

    @property
    def days(self) -> list[date]:
        return [self.get_day(days_ago) for days_ago in range(SAMPLE_DAYS, -1, -1)]

    def get_day(self, days_ago: int) -> date:
        return self.today - timedelta(days=days_ago)

    @property
    def new_code_sent(self) -> date:
        """Since this day, cards send a code that the installation does not have."""
        return self.find_working_day(_NEW_CODE_DAYS_AGO)

    @property
    def new_code_added(self) -> date:
        """The next working day, on which an admin adds that code in the morning."""
        day = self.new_code_sent + _DAY
        while is_weekend(day):
            day += _DAY
        return day

    def find_working_day(self, days_ago: int) -> date:
        """The day so many days ago, or the Friday before it."""
        day = self.get_day(days_ago)
        while is_weekend(day):
            day -= _DAY
        return day


def is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def to_moment(day: date, hour: int, minute: int) -> datetime:
    """In UTC. The seconds look as if nobody had chosen them."""
    return datetime.combine(day, time(hour, minute, (hour * 7 + minute * 13) % 60), UTC)
