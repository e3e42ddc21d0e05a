"""`muster audit`."""

import csv
import io
import json
import os
import pwd
import sqlite3
import sys
from pathlib import Path

import pytest

from muster.audit.events import Action, AuditEvent
from muster.auth.user_events import build_user_event
from muster.auth.users import Role, User
from muster.storage import open_storage
from tests.cli.commands import Muster, assert_one_line

OPERATOR = f"os:{pwd.getpwuid(os.getuid()).pw_name}"


def list_entries(muster: Muster, *arguments: str) -> list[list[str]]:
    return [line.split("\t") for line in muster.ok("audit", *arguments).out.splitlines()]


def test_every_change_of_users_tokens_and_classifiers_writes_an_entry(muster: Muster, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("classifier,code,title\nlegalForm,X,X\nlegalForm,Y,Y\n")
    muster.add_user("anna", role="read")
    muster.ok("user", "change", "anna", "--role", "admin", "--business-unit", "MAIN")
    muster.ok("user", "password", "anna", "--password-stdin", stdin="another horse\n")
    muster.ok("token", "create", "anna", "--expires", "3")
    token_id = muster.ok("token", "list").out.split("\t")[0]
    for _ in range(2):  # the second run changes nothing
        muster.ok("token", "revoke", token_id)
        muster.ok("user", "disable", "anna")
    for _ in range(2):
        muster.ok("user", "enable", "anna")
    muster.ok("classifier", "import", str(codes))

    entries = list_entries(muster)
    assert [entry[0] for entry in entries] == [str(number) for number in range(1, 9)]
    assert {entry[2] for entry in entries} == {OPERATOR}
    assert [entry[3:5] for entry in entries] == [
        ["user.added", "anna"],
        ["user.changed", "anna"],
        ["user.password", "anna"],
        ["token.created", token_id],
        ["token.revoked", token_id],
        ["user.disabled", "anna"],
        ["user.enabled", "anna"],
        ["classifiers.imported", "legalForm"],
    ]
    assert entries[1][5] == "role=admin businessUnits=MAIN"
    assert entries[4][5] == "user=anna"
    assert entries[7][5] == "legalForm=2 replace=False"
    assert "horse" not in muster.ok("audit").out


def test_entries_are_filtered(muster: Muster) -> None:
    muster.add_user("anna")
    muster.add_user("berta")
    muster.ok("user", "disable", "anna")
    assert [line[0] for line in list_entries(muster, "--subject", "anna")] == ["1", "3"]
    assert [line[0] for line in list_entries(muster, "--action", "user.disabled", "--actor", OPERATOR)] == ["3"]
    assert [line[0] for line in list_entries(muster, "--after", "1", "--until", "2999-01-01")] == ["2", "3"]
    assert list_entries(muster, "--since", "2999-01-01T00:00:00+02:00") == []
    assert list_entries(muster, "--actor", "anna") == []


def test_json_lines_contain_the_hashes(muster: Muster) -> None:
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


def test_csv_has_a_header_and_the_same_entries(muster: Muster) -> None:
    muster.add_user("anna", "--business-unit", "MAIN")
    muster.add_user("berta")
    rows = list(csv.DictReader(io.StringIO(muster.ok("audit", "--csv", "--after", "1").out)))
    [line] = muster.ok("audit", "--json", "--after", "1").out.splitlines()
    entry = json.loads(line)
    assert [(row["number"], row["actor"], row["subject"], row["sha256"]) for row in rows] == [
        ("2", OPERATOR, "berta", entry["sha256"])
    ]
    assert json.loads(rows[0]["details"]) == entry["details"]
    assert muster.ok("audit", "--csv", "--after", "2").out.count("\n") == 1


def test_terminal_gets_a_sentence_for_each_entry(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    muster.add_user("anna", role="read")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    [line] = muster.ok("audit").out.splitlines()
    assert f"{OPERATOR} added the user anna (roles read, business units none)" in line


def test_terminal_and_scripts_get_the_login_of_a_read(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    muster.ok("db", "upgrade")
    store = open_storage(muster.url)
    user = User("rita", Role.READ, credential="token:5e", address="192.0.2.1")
    store.audit.append(build_user_event(user, Action.CUSTOMER_READ, "c-1", {"businessUnit": "MAIN"}))
    store.close()
    [line] = list_entries(muster)
    assert set(line[5].split(" ")) == {"businessUnit=MAIN", "credential=token:5e", "address=192.0.2.1"}
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    said = muster.ok("audit").out
    assert "rita read the customer c-1 of MAIN from 192.0.2.1 with the token 5e" in said


def test_intact_log_verifies_and_its_end_is_a_checkpoint(muster: Muster) -> None:
    muster.ok("db", "upgrade")
    empty = muster.ok("audit", "verify").out.strip()
    assert empty == f"0:{'0' * 64}"
    muster.ok("audit", "verify", "--checkpoint", empty)
    muster.add_user("anna")
    checkpoint = muster.ok("audit", "verify").out.strip()
    muster.add_user("berta")
    result = muster.ok("audit", "verify", "--checkpoint", checkpoint)
    assert "the audit log is intact: 2 entries" in result.err


def test_changed_log_is_an_error_of_one_line(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("anna")
    muster.add_user("berta")
    checkpoint = muster.ok("audit", "verify").out.strip()
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        connection.execute("DROP TRIGGER audit_log_stays_update")
        connection.execute("UPDATE audit_log SET subject = 'carla' WHERE number = 1")
    connection.close()
    assert_one_line(muster("audit", "verify"), 1, "broken: entry 1 ", "compare it with a backup")
    number, _, sha256 = checkpoint.partition(":")
    assert_one_line(muster("audit", "verify", "--checkpoint", f"9{number}:{sha256}"), 1, "broken: ")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("audit --since yesterday", "a date or a time in ISO 8601"),
        ("audit --action user.gone", "action 'user.gone' does not exist; the actions are sign-in.refused, "),
        ("audit --after -1", "--after"),
        ("audit --json --csv", "exclude each other"),
        ("audit verify --checkpoint 12", "a number, a colon, and 64 hex digits"),
        ("audit verify --checkpoint 1:00", "a number, a colon, and 64 hex digits"),
    ],
)
def test_invalid_option_is_an_error_of_one_line(muster: Muster, command: str, expected: str) -> None:
    assert_one_line(muster(*command.split()), 2, expected)


def test_actor_comes_from_the_process_and_not_from_environment_variables(
    muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "auditor-general")
    muster.add_user("anna")
    assert list_entries(muster)[0][2] == OPERATOR


def test_id_with_line_ends_and_control_characters_is_escaped(muster: Muster, tmp_path: Path) -> None:
    muster.ok("db", "upgrade")
    store = open_storage(muster.url)
    store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, "c\n2\t2020-01-01\tos:root\tuser.added\x1b[2J\u202e"))
    store.close()
    [line] = list_entries(muster)
    assert line[4] == r"c\n2\t2020-01-01\tos:root\tuser.added\x1b[2J\u202e"
    assert muster.ok("audit", "--json").out.isascii()
