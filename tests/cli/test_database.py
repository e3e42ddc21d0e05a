"""`muster db`, and databases that are missing, outdated, too new or unavailable."""

import sqlite3
from pathlib import Path

import pytest

from faults.commit_proxy import Cut, run_proxy
from muster.storage import open_storage
from muster.storage.engine import write_transaction
from muster.storage.schema import migrate
from tests.cli.commands import Muster, assert_one_line


def test_upgrade_creates_the_schema_and_can_be_run_again(bare_muster: Muster, tmp_path: Path) -> None:
    for _ in range(2):
        result = bare_muster.ok("db", "upgrade")
        assert (result.out, result.err) == ("", "the schema is up to date\n")
    assert (tmp_path / "muster.db").exists()


@pytest.mark.parametrize(
    "command", ["user list", "token list", "classifier list", "audit", "audit verify", "purge --before 2019-01-01"]
)
def test_reading_command_does_not_create_a_database(bare_muster: Muster, tmp_path: Path, command: str) -> None:
    assert_one_line(bare_muster(*command.split()), 1, f"{tmp_path}/muster.db; check --database")
    assert list(tmp_path.iterdir()) == []


def test_first_user_creates_a_sqlite_database(bare_muster: Muster) -> None:
    bare_muster.add_user("anna")
    assert bare_muster.ok("user", "list").out == "anna\tsubmit\t\tactive\n"


def test_commands_upgrade_a_sqlite_database(bare_muster: Muster) -> None:
    store = open_storage(bare_muster.url)
    with write_transaction(store.engine) as connection:
        migrate(connection, "0002")
    store.close()
    assert bare_muster.ok("audit").out == ""


@pytest.mark.parametrize("command", ["user list", "token list", "classifier list", "serve --port 0"])
def test_commands_do_not_upgrade_postgresql_but_name_the_command(
    muster: Muster, empty_postgres_url: str, command: str
) -> None:
    result = muster(*command.split(), "--database", empty_postgres_url)
    assert_one_line(result, 1, "the database has no schema yet; run `muster db upgrade`")


def test_postgresql_is_usable_after_the_upgrade(muster: Muster, empty_postgres_url: str) -> None:
    muster.ok("db", "upgrade", "--database", empty_postgres_url)
    muster.add_user("anna", "--database", empty_postgres_url)
    assert muster.ok("user", "list", "--database", empty_postgres_url).out == "anna\tsubmit\t\tactive\n"


@pytest.mark.parametrize("command", ["user list", "db upgrade", "serve --port 0"])
def test_incompatible_schema_of_a_later_version_is_refused(muster: Muster, tmp_path: Path, command: str) -> None:
    muster.ok("db", "upgrade")
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE revisions SET revision = 9999 WHERE name = 'min_compatible_revision'")
    connection.close()
    assert_one_line(muster(*command.split()), 1, "made by a later version of muster; install that version")


def test_upgrade_leaves_a_compatible_schema_of_a_later_version(muster: Muster, tmp_path: Path) -> None:
    muster.ok("db", "upgrade")
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert muster.ok("db", "upgrade").err.startswith(
        "the schema was made by a later version of muster; this version can use it"
    )


@pytest.mark.parametrize("command", ["user list", "db upgrade", "serve --port 0", "demo --once --port 0"])
def test_unavailable_server_is_an_error_of_one_line_without_the_password(muster: Muster, command: str) -> None:
    result = muster(*command.split(), "--database", "postgresql://muster:sekret@127.0.0.1:1/muster")
    assert_one_line(result, 1, "no connection to the database", "check that the server runs")
    assert "sekret" not in result.err


def test_uncreatable_file_is_an_error_of_one_line(muster: Muster, tmp_path: Path) -> None:
    result = muster("db", "upgrade", "--database", f"sqlite:///{tmp_path}/missing/muster.db")
    assert_one_line(result, 1, "check that its directory exists")


def test_other_file_is_an_error_of_one_line_and_stays_unchanged(muster: Muster, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    assert_one_line(muster("user", "list", "--database", f"sqlite:///{path}"), 1, "names a database of muster")
    assert path.read_text().startswith("Dear Sir")


def test_change_whose_commit_got_no_answer_is_not_said_to_have_failed(muster: Muster, postgres_url: str) -> None:
    commits: list[Cut | None] = [Cut.ANSWER_DROPPED, None]  # SQLAlchemy commits when it connects for the first time
    with run_proxy(postgres_url, lambda: commits.pop() if commits else None) as proxy:
        arguments = ["user", "add", "anna", "--role", "read", "--password-stdin", "--database", proxy.url]
        result = muster(*arguments, stdin="correct horse\n")
    assert_one_line(result, 1, "may have been made or not", "`muster audit`")
    assert "anna" in muster.ok("user", "list", "--database", postgres_url).out


def test_database_that_is_on_no_cluster_is_not_distributed(muster: Muster) -> None:
    result = muster("db", "distribute", "--yes")
    assert_one_line(result, 1, "not on a Citus cluster", "create the extension citus")
