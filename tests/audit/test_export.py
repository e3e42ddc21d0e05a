"""Entries as JSON lines and as CSV."""

import csv
import io
import json

import pytest

from muster.audit.events import Action, AuditEntry, AuditEvent, Details
from muster.audit.export import CSV_COLUMNS, format_csv_lines, format_json_line, to_csv_row
from tests.audit.fakes import MemoryAuditLog


def build_entry(subject: str = "c-1", details: Details | None = None) -> AuditEntry:
    log = MemoryAuditLog()
    log.append(AuditEvent("anna", Action.CUSTOMER_READ, subject, details or {}))
    return log.log[0]


def read_row(entry: AuditEntry) -> dict[str, str]:
    text = format_csv_lines([CSV_COLUMNS, to_csv_row(entry)])
    [row] = csv.DictReader(io.StringIO(text))
    return row


def test_json_line_holds_the_entry_in_ascii() -> None:
    entry = build_entry("c\n\x1b[2Jž", {"versions": 2})
    line = format_json_line(entry)
    assert line.isascii()
    assert line.count("\n") == 1
    document = json.loads(line)
    assert (document["subject"], document["details"], document["at"]) == (
        "c\n\x1b[2Jž",
        {"versions": 2},
        "2024-05-26T16:49:51.237000Z",
    )


def test_csv_row_has_the_login_in_columns_of_its_own() -> None:
    entry = build_entry(details={"version": 2, "credential": "token:5e", "address": "192.0.2.1"})
    row = read_row(entry)
    assert list(row) == list(CSV_COLUMNS)
    assert (row["credential"], row["address"], row["sha256"]) == ("token:5e", "192.0.2.1", entry.sha256.hex())
    assert json.loads(row["details"]) == entry.details


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("c-1", "c-1"),
        ("", ""),
        ('a,"b"', 'a,"b"'),
        ("ž\n\x1b", r"ž\n\x1b"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", r"\t=1"),
    ],
)
def test_no_csv_cell_is_a_formula_or_has_control_characters(subject: str, expected: str) -> None:
    assert read_row(build_entry(subject))["subject"] == expected
