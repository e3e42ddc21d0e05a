"""`make install` shows what pip does, and says in one line what to install when it can't work.

A stub takes the place of python3, so nothing is installed.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
# The commands of recipes, which the empty PATH of these tests would miss.
TOOLS: Final = ("sh", "rm", "touch", "mkdir", "cp", "chmod", "cat")

# Answers like a Python: `-c CODE` fails where the code has a word of $MISSING, `-m venv DIRECTORY` puts a copy of the
# stub there, and `-m pip` fails like pip without a network if $OFFLINE is set.
STUB: Final = """#!/bin/sh
case "$1 $2" in
"-c "*)
    for word in $MISSING; do case "$2" in *"$word"*) echo "No module named '$word'" >&2; exit 1;; esac; done;;
"-m venv")
    mkdir -p "$3/bin"; cp "$0" "$3/bin/python"
    if [ -n "$BROKEN_VENV" ]; then echo "Error: ensurepip returned exit status 1" >&2; exit 1; fi;;
"-m pip")
    echo "Collecting alembic"
    if [ -n "$OFFLINE" ]; then
        echo "WARNING: Retrying: Failed to establish a new connection" >&2
        echo "ERROR: Could not find a version that satisfies the requirement alembic" >&2
        exit 1
    fi
    echo "Successfully installed $*";;
esac
"""


class Project:
    """A directory with the Makefile, and a PATH on which `python3` is the stub, if it is there at all."""

    def __init__(self, directory: Path, *, has_python: bool = True) -> None:
        self.directory = directory
        self._path = directory / "path"
        self._path.mkdir()
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, directory)
        for tool in TOOLS:
            location = shutil.which(tool)
            assert location is not None
            self._path.joinpath(tool).symlink_to(location)
        if has_python:
            self._path.joinpath("python3").write_text(STUB)
            self._path.joinpath("python3").chmod(0o755)

    def make(self, *targets: str, **environment: str) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        if make is None:
            pytest.skip("make is not installed")
        return subprocess.run(
            [make, *targets],
            cwd=self.directory,
            env={"PATH": str(self._path), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )


def read_advice(made: subprocess.CompletedProcess[str]) -> str:
    """The line that a failed `make` says what to do with; make's own line about the failed target follows it."""
    assert made.returncode != 0
    [line] = [line for line in made.stderr.splitlines() if line.startswith("muster: ")]
    return line


def test_install_shows_what_pip_does(tmp_path: Path) -> None:
    project = Project(tmp_path)
    made = project.make("install")
    assert made.returncode == 0, made.stderr
    assert "Collecting alembic" in made.stdout
    assert "Successfully installed -m pip --disable-pip-version-check install -c constraints.txt -e ." in made.stdout
    assert made.stdout.splitlines()[-1].startswith("muster is installed: ")
    assert "Collecting" not in project.make("install").stdout  # once is enough


def test_missing_python_is_named(tmp_path: Path) -> None:
    advice = read_advice(Project(tmp_path, has_python=False).make("install"))
    assert "there is no python3; install Python 3.11 or newer" in advice
    assert "apt install python3 python3-venv" in advice


def test_old_python_is_told_apart(tmp_path: Path) -> None:
    advice = read_advice(Project(tmp_path).make("install", MISSING="version_info"))
    assert "python3 is older than Python 3.11; install a newer one" in advice
    assert "make install PYTHON=" in advice


def test_debian_without_venv_is_told_which_package_to_install(tmp_path: Path) -> None:
    made = Project(tmp_path).make("install", MISSING="ensurepip")
    assert "apt install python3-venv" in read_advice(made)
    assert "No module named" not in made.stderr


def test_incomplete_environment_is_removed(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert "could not make .venv" in read_advice(project.make("install", BROKEN_VENV="1"))
    assert not tmp_path.joinpath(".venv").exists()
    assert project.make("install").returncode == 0


@pytest.mark.parametrize("target", ["install", "demo", "test"])
def test_missing_network_is_one_line_after_the_message_of_pip(tmp_path: Path, target: str) -> None:
    project = Project(tmp_path)
    made = project.make(target, OFFLINE="1")
    advice = read_advice(made)
    assert "without a network or behind a proxy" in advice
    assert "PIP_INDEX_URL" in advice
    assert "Failed to establish a new connection" in made.stderr
    assert not tmp_path.joinpath(".venv/installed").exists()
