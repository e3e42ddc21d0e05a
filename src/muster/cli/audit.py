"""`muster audit`: lists and verifies the audit log."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from muster.audit.chain import ChainBrokenError
from muster.audit.checkpoint import format_checkpoint, parse_checkpoint
from muster.audit.events import Action, AuditEntry, ChainHead, EntryFilter
from muster.audit.export import CSV_COLUMNS, format_csv_lines, format_json_line, format_time, to_csv_row
from muster.audit.reader import read_entries, verify_log
from muster.audit.sentences import describe_entry
from muster.cli import examples
from muster.cli.context import open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_line, print_note, print_rows

app = typer.Typer(invoke_without_command=True)


def _parse_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("give a date or a time in ISO 8601: 2024-05-26 or 2024-05-26T16:49:50Z") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _check_action(text: str) -> str:
    known = [action.text for action in Action]
    if text not in known:
        raise typer.BadParameter(f"action {text!r} does not exist; the actions are {', '.join(known)}")
    return text


def _option(name: str, meaning: str, metavar: str, **more: Any) -> Any:
    return typer.Option(name, help=meaning, metavar=metavar, show_default=False, **more)


Since = Annotated[
    datetime | None, _option("--since", "only entries from this time on (UTC)", "TIME", parser=_parse_time)
]
Until = Annotated[
    datetime | None, _option("--until", "only entries before this time (UTC)", "TIME", parser=_parse_time)
]
Actor = Annotated[str | None, _option("--actor", "only entries of this user; `os:NAME` for the command line", "NAME")]
ActionOption = Annotated[
    str | None,
    _option("--action", "only entries with this action, for example `customer.read`", "ACTION", parser=_check_action),
]
Subject = Annotated[str | None, _option("--subject", "only entries about this user, token or customer", "NAME")]
After = Annotated[int, typer.Option("--after", metavar="NUMBER", min=0, help="only entries with a higher number")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object per line, to ship to another system")]
Csv = Annotated[bool, typer.Option("--csv", help="print CSV with a header, for a spreadsheet program")]
Checkpoint = Annotated[
    str | None,
    _option("--checkpoint", "an earlier end of the log, as this command printed it", "NUMBER:SHA256"),
]


@app.callback(epilog=examples.format_examples("audit"))
def audit(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    actor: Actor = None,
    action: ActionOption = None,
    subject: Subject = None,
    after: After = 0,
    as_json: Json = False,
    as_csv: Csv = False,
    database: Database = None,
) -> None:
    """Lists the entries of the audit log, oldest first: all, or those that match every given option.

    On a terminal each is a sentence; elsewhere a line with tabs between number, time, actor, action, subject, details.
    """
    if context.invoked_subcommand is not None:
        return
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other; give one of them")
    criteria = EntryFilter(since, until, actor, action, subject)
    with open_command_storage(database) as store:
        _print_entries(read_entries(store.audit, criteria, after), as_json=as_json, as_csv=as_csv)


@app.command("verify", epilog=examples.format_examples("audit verify"))
def verify(checkpoint: Checkpoint = None, database: Database = None) -> None:
    """Verifies that no entry was changed, removed or inserted, and prints the end of the log as a checkpoint."""
    expected = _read_checkpoint(checkpoint)
    with open_command_storage(database) as store:
        try:
            head = verify_log(store.audit, expected)
        except ChainBrokenError as error:
            raise CommandError(
                f"the audit log is broken: {error}; compare it with a backup or a shipped copy"
            ) from None
    print_line(format_checkpoint(head))
    print_note(f"the audit log is intact: {head.number} entries; keep the line above elsewhere as a checkpoint")


def _print_entries(entries: Iterable[AuditEntry], *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        sys.stdout.writelines(map(format_json_line, entries))
    elif as_csv:
        sys.stdout.write(format_csv_lines([CSV_COLUMNS]))
        sys.stdout.writelines(format_csv_lines([to_csv_row(entry)]) for entry in entries)
    elif sys.stdout.isatty():
        sys.stdout.writelines(f"{describe_entry(entry)}\n" for entry in entries)
    else:
        print_rows(map(_to_row, entries))


def _to_row(entry: AuditEntry) -> tuple[str, ...]:
    details = " ".join(f"{name}={_format_value(value)}" for name, value in entry.details.items())
    return str(entry.number), format_time(entry.at), entry.actor, entry.action, entry.subject, details


def _format_value(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _read_checkpoint(text: str | None) -> ChainHead | None:
    checkpoint = None if text is None else parse_checkpoint(text)
    if text is not None and checkpoint is None:
        raise UsageError(
            "--checkpoint takes a line that `muster audit verify` printed: a number, a colon, and 64 hex digits"
        )
    return checkpoint
