"""Removing what has been kept long enough, from the command line."""

import json
import sqlite3
from pathlib import Path

import pytest

from muster.storage.retention import SqlRetentionStore
from tests.cli.commands import Muster, assert_one_line

KINDS = ["idempotency keys", "rejections", "stored responses of batches"]
CUSTOMERS = "closed customers, with all their versions and communication numbers"


def with_a_rejection(muster: Muster, tmp_path: Path) -> None:
    muster.ok("db", "upgrade")
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        row = ("01657c7f000070008000000000000000", 0, json.dumps([["C018", ""]]))  # of 2018
        connection.execute("INSERT INTO rejections (batch_id, position, violations) VALUES (?, ?, ?)", row)
    connection.close()


def test_it_says_how_much_it_removed_and_so_does_the_audit_log(muster: Muster, tmp_path: Path) -> None:
    with_a_rejection(muster, tmp_path)
    told = muster.ok("purge", "--before", "2019-01-01").out
    assert told == "".join(f"{count}\t{kind}\n" for count, kind in zip((0, 1, 0), KINDS, strict=True))
    assert "0\trejections\n" in muster.ok("purge", "--before", "2019-01-01", "--closed-customers").out
    assert "rejections=1" in muster.ok("audit", "--action", "purge.ended").out.splitlines()[0]


def test_a_dry_run_removes_nothing(muster: Muster, tmp_path: Path) -> None:
    with_a_rejection(muster, tmp_path)
    for _ in range(2):
        result = muster.ok("purge", "--before", "2019-01-01", "--closed-customers", "--dry-run")
        assert "1\trejections\n" in result.out
        assert result.out.endswith(f"0\t{CUSTOMERS}\n")
        assert result.err == "nothing was removed, as --dry-run asks\n"
    assert muster.ok("audit").out == ""


def test_it_says_when_what_was_removed_can_still_be_read(
    muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_rejection(muster, tmp_path)
    with monkeypatch.context() as blocked:
        blocked.setattr(SqlRetentionStore, "wipe", lambda _: False)
        told = muster.ok("purge", "--before", "2019-01-01").err
        assert "could not be emptied" in told
        assert "run the same again" in told
    assert muster.ok("purge", "--before", "2019-01-01").err == "removed; the audit log says so too\n"


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31"])
def test_a_day_before_the_time_of_computers_removes_nothing(muster: Muster, tmp_path: Path, day: str) -> None:
    with_a_rejection(muster, tmp_path)
    for options in ((), ("--dry-run",)):
        assert "0\trejections\n" in muster.ok("purge", "--before", day, "--closed-customers", *options).out


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Missing option '--before'"),
        ("--before 2019", "a date has the form 2019-01-31"),
        ("--before 2019-02-30", "a date has the form 2019-01-31"),
        ("--before 2999-01-01", "or an earlier day"),
    ],
)
def test_a_day_that_can_not_be_meant_is_refused(muster: Muster, typed: str, says: str) -> None:
    assert_one_line(muster("purge", *typed.split()), 2, says)
