"""`muster backup`."""

from pathlib import Path

import pytest

from tests.cli.commands import Muster, assert_one_line


def test_copy_contains_the_data_of_the_database(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("anna")
    result = muster.ok("backup", str(tmp_path / "copy.db"))
    assert (result.out, result.err) == ("", f"copied the database to {tmp_path / 'copy.db'}\n")
    assert muster.ok("user", "list", "--database", f"sqlite:///{tmp_path}/copy.db").out.startswith("anna")


def test_backups_are_noted_in_the_audit_log(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("anna")
    muster.ok("backup", str(tmp_path / "copy.db"))
    assert muster.ok("backup", "--record").err == "noted the backup in the audit log\n"
    assert muster.ok("audit", "--action", "backup.made").out.count("backup.made") == 2


def test_a_backup_needs_a_file_or_another_tool(muster: Muster, tmp_path: Path) -> None:
    muster.ok("db", "upgrade")
    assert_one_line(muster("backup"), 2, "name the file to write")
    assert_one_line(muster("backup", str(tmp_path / "copy.db"), "--record"), 2, "leave FILE out")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    ("file", "database", "code", "expected"),
    [
        ("existing.db", "", 1, "existing.db already exists"),
        ("no/such/directory.db", "", 1, "choose another path"),
        ("copy.db", "sqlite:///nowhere.db", 1, "nowhere.db"),
        ("copy.db", "postgresql://muster:sekret@127.0.0.1:1/muster", 2, "pg_dump"),
    ],
)
def test_failed_backup_is_an_error_of_one_line(
    muster: Muster, tmp_path: Path, file: str, database: str, code: int, expected: str
) -> None:
    muster.ok("db", "upgrade")
    (tmp_path / "existing.db").write_text("precious")
    options = ["--database", database] if database else []
    assert_one_line(muster("backup", str(tmp_path / file), *options), code, expected)
    assert (tmp_path / "existing.db").read_text() == "precious"
