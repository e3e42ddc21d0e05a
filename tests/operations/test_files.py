"""The files that docs/operations.md offers match the commands and settings of the code."""

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path
from typing import Final

import pytest
import typer

from muster.cli.main import app
from muster.server.graceful_shutdown import GRACE_SECONDS
from muster.settings import Settings, iterate_settings, variable_name
from muster.web.readiness import READY_SECONDS

PROJECT: Final = Path(__file__).parents[2]
FILES: Final = PROJECT / "docs" / "operations"
PAGE: Final = (PROJECT / "docs" / "operations.md").read_text()
VARIABLES: Final = {variable_name(name) for name, _, _ in iterate_settings()}
COMMANDS: Final = set(typer.main.get_group(app).commands)
# What the page recommends behind a balancer.
DRAIN_SECONDS: Final = 5


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
    assert int(service["TimeoutStopSec"]) > DRAIN_SECONDS + GRACE_SECONDS


def test_times_of_the_balancer_fit_those_of_the_service() -> None:
    text, settings = FILES.joinpath("haproxy.cfg").read_text(), Settings()
    times = {name: int(seconds) for name, seconds in re.findall(r"^ +timeout ([\w-]+) (\d+)s", text, re.MULTILINE)}
    assert times["http-keep-alive"] < settings.keep_alive
    assert times["server"] > settings.statement_timeout
    assert times["check"] > READY_SECONDS
    inter, fall = (int(number) for number in re.search(r"check inter (\d+)s fall (\d+)", text).groups())  # type: ignore[union-attr]
    assert inter * fall < DRAIN_SECONDS
    assert f"MUSTER_DRAIN_SECONDS={DRAIN_SECONDS}." in text
    assert f"#MUSTER_DRAIN_SECONDS={DRAIN_SECONDS}\n" in FILES.joinpath("muster.env").read_text()
    assert f"| `MUSTER_DRAIN_SECONDS` | {DRAIN_SECONDS}," in PAGE


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
