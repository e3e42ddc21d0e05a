"""The wheel, installed into an environment with what it requires, runs without the rest of the project."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
# Without isolation the build takes 2 seconds instead of 30: hatchling is already installed.
BUILD: Final = [sys.executable, "-m", "build", "--no-isolation"]
INSTALL: Final = ["install", "--quiet", "--no-compile", "--no-deps", "--no-index", "--disable-pip-version-check"]


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
    """The command `muster` of an environment that holds only the distributions that the wheel requires.

    They are links to those of the tests: downloading and unpacking them takes pip 15 s and a network.
    """
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=False, symlinks=True)
    [wheel] = distributions.glob("*.whl")
    [packages] = directory.glob("lib/python*/site-packages")
    for required in find_required(read_metadata(wheel).get_all("Requires-Dist", [])):
        link(required, packages)
    python = directory / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, *INSTALL, wheel, directory=directory)
    return directory / "bin" / "muster"


def read_metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return HeaderParser().parsestr(archive.read(name).decode())


def find_required(requirements: Iterable[str]) -> Iterator[Distribution]:
    """The installed distributions that meet the requirements, and those that they require in turn."""
    pending = [(Requirement(text), "") for text in requirements]
    seen = set()
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        found = distribution(requirement.name)
        assert requirement.specifier.contains(found.version), requirement
        for wanted in ("", *requirement.extras):
            if (found.name, wanted) not in seen:
                seen.add((found.name, wanted))
                pending += [(Requirement(text), wanted) for text in found.requires or ()]
                yield found


def link(installed: Distribution, packages: Path) -> None:
    """Links the packages and modules of a distribution, but not its commands."""
    for name in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
        target = packages / name
        if not target.exists():
            target.symlink_to(Path(str(installed.locate_file(name))))


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
    fields = read_metadata(wheel)
    assert {name.split("/")[0] for name in names} == {"muster", f"muster-{fields['Version']}.dist-info"}
    assert (fields["License-Expression"], fields["License-File"]) == ("Apache-2.0", "LICENSE")
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_sdist_holds_what_the_tests_need(distributions: Path) -> None:
    [sdist] = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "Makefile", "constraints.txt", "tests/conftest.py"} <= names


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the Python client, built from its sdist."""
    directory = tmp_path_factory.mktemp("client-dist")
    run(*BUILD, "--outdir", directory, ROOT / "client", directory=directory)
    [wheel] = directory.glob("muster_client-*.whl")
    return wheel


def test_wheel_of_the_client_holds_the_license_the_types_and_no_tests(client_wheel: Path) -> None:
    with zipfile.ZipFile(client_wheel) as archive:
        names = archive.namelist()
    fields = read_metadata(client_wheel)
    assert {name.split("/")[0] for name in names} == {"muster_client", f"muster_client-{fields['Version']}.dist-info"}
    assert {"muster_client/py.typed", "muster_client/customer_types.py"} <= set(names)
    assert fields["License-Expression"] == "Apache-2.0"
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "client.load(" in str(fields.get_payload())
