"""`muster backup`."""

from pathlib import Path

import pytest

from tests.cli.commands import Muster, assert_one_line


def test_a_copy_has_what_the_database_has(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("anna")
    result = muster.ok("backup", str(tmp_path / "copy.db"))
    assert (result.out, result.err) == ("", f"the database is copied to {tmp_path / 'copy.db'}\n")
    assert muster.ok("user", "list", "--database", f"sqlite:///{tmp_path}/copy.db").out.startswith("anna")


@pytest.mark.parametrize(
    ("file", "database", "code", "says"),
    [
        ("there.db", "", 1, "there is a file"),
        ("no/such/place.db", "", 1, "choose another place"),
        ("copy.db", "sqlite:///nowhere.db", 1, "there is no database nowhere.db"),
        ("copy.db", "postgresql://muster:sekret@127.0.0.1:1/muster", 2, "pg_dump"),
    ],
)
def test_what_can_not_be_copied_is_one_line(
    muster: Muster, tmp_path: Path, file: str, database: str, code: int, says: str
) -> None:
    muster.ok("db", "upgrade")
    (tmp_path / "there.db").write_text("precious")
    options = ["--database", database] if database else []
    assert_one_line(muster("backup", str(tmp_path / file), *options), code, says)
    assert (tmp_path / "there.db").read_text() == "precious"
