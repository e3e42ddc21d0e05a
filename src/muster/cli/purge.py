"""`muster purge`: removing what has been kept long enough."""

from datetime import date, timedelta
from typing import Annotated

import typer

from muster.cli.options import Database
from muster.cli.output import note, say
from muster.cli.parts import opened, operator, settings_of
from muster.cli.problems import Misuse


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a date has the form 2019-01-31") from None


Before = Annotated[
    date,
    typer.Option(
        "--before", metavar="DATE", parser=_day, help="remove what is from before this day (UTC)", show_default=False
    ),
]
ClosedCustomers = Annotated[
    bool,
    typer.Option(
        "--closed-customers",
        help="also remove customers that are CLOSED, with a `closingDate` before the day, and all that is kept of them",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only say how much there is, and remove nothing")]


def purge(
    before: Before, closed_customers: ClosedCustomers = False, dry_run: DryRun = False, database: Database = None
) -> None:
    """Removes idempotency keys, rejections and kept answers from before a day; customers only when asked to."""
    from muster.records.retention import Retention, StillNeeded

    settings = settings_of(database=database)
    with opened(database, settings) as store:
        life = timedelta(hours=settings.idempotency_hours)
        retention = Retention(store.retention, store.audit, operator(), life)
        try:
            work = retention.count if dry_run else retention.purge
            counts = work(before, closed_customers=closed_customers)
        except StillNeeded as problem:
            raise Misuse(f"{problem}; give --before {problem.latest} or an earlier day") from None
    for kind, count in counts.items():
        say(f"{count}\t{kind.meaning}")
    note("nothing was removed, as --dry-run asks" if dry_run else "removed; the audit log says so too")
