"""The first page: what was accepted and refused, by whom, what runs, and whether all is well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from litestar import Controller

from muster.audit.events import Action
from muster.auth.authentication import utc_now
from muster.auth.authorization import READ_RECORDS
from muster.auth.users import User
from muster.loads.load_store import Load, LoadListFilter, LoadState
from muster.loads.progress import MeasuredProgress, measure_progress
from muster.records.record_filter import DayTotal, RecordFilter, RecordTotals
from muster.web.console.access import PageDependency, page_option
from muster.web.console.charts import build_day_chart
from muster.web.console.code_guides import get_meanings
from muster.web.console.rendering import HtmlResponse
from muster.web.console.sign_in import ConsoleDependency
from muster.web.routing import get_or_head
from muster.web.services import Services

DAYS: Final = 30  # with today
MAX_RUNNING: Final = 10
MAX_TOTALS: Final = 10
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Activity:
    """What the user may see of the period: every day of it, the totals, and the loads that have not ended."""

    days: Sequence[DayTotal]
    totals: RecordTotals
    running: Sequence[tuple[Load, MeasuredProgress]]

    @property
    def today(self) -> DayTotal:
        return self.days[-1]

    @property
    def accepted(self) -> int:
        return sum(day.accepted for day in self.days)

    @property
    def rejected(self) -> int:
        return sum(day.rejected for day in self.days)

    @property
    def accepted_in_week(self) -> int:
        return sum(day.accepted for day in self.days[-7:])

    @property
    def rejected_in_week(self) -> int:
        return sum(day.rejected for day in self.days[-7:])


class OverviewHandlers(Controller):
    @get_or_head("/", opt=page_option(None))
    async def overview(self, page: PageDependency, console: ConsoleDependency) -> HtmlResponse:
        now = utc_now()
        activity = await page.run(lambda services, user: _read_activity(services, user, now))
        last_backup = await page.run(lambda services, user: services.audit.find_last(Action.BACKUP_MADE))
        obstacle = await console.readiness.find_obstacle()
        return page.render(
            "overview.html",
            activity=activity,
            charts=_build_charts(activity) if activity else (),
            titles={code.code: _describe(code.code) for code in activity.totals.codes} if activity else {},
            link=_build_link(now),
            obstacle=obstacle,
            last_backup=last_backup,
            backup_is_old=last_backup is None or now - last_backup > 2 * _DAY,
        )


def _read_activity(services: Services, user: User, now: datetime) -> Activity | None:
    """None for a user who sees no records."""
    if not READ_RECORDS.is_granted(user):
        return None
    today = now.date()
    since = datetime.combine(today - (DAYS - 1) * _DAY, time(), UTC)
    period = RecordFilter(since, datetime.combine(today + _DAY, time(), UTC))
    totals = services.search.totals(period, user, limit=MAX_TOTALS)
    found = {day.day: day for day in totals.days}
    days = [found.get(day, DayTotal(day, 0, 0)) for day in (since.date() + number * _DAY for number in range(DAYS))]
    running = [
        (load, measure_progress(load, now))
        for state in (LoadState.RUNNING, LoadState.WAITING)
        for load in services.loads.reader.loads(user, LoadListFilter(state=state), before=None, limit=MAX_RUNNING).items
    ]
    return Activity(days, totals, running)


def _build_charts(activity: Activity) -> Sequence[tuple[str, object]]:
    """A chart of each outcome: in one, the few that are refused would vanish beside those that are accepted."""
    accepted = [(day.day, day.accepted, _link_day("batches", day.day)) for day in activity.days]
    rejected = [(day.day, day.rejected, _link_day("refused", day.day)) for day in activity.days]
    return (("accepted", build_day_chart(accepted)), ("rejected", build_day_chart(rejected)))


def _link_day(page: str, day: date) -> str:
    return f"/console/{page}?{urlencode({'since': day, 'until': day})}"


def _build_link(now: datetime) -> Callable[..., str]:
    """Makes links to lists of the same period, or of the last days of it. Today is the last one."""
    today = now.date()

    def link(page: str, days: int = DAYS, **values: str) -> str:
        return f"/console/{page}?{urlencode({'since': today - (days - 1) * _DAY, 'until': today, **values})}"

    return link


def _describe(code: str) -> str:
    """The text of a code; empty for one of another version."""
    found = get_meanings(code)
    return found[0].title if found else ""
