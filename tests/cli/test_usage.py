"""Properties of all commands: help, exit codes, errors of one line."""

import shlex
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from muster.cli.examples import EXAMPLES
from muster.cli.main import app
from tests.cli.commands import Muster, assert_one_line


def list_commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every executable command, by the words after `muster`."""
    for name, command in group.commands.items():
        if getattr(command, "invoke_without_command", False):
            yield f"{path}{name}", command
        if hasattr(command, "commands"):
            yield from list_commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


COMMANDS = dict(list_commands(typer.main.get_command(app)))


def test_commands_are_those_of_the_contract_and_of_administration() -> None:
    assert set(COMMANDS) == {
        *("demo", "serve", "check-config", "db upgrade", "db distribute", "backup", "load", "purge"),
        *("classifier list", "classifier import"),
        *("classifier add", "classifier remove"),
        *("loads list", "loads show", "loads cancel", "loads refused"),
        *("mapping suggest", "template"),
        *("audit", "audit verify"),
        *(
            "user add",
            "user list",
            "user change",
            "user disable",
            "user enable",
            "user password",
            "token create",
            "token list",
            "token revoke",
        ),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_options_and_examples(muster: Muster, command: str) -> None:
    output = muster.ok(*command.split(), "--help").out
    assert "--database" in output
    assert "Examples:" in output
    assert f"$ muster {command}" in output


@pytest.mark.parametrize("example", [example for several in EXAMPLES.values() for example in several])
def test_every_example_parses(example: str) -> None:
    words = shlex.split(example.rpartition("| ")[2].partition(" >")[0])
    length = 1 if words[1] in COMMANDS else 2
    name = " ".join(words[1 : 1 + length])
    # Parses the arguments without running the command.
    COMMANDS[name].make_context(name, words[1 + length :])


def test_every_command_has_examples() -> None:
    assert set(EXAMPLES) == {"", *COMMANDS}


def test_version_is_that_of_the_package(muster: Muster) -> None:
    assert muster.ok("--version").out == f"muster {version('muster')}\n"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", "Missing command (see `muster --help`)"),
        ("user", "Missing command (see `muster user --help`)"),
        ("usr list", "No such command 'usr'"),
        ("user list --all", "No such option: --all"),
        ("user list anna", "(see `muster user list --help`)"),
        ("user list --database", "'--database' requires an argument"),
        ("user add", "Missing argument 'NAME'"),
        ("user add anna", "the option --role is missing; choose from submit, read, watch, audit, admin"),
        ("user add anna --role boss", "'boss' is no role; the roles are submit, read, watch, audit, admin"),
        ("user add anna --role submit,boss", "'boss' is no role"),
        ("user add anna --role submit,", "'' is no role"),
        ("user change anna --add-role boss", "'boss' is no role"),
        ("user add anna: --role read", "no colon"),
        ("user add anna --role read", "--password-stdin"),
        ("user disable an\nna", "printable characters"),
        ("user password ''", "a user's name has 1 to 256"),
        ("token create \udcff", "printable characters"),
        ("token create anna --expires 0", "--expires"),
        ("token create anna --expires never", "--expires"),
        ("token create anna --expires 9999999999999999999", "--expires"),
        ("token list an:na", "no colon"),
        ("token revoke", "Missing argument 'ID'"),
        ("loads show 17", "valid UUID"),
        ("loads list --limit 0", "--limit"),
        ("loads list --token-file t", "give its address with --url"),
        ("loads list --url https://muster.example --database sqlite:///m.db", "give one of --url and --database"),
        ("classifier list legalform", "`muster classifier list` lists their names"),
        ("classifier import", "Missing argument 'FILE.csv'"),
        ("serve --port 65536", "--port"),
        ("serve --port http", "--port"),
        ("serve --workers 0", "--workers"),
        ("serve --tls-cert cert.pem", "give the other one too"),
        ("demo --port -1", "--port"),
        ("db upgrade --database muster.db", "sqlite:///FILE or postgresql://"),
        ("db upgrade --database mysql://root:sekret@localhost/muster", "'mysql'"),
        ("user list --database sqlite://", "SQLite needs a file: sqlite:///muster.db"),
    ],
)
def test_wrong_usage_is_an_error_of_one_line(muster: Muster, command: str, expected: str) -> None:
    result = muster(*shlex.split(command.replace("\n", "'\n'")))
    assert_one_line(result, 2, expected)
    assert "sekret" not in result.err


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "-1"), ("WORKERS", "0"), ("MAX_BODY_BYTES", "64M"), ("LOG_FORMAT", "xml")],
)
def test_invalid_environment_variable_is_named(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("MUSTER_PORT", "0")
    monkeypatch.setenv(f"MUSTER_{name}", value)
    assert_one_line(muster("serve"), 2, f"MUSTER_{name}")


def test_internal_error_is_one_line_without_the_text_of_the_exception(
    muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TypeError("sekret")

    monkeypatch.setattr("muster.bootstrap.open_checked_database", fail)
    result = muster("user", "list")
    assert_one_line(result, 1, "internal error (TypeError at test_usage.py:")
    assert "sekret" not in result.err


def test_ctrl_c_ends_a_command_without_a_message(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("muster.bootstrap.open_checked_database", interrupt)
    result = muster("user", "list")
    assert (result.code, result.out, result.err) == (1, "", "")


def test_option_overrides_the_environment(bare_muster: Muster, tmp_path: Path) -> None:
    bare_muster.ok("db", "upgrade", "--database", f"sqlite:///{tmp_path / 'other.db'}")
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "muster.db").exists()


def test_renamed_variable_is_an_error_of_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_QUEUE", "10")
    assert_one_line(muster("user", "list"), 2, "MUSTER_QUEUE was renamed; set MUSTER_MAX_QUEUED_REQUESTS instead")
