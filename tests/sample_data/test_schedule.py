"""The days of the sample."""

from datetime import date, timedelta

import pytest

from muster.sample_data.schedule import SAMPLE_DAYS, SamplePeriod, is_weekend
from muster.settings import Settings

MONDAY = date(2024, 5, 27)


@pytest.mark.parametrize("weekday", range(7))
def test_loads_are_on_a_working_day_whose_refused_rows_are_still_kept(weekday: int) -> None:
    period = SamplePeriod(MONDAY + timedelta(days=weekday))
    day = period.find_working_day(4)
    assert not is_weekend(day)
    assert 4 <= (period.today - day).days < Settings().keep_refused_days


@pytest.mark.parametrize("weekday", range(7))
def test_new_code_is_added_on_the_working_day_after_it_was_first_sent(weekday: int) -> None:
    period = SamplePeriod(MONDAY + timedelta(days=weekday))
    sent, added = period.new_code_sent, period.new_code_added
    assert not is_weekend(sent)
    assert not is_weekend(added)
    assert 1 <= (added - sent).days <= 3
    assert all(is_weekend(sent + timedelta(days=days)) for days in range(1, (added - sent).days))


def test_period_is_thirty_days_and_today() -> None:
    days = SamplePeriod(MONDAY).days
    assert (days[0], days[-1], len(days)) == (MONDAY - timedelta(days=SAMPLE_DAYS), MONDAY, SAMPLE_DAYS + 1)
