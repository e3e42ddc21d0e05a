"""`muster purge`: removes data whose retention period is over."""

from datetime import date, timedelta
from typing import Annotated, Final

import typer

from muster.cli.context import get_operator, open_command_storage, read_settings
from muster.cli.errors import UsageError
from muster.cli.options import Database
from muster.cli.output import print_line, print_note


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a date has the form 2019-01-31") from None


Before = Annotated[
    date,
    typer.Option(
        "--before", metavar="DATE", parser=_parse_day, help="remove data from before this day (UTC)", show_default=False
    ),
]
ClosedCustomers = Annotated[
    bool,
    typer.Option(
        "--closed-customers",
        help="also remove CLOSED customers with a `closingDate` before the day (the date as written, whatever its time "
        "zone), with all their versions and communication numbers",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only print the counts, and remove nothing")]

_DRY_RUN: Final = "nothing was removed, because of --dry-run"
_PURGED: Final = "removed, with an entry in the audit log"
_WAL_NOT_TRUNCATED: Final = (
    "removed, with an entry in the audit log; but readers kept the write-ahead log (the file -wal) from being "
    "truncated, so it may still contain removed data: run the same command again when no long reads are running"
)


def purge(
    before: Before, closed_customers: ClosedCustomers = False, dry_run: DryRun = False, database: Database = None
) -> None:
    """Removes idempotency keys, rejections and stored responses from before a day; customers only on request.

    Also removes the refused rows of loads that ended before the day, and cancels uploads that received nothing since.
    Valid keys stay, with their stored responses. The batches stay, with their senders and counts. The identifiers of
    removed customers stay in the audit log, and in the rejections and stored responses of batches from that day on
    until these are removed too.
    """
    from muster.records.retention import Retention, StillNeededError

    settings = read_settings(database=database)
    with open_command_storage(database, settings) as store:
        key_lifetime = timedelta(hours=settings.idempotency_hours)
        retention = Retention(store.retention, store.audit, get_operator(), key_lifetime)
        try:
            if dry_run:
                counts, note = retention.count(before, closed_customers=closed_customers), _DRY_RUN
            else:
                removed = retention.purge(before, closed_customers=closed_customers)
                counts, note = removed.counts, _PURGED if removed.wiped else _WAL_NOT_TRUNCATED
        except StillNeededError as error:
            raise UsageError(f"{error}; give --before {error.latest} or an earlier day") from None
    for kind, count in counts.items():
        print_line(f"{count}\t{kind.meaning}")
    print_note(note)
