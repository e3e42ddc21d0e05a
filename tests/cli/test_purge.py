"""`muster purge`."""

import json
import sqlite3
from pathlib import Path

import pytest

from muster.storage.retention import SqlRetentionStore
from tests.cli.commands import Muster, assert_one_line

KINDS = [
    "idempotency keys",
    "rejections",
    "stored responses of batches",
    "loads whose refused rows are kept",
    "uploads that were never completed",
]
CUSTOMERS = "closed customers, with all their versions and communication numbers"


def insert_old_rejection(muster: Muster, tmp_path: Path) -> None:
    muster.ok("db", "upgrade")
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        row = ("01657c7f000070008000000000000000", 0, json.dumps([["C018", ""]]))  # of 2018
        connection.execute("INSERT INTO rejections (batch_id, position, violations) VALUES (?, ?, ?)", row)
    connection.close()


def test_counts_are_printed_and_audited(muster: Muster, tmp_path: Path) -> None:
    insert_old_rejection(muster, tmp_path)
    output = muster.ok("purge", "--before", "2019-01-01").out
    assert output == "".join(f"{count}\t{kind}\n" for count, kind in zip((0, 1, 0, 0, 0), KINDS, strict=True))
    assert "0\trejections\n" in muster.ok("purge", "--before", "2019-01-01", "--closed-customers").out
    assert "rejections=1" in muster.ok("audit", "--action", "purge.ended").out.splitlines()[0]


def test_dry_run_removes_nothing(muster: Muster, tmp_path: Path) -> None:
    insert_old_rejection(muster, tmp_path)
    for _ in range(2):
        result = muster.ok("purge", "--before", "2019-01-01", "--closed-customers", "--dry-run")
        assert "1\trejections\n" in result.out
        assert result.out.endswith(f"0\t{CUSTOMERS}\n")
        assert result.err == "nothing was removed, because of --dry-run\n"
    assert muster.ok("audit").out == ""


def test_note_says_when_the_write_ahead_log_may_contain_removed_data(
    muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_old_rejection(muster, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(SqlRetentionStore, "wipe", lambda _: False)  # as while another process reads
        note = muster.ok("purge", "--before", "2019-01-01").err
    assert "may still contain removed data" in note
    assert "run the same command again" in note
    assert muster.ok("purge", "--before", "2019-01-01").err == "removed, with an entry in the audit log\n"


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31"])
def test_very_early_day_removes_nothing(muster: Muster, tmp_path: Path, day: str) -> None:
    insert_old_rejection(muster, tmp_path)
    for options in ((), ("--dry-run",)):
        assert "0\trejections\n" in muster.ok("purge", "--before", day, "--closed-customers", *options).out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", "Missing option '--before'"),
        ("--before 2019", "a date has the form 2019-01-31"),
        ("--before 2019-02-30", "a date has the form 2019-01-31"),
        ("--before 2999-01-01", "or an earlier day"),
    ],
)
def test_invalid_day_is_an_error_of_one_line(muster: Muster, options: str, expected: str) -> None:
    assert_one_line(muster("purge", *options.split()), 2, expected)
