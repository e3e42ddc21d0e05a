"""`muster purge`: removing what has been kept long enough."""

from datetime import date, timedelta
from typing import Annotated, Final

import typer

from muster.cli.context import get_operator, open_command_storage, read_settings
from muster.cli.errors import UsageError
from muster.cli.options import Database
from muster.cli.output import print_line, print_note


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
        help="also remove customers that are CLOSED, with a `closingDate` before the day (its date as it is written, "
        "whatever its zone): with all their versions and communication numbers",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only say how much there is, and remove nothing")]

_KEPT: Final = "nothing was removed, as --dry-run asks"
_REMOVED: Final = "removed; the audit log says so too"
_READ: Final = (
    "removed, and the audit log says so too; but somebody reads the database, so its write-ahead log (the file -wal) "
    "could not be emptied and may still hold what was removed: run the same again when nobody reads for long"
)


def purge(
    before: Before, closed_customers: ClosedCustomers = False, dry_run: DryRun = False, database: Database = None
) -> None:
    """Removes idempotency keys, rejections and kept answers from before a day; customers only when asked to.

    Keys that are still valid stay, with the answers that they stand for. The identifiers of customers that were
    removed stay in the rejections and the kept answers of batches from that day on, until these are removed too, and in
    the audit log. The batches stay, with their senders and counts.
    """
    from muster.records.retention import Retention, StillNeededError

    settings = read_settings(database=database)
    with open_command_storage(database, settings) as store:
        life = timedelta(hours=settings.idempotency_hours)
        retention = Retention(store.retention, store.audit, get_operator(), life)
        try:
            if dry_run:
                counts, told = retention.count(before, closed_customers=closed_customers), _KEPT
            else:
                removed = retention.purge(before, closed_customers=closed_customers)
                counts, told = removed.counts, _REMOVED if removed.wiped else _READ
        except StillNeededError as problem:
            raise UsageError(f"{problem}; give --before {problem.latest} or an earlier day") from None
    for kind, count in counts.items():
        print_line(f"{count}\t{kind.meaning}")
    print_note(told)
