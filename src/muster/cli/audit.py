"""`muster audit`: who did what, and whether the log of it is whole."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from muster.audit.chain import ChainBrokenError
from muster.audit.events import Action, AuditEntry, ChainHead, EntryFilter
from muster.audit.reader import read_entries
from muster.audit.reader import verify_log as verified
from muster.cli import examples
from muster.cli.context import open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_line, print_note, print_table

app = typer.Typer(invoke_without_command=True)

_NOTED = re.compile(r"(0|[1-9][0-9]{0,17}):([0-9a-f]{64})")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "a moment is a date or a time in ISO 8601: 2024-05-26 or 2024-05-26T16:49:50Z"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _action(text: str) -> str:
    known = [action.text for action in Action]
    if text not in known:
        raise typer.BadParameter(f"there is no action {text!r}; they are {', '.join(known)}")
    return text


def _filter(name: str, meaning: str, metavar: str, **more: Any) -> Any:
    return typer.Option(name, help=meaning, metavar=metavar, show_default=False, **more)


Since = Annotated[datetime | None, _filter("--since", "from this moment on (UTC)", "TIME", parser=_moment)]
Until = Annotated[datetime | None, _filter("--until", "before this moment (UTC)", "TIME", parser=_moment)]
Actor = Annotated[str | None, _filter("--actor", "of this user; `os:NAME` used the command line", "NAME")]
ActionOption = Annotated[
    str | None, _filter("--action", "of this kind, `customer.read` for one", "ACTION", parser=_action)
]
Subject = Annotated[str | None, _filter("--subject", "about this user, token or customer", "NAME")]
After = Annotated[int, typer.Option("--after", metavar="NUMBER", min=0, help="entries with a higher number")]
Json = Annotated[bool, typer.Option("--json", help="a JSON object a line, to ship elsewhere")]
Noted = Annotated[
    str | None,
    _filter("--noted", "an end of the log that was noted earlier, as this command prints it", "NUMBER:SHA256"),
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
    """Lists who did what, oldest first: all entries of the audit log, or those that were asked for."""
    if context.invoked_subcommand is not None:
        return
    wanted = EntryFilter(since, until, actor, action, subject)
    with open_command_storage(database) as store:
        entries = read_entries(store.audit, wanted, after)
        if as_json:
            for entry in entries:
                print_line(_line(entry))
        else:
            print_table(("Number", "Time", "Actor", "Action", "Subject", "Details"), map(_row, entries))


@app.command("verify", epilog=examples.format_examples("audit verify"))
def verify(noted: Noted = None, database: Database = None) -> None:
    """Checks that no entry was changed, removed or put in, and prints the end of the log to note elsewhere."""
    end = _noted(noted)
    with open_command_storage(database) as store:
        try:
            head = verified(store.audit, end)
        except ChainBrokenError as problem:
            raise CommandError(
                f"the audit log is broken: {problem}; compare it with a backup or what was shipped"
            ) from None
    print_line(f"{head.number}:{head.sha256.hex()}")
    print_note(f"the audit log is whole: {head.number} entries; the line above is its end, to note elsewhere")


def _line(entry: AuditEntry) -> str:
    told = {
        "number": entry.number,
        "at": _time(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
        "sha256": entry.sha256.hex(),
    }
    return json.dumps(told)  # in ASCII: what a terminal makes of other characters is up to it


def _row(entry: AuditEntry) -> tuple[str, ...]:
    details = " ".join(f"{name}={_text(value)}" for name, value in entry.details.items())
    return str(entry.number), _time(entry.at), entry.actor, entry.action, entry.subject, details


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _noted(text: str | None) -> ChainHead | None:
    if text is None:
        return None
    found = _NOTED.fullmatch(text)
    if found is None:
        raise UsageError(
            "--noted takes a line that `muster audit verify` printed: the number, a colon, and 64 hex digits"
        )
    return ChainHead(int(found[1]), bytes.fromhex(found[2]))
