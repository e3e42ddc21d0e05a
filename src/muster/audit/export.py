"""Entries of the audit log as text: JSON lines that hold them exactly, and CSV for people."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from muster.audit.events import AuditEntry
from muster.csv_injection import escape_formula

CSV_COLUMNS: Final = ("number", "at", "actor", "action", "subject", "credential", "address", "details", "sha256")


def to_document(entry: AuditEntry) -> dict[str, Any]:
    """The entry as a JSON object."""
    return {
        "number": entry.number,
        "at": format_time(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
        "sha256": entry.sha256.hex(),
    }


def format_json_line(entry: AuditEntry) -> str:
    """One line, escaped to ASCII: entries may contain terminal control sequences."""
    return json.dumps(to_document(entry)) + "\n"


def format_csv_lines(rows: Iterable[Iterable[str]]) -> str:
    """Lines of CSV without unprintable characters, and without formulas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [escape_formula(escape_unprintable(cell)) for cell in row] for row in rows
    )
    return text.getvalue()


def to_csv_row(entry: AuditEntry) -> tuple[str, ...]:
    """The cells of an entry, in the order of `CSV_COLUMNS`. `details` has all details as JSON."""
    details = entry.details
    login = (str(details.get("credential") or ""), str(details.get("address") or ""))
    of_details = json.dumps(dict(details), ensure_ascii=False)
    known = (str(entry.number), format_time(entry.at), entry.actor, entry.action, entry.subject)
    return (*known, *login, of_details, entry.sha256.hex())


def format_time(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def escape_unprintable(text: str) -> str:
    """Escapes unprintable characters: a customer's id may contain line ends and terminal control sequences."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
