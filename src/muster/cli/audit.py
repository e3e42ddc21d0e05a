"""`muster audit`: lists and verifies the audit log."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from muster.audit.chain import ChainBrokenError
from muster.audit.events import Action, AuditEntry, ChainHead, EntryFilter
from muster.audit.reader import read_entries, verify_log
from muster.cli import examples
from muster.cli.context import open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_line, print_note, print_table

app = typer.Typer(invoke_without_command=True)

_CHECKPOINT: Final = re.compile(r"(0|[1-9][0-9]{0,17}):([0-9a-f]{64})")


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
    database: Database = None,
) -> None:
    """Lists the entries of the audit log, oldest first: all, or those that match every given option."""
    if context.invoked_subcommand is not None:
        return
    criteria = EntryFilter(since, until, actor, action, subject)
    with open_command_storage(database) as store:
        entries = read_entries(store.audit, criteria, after)
        if as_json:
            for entry in entries:
                print_line(_to_json(entry))
        else:
            print_table(("Number", "Time", "Actor", "Action", "Subject", "Details"), map(_to_row, entries))


@app.command("verify", epilog=examples.format_examples("audit verify"))
def verify(checkpoint: Checkpoint = None, database: Database = None) -> None:
    """Verifies that no entry was changed, removed or inserted, and prints the end of the log as a checkpoint."""
    expected = _parse_checkpoint(checkpoint)
    with open_command_storage(database) as store:
        try:
            head = verify_log(store.audit, expected)
        except ChainBrokenError as error:
            raise CommandError(
                f"the audit log is broken: {error}; compare it with a backup or a shipped copy"
            ) from None
    print_line(f"{head.number}:{head.sha256.hex()}")
    print_note(f"the audit log is intact: {head.number} entries; keep the line above elsewhere as a checkpoint")


def _to_json(entry: AuditEntry) -> str:
    document = {
        "number": entry.number,
        "at": _format_time(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
        "sha256": entry.sha256.hex(),
    }
    return json.dumps(document)  # escaped to ASCII, since entries may contain terminal control sequences


def _to_row(entry: AuditEntry) -> tuple[str, ...]:
    details = " ".join(f"{name}={_format_value(value)}" for name, value in entry.details.items())
    return str(entry.number), _format_time(entry.at), entry.actor, entry.action, entry.subject, details


def _format_value(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _format_time(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _parse_checkpoint(text: str | None) -> ChainHead | None:
    if text is None:
        return None
    match = _CHECKPOINT.fullmatch(text)
    if match is None:
        raise UsageError(
            "--checkpoint takes a line that `muster audit verify` printed: a number, a colon, and 64 hex digits"
        )
    return ChainHead(int(match[1]), bytes.fromhex(match[2]))
