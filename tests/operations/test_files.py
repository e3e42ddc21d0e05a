"""The files of the page on operations say nothing that is not so."""

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path

import pytest
import typer

from muster.cli.main import app
from muster.settings import iterate_settings, variable_name

PROJECT = Path(__file__).parents[2]
FILES = PROJECT / "docs" / "operations"
PAGE = (PROJECT / "docs" / "operations.md").read_text()
SETTINGS = {variable_name(name) for name, _, _ in iterate_settings()}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group


@pytest.mark.parametrize("text", [PAGE, *(path.read_text() for path in FILES.iterdir())])
def test_every_setting_that_is_named_is_one(text: str) -> None:
    assert set(re.findall(r"\bMUSTER_[A-Z_]+", text)) <= SETTINGS


def test_every_command_of_the_page_is_one() -> None:
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    called = [match[1] for line in lines if (match := re.search(r"(?:^|/bin/|as-)muster ([a-z]+)", line))]
    assert set(called) >= {"backup", "audit", "db"}
    assert set(called) <= set(COMMANDS)


def unit(name: str) -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(FILES / name)
    return parser


def test_the_service_starts_with_a_command_of_ours() -> None:
    command = shlex.split(unit("muster.service")["Service"]["ExecStart"])
    assert command == ["/opt/muster/bin/muster", "serve"]
    assert int(unit("muster.service")["Service"]["TimeoutStopSec"]) > 30  # what requests get to end
    assert unit("muster.socket")["Socket"]["ListenStream"].endswith(
        f":{dict(row[:2] for row in iterate_settings())['port']}"
    )


def test_the_container_is_made_of_files_that_are_there() -> None:
    lines = FILES.joinpath("Containerfile").read_text().splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert copied
    for name in copied:
        assert PROJECT.joinpath(name).exists()


def test_every_page_that_is_linked_is_there() -> None:
    for page in (PROJECT / "README.md", PROJECT / "SECURITY.md", *PROJECT.joinpath("docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert page.parent.joinpath(link).exists(), f"{page.name} names {link}"
