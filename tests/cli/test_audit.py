"""The audit log from the command line."""

import json
import os
import pwd
import sqlite3
from pathlib import Path

import pytest

from muster.audit.events import Action, AuditEvent
from muster.storage import open_storage
from tests.cli.commands import Muster, assert_one_line

ME = f"os:{pwd.getpwuid(os.getuid()).pw_name}"


def lines(muster: Muster, *arguments: str) -> list[list[str]]:
    return [line.split("\t") for line in muster.ok("audit", *arguments).out.splitlines()]


def test_every_command_that_changes_who_may_do_what_leaves_an_entry(muster: Muster, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("classifier,code,title\nlegalForm,X,X\nlegalForm,Y,Y\n")
    muster.add_user("anna", role="read")
    muster.ok("user", "change", "anna", "--role", "admin", "--business-unit", "MAIN")
    muster.ok("user", "password", "anna", "--password-stdin", stdin="another horse\n")
    muster.ok("token", "create", "anna", "--expires", "3")
    token_id = muster.ok("token", "list").out.split("\t")[0]
    for _ in range(2):  # the second time nothing changes
        muster.ok("token", "revoke", token_id)
        muster.ok("user", "disable", "anna")
    for _ in range(2):
        muster.ok("user", "enable", "anna")
    muster.ok("classifier", "import", str(codes))

    told = lines(muster)
    assert [line[0] for line in told] == [str(number) for number in range(1, 9)]
    assert {line[2] for line in told} == {ME}
    assert [line[3:5] for line in told] == [
        ["user.added", "anna"],
        ["user.changed", "anna"],
        ["user.password", "anna"],
        ["token.created", token_id],
        ["token.revoked", token_id],
        ["user.disabled", "anna"],
        ["user.enabled", "anna"],
        ["classifiers.imported", "legalForm"],
    ]
    assert told[1][5] == "role=admin businessUnits=MAIN"
    assert told[4][5] == "user=anna"
    assert told[7][5] == "legalForm=2 replace=False"
    assert "horse" not in muster.ok("audit").out


def test_entries_are_filtered(muster: Muster) -> None:
    muster.add_user("anna")
    muster.add_user("berta")
    muster.ok("user", "disable", "anna")
    assert [line[0] for line in lines(muster, "--subject", "anna")] == ["1", "3"]
    assert [line[0] for line in lines(muster, "--action", "user.disabled", "--actor", ME)] == ["3"]
    assert [line[0] for line in lines(muster, "--after", "1", "--until", "2999-01-01")] == ["2", "3"]
    assert lines(muster, "--since", "2999-01-01T00:00:00+02:00") == []
    assert lines(muster, "--actor", "anna") == []


def test_entries_are_shipped_as_json_lines_with_their_hashes(muster: Muster) -> None:
    muster.add_user("anna", "--business-unit", "MAIN")
    muster.add_user("berta")
    [line] = muster.ok("audit", "--json", "--after", "1").out.splitlines()
    entry = json.loads(line)
    assert list(entry) == ["number", "at", "actor", "action", "subject", "details", "sha256"]
    assert (entry["number"], entry["subject"], entry["details"]) == (
        2,
        "berta",
        {"role": "submit", "businessUnits": []},
    )
    assert muster.ok("audit", "verify").out == f"2:{entry['sha256']}\n"


def test_a_whole_log_is_found_whole_and_its_end_can_be_noted(muster: Muster) -> None:
    muster.ok("db", "upgrade")
    empty = muster.ok("audit", "verify").out.strip()
    assert empty == f"0:{'0' * 64}"
    muster.ok("audit", "verify", "--noted", empty)
    muster.add_user("anna")
    noted = muster.ok("audit", "verify").out.strip()
    muster.add_user("berta")
    result = muster.ok("audit", "verify", "--noted", noted)
    assert "the audit log is whole: 2 entries" in result.err


def test_a_changed_log_is_told_in_one_line(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("anna")
    muster.add_user("berta")
    noted = muster.ok("audit", "verify").out.strip()
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        connection.execute("DROP TRIGGER audit_log_stays_update")
        connection.execute("UPDATE audit_log SET subject = 'carla' WHERE number = 1")
    connection.close()
    assert_one_line(muster("audit", "verify"), 1, "broken: entry 1 was changed", "compare it with a backup")
    number, _, sha256 = noted.partition(":")
    assert_one_line(muster("audit", "verify", "--noted", f"9{number}:{sha256}"), 1, "broken: ")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("audit --since yesterday", "a date or a time in ISO 8601"),
        ("audit --action user.gone", "there is no action 'user.gone'; they are sign-in.refused, "),
        ("audit --after -1", "--after"),
        ("audit verify --noted 12", "the number, a colon, and 64 hex digits"),
        ("audit verify --noted 1:00", "the number, a colon, and 64 hex digits"),
    ],
)
def test_what_can_not_be_asked_is_one_line(muster: Muster, typed: str, says: str) -> None:
    assert_one_line(muster(*typed.split()), 2, says)


def test_the_actor_is_who_it_is_and_not_what_the_environment_says(
    muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "auditor-general")
    muster.add_user("anna")
    assert lines(muster)[0][2] == ME


def test_an_id_that_looks_like_a_line_of_the_log_is_none(muster: Muster, tmp_path: Path) -> None:
    muster.ok("db", "upgrade")
    store = open_storage(muster.url)
    store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, "c\n2\t2020-01-01\tos:root\tuser.added\x1b[2J\u202e"))
    store.close()
    [line] = lines(muster)
    assert line[4] == r"c\n2\t2020-01-01\tos:root\tuser.added\x1b[2J\u202e"
    assert muster.ok("audit", "--json").out.isascii()
