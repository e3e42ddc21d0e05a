"""The wheel, installed into an empty environment, runs without the rest of the project."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
# Without isolation the build takes 2 seconds instead of 30: hatchling is already installed.
BUILD: Final = [sys.executable, "-m", "build", "--no-isolation"]
INSTALL: Final = [
    "install",
    "--quiet",
    "--no-compile",
    "--disable-pip-version-check",
    "-c",
    str(ROOT / "constraints.txt"),
]


def run(*command: str | Path, directory: Path) -> str:
    """The standard output of a command that must succeed. It sees neither the project nor the user's settings."""
    ignored = ("MUSTER_", "PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ignored)}
    completed = subprocess.run(command, cwd=directory, env=variables, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with sdist and wheel, both built from the sources."""
    directory = tmp_path_factory.mktemp("dist")
    run(*BUILD, "--outdir", directory, ROOT, directory=directory)
    return directory


@pytest.fixture(scope="module")
def muster(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `muster` of an environment that holds nothing else."""
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=False, symlinks=True)
    [wheel] = distributions.glob("*.whl")
    python = directory / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, *INSTALL, wheel, directory=directory)
    return directory / "bin" / "muster"


def test_installed_wheel_runs_the_demo(muster: Path, tmp_path: Path) -> None:
    output = run(muster, "demo", "--once", directory=tmp_path)
    assert output.count("REQUEST_ACCEPTED") >= 2


def test_installed_wheel_prints_its_help(muster: Path, tmp_path: Path) -> None:
    output = run(muster, "--help", directory=tmp_path)
    for command in ("demo", "serve", "db", "user", "token", "classifier"):
        assert command in output


def test_wheel_holds_the_license_and_no_tests(distributions: Path) -> None:
    [wheel] = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        fields = HeaderParser().parsestr(archive.read(metadata).decode())
    assert {name.split("/")[0] for name in names} == {"muster", metadata.split("/")[0]}
    assert (fields["License-Expression"], fields["License-File"]) == ("Apache-2.0", "LICENSE")
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_sdist_holds_what_the_tests_need(distributions: Path) -> None:
    [sdist] = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "Makefile", "constraints.txt", "tests/conftest.py"} <= names
