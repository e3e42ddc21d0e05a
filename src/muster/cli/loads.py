"""`muster loads`: lists, shows and cancels loads of a database or a service, and writes their refused rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import typer

from muster.audit.export import format_time
from muster.cli import examples
from muster.cli.errors import CommandError
from muster.cli.load_options import ForExcel, RefusedFormat, ServiceUrl, TokenFile, check_target
from muster.cli.options import Database
from muster.cli.output import print_note, print_table
from muster.loads.load_store import FINAL_STATES, Load, LoadState

if TYPE_CHECKING:
    from muster.cli import load_report

app = typer.Typer(help="Loads of files: what became of them, and how to stop one.")

LoadId = Annotated[UUID, typer.Argument(metavar="ID", help="the load's id", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", metavar="N", help="how many to list", min=1, max=1000)]
Output = Annotated[Path, typer.Argument(metavar="FILE", help="the file to write", show_default=False)]


@app.command("list", epilog=examples.format_examples("loads list"))
def list_loads(
    context: typer.Context,
    limit: Limit = 20,
    database: Database = None,
    url: ServiceUrl = None,
    token_file: TokenFile = None,
) -> None:
    """Lists loads, newest first: id, state, time of creation, rows, accepted, refused, sender, file."""
    from muster.cli.load_records import open_load_records

    check_target(context, url)
    with open_load_records(database, url, token_file) as records:
        found = records.list(limit)
    print_table(
        ("Load", "State", "Created", "Rows", "Accepted", "Refused", "Sender", "File"),
        [_to_row(load) for load in found],
    )


@app.command("show", epilog=examples.format_examples("loads show"))
def show(
    context: typer.Context,
    load_id: LoadId,
    database: Database = None,
    url: ServiceUrl = None,
    token_file: TokenFile = None,
) -> None:
    """Shows one load, and its refused rows by code."""
    from muster.cli.load_records import open_load_records
    from muster.cli.load_report import print_codes

    check_target(context, url)
    with open_load_records(database, url, token_file) as records:
        load = records.get(load_id)
    print_table(("Load", f"{load.id}"), [(name, text) for name, text in _describe(load) if text])
    print_codes(load)


@app.command("cancel", epilog=examples.format_examples("loads cancel"))
def cancel(
    context: typer.Context,
    load_id: LoadId,
    database: Database = None,
    url: ServiceUrl = None,
    token_file: TokenFile = None,
) -> None:
    """Cancels a load. Rows that were saved stay saved; an uploaded file is deleted."""
    from muster.cli.load_records import open_load_records

    check_target(context, url)
    with open_load_records(database, url, token_file) as records:
        load = records.cancel(records.get(load_id))
    if load.state is not LoadState.CANCELLED:
        raise CommandError(f"load {load.id} has ended already: it is {load.state}")
    print_note(f"load {load.id} is cancelled; {load.totals.accepted:,} accepted rows of the file are saved")


@app.command("refused", epilog=examples.format_examples("loads refused"))
def refused(
    context: typer.Context,
    load_id: LoadId,
    file: Output,
    refused_format: RefusedFormat = None,
    for_excel: ForExcel = False,
    database: Database = None,
    url: ServiceUrl = None,
    token_file: TokenFile = None,
) -> None:
    """Writes the refused rows of a load that has ended to a file, to mend and load again."""
    from muster.cli.load_records import open_load_records
    from muster.cli.load_report import RefusedOutput

    check_target(context, url)
    output = RefusedOutput(file, cast("load_report.RefusedFormat | None", refused_format), for_excel)
    output.check()
    with open_load_records(database, url, token_file) as records:
        load = records.get(load_id)
        if load.state not in FINAL_STATES:
            raise CommandError(f"load {load.id} is {load.state}; its refused rows are written when it has ended")
        if not load.totals.refused:
            raise CommandError(f"load {load.id} has no refused rows")
        records.write_refused(load, output)


def _to_row(load: Load) -> tuple[str, ...]:
    totals = load.totals
    counts = (f"{totals.rows}", f"{totals.accepted}", f"{totals.refused}")
    return (f"{load.id}", _describe_state(load), format_time(load.created_at), *counts, load.sender, load.name)


def _describe(load: Load) -> Iterator[tuple[str, str]]:
    totals = load.totals
    yield "State", _describe_state(load)
    yield "File", load.name
    yield "Bytes", "" if load.size is None else f"{load.size}"
    yield "Bytes read", f"{load.bytes_read}"
    yield "Sender", load.sender
    yield "Created", format_time(load.created_at)
    yield "Started", "" if load.started_at is None else format_time(load.started_at)
    yield "Ended", "" if load.ended_at is None else format_time(load.ended_at)
    yield "Rows", f"{totals.rows}"
    yield "Accepted", f"{totals.accepted}"
    yield "Refused", f"{totals.refused}"
    yield "Warnings", f"{totals.warnings}"
    yield "Problem", load.problem or ""


def _describe_state(load: Load) -> str:
    return f"dry run, {load.state}" if load.options.dry_run else f"{load.state}"
