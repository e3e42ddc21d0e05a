"""The files that docs/operations.md offers match the commands and settings of the code."""

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path
from typing import Final

import pytest
import typer

from muster.cli.main import app
from muster.settings import iterate_settings, variable_name

PROJECT: Final = Path(__file__).parents[2]
FILES: Final = PROJECT / "docs" / "operations"
PAGE: Final = (PROJECT / "docs" / "operations.md").read_text()
VARIABLES: Final = {variable_name(name) for name, _, _ in iterate_settings()}
COMMANDS: Final = set(typer.main.get_group(app).commands)
# How long requests may run after SIGTERM.
DRAIN_SECONDS: Final = 30


class UnitParser(RawConfigParser):
    """Reads unit files of systemd, whose keys are case-sensitive and may repeat."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False)
        self.read(FILES / name)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.mark.parametrize("name", ["../operations.md", *(path.name for path in sorted(FILES.iterdir()))])
def test_every_named_variable_is_a_setting(name: str) -> None:
    assert set(re.findall(r"\bMUSTER_[A-Z_]+", FILES.joinpath(name).read_text())) <= VARIABLES


def test_every_command_on_the_page_exists() -> None:
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    called = {match[1] for line in lines if (match := re.search(r"(?:^|/bin/|as-)muster ([a-z-]+)", line))}
    assert {"backup", "audit", "db"} <= called <= COMMANDS


def test_unit_starts_the_service_and_gives_requests_time_to_finish() -> None:
    service = UnitParser("muster.service")["Service"]
    assert shlex.split(service["ExecStart"]) == ["/opt/muster/bin/muster", "serve"]
    assert int(service["TimeoutStopSec"]) > DRAIN_SECONDS


def test_socket_listens_on_the_default_port() -> None:
    defaults = {name: default for name, default, *_ in iterate_settings()}
    assert UnitParser("muster.socket")["Socket"]["ListenStream"].endswith(f":{defaults['port']}")


def test_container_copies_existing_files() -> None:
    lines = FILES.joinpath("Containerfile").read_text().splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert copied
    assert [name for name in copied if not PROJECT.joinpath(name).exists()] == []


def test_every_linked_page_exists() -> None:
    for page in (*PROJECT.glob("*.md"), *PROJECT.joinpath("docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert page.parent.joinpath(link).exists(), f"{page.name} links to {link}"
