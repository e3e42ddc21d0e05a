"""The files of the project agree with each other."""

import re
import tomllib
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())
MAKEFILE: Final = ROOT.joinpath("Makefile").read_text()


def read_recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    match = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert match
    return [line.strip() for line in match[1].splitlines()]


def test_pre_commit_hooks_run_what_make_check_runs() -> None:
    config = yaml.safe_load(ROOT.joinpath(".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert [hook["entry"] for hook in hooks] == [
        command.replace("$(BIN)", ".venv/bin") for command in read_recipe("check")
    ]
    assert all(hook["language"] == "system" and hook["pass_filenames"] is False for hook in hooks)


def test_every_make_target_is_phony() -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    assert sorted(phony.split()) == sorted(targets)


def test_every_dependency_is_pinned() -> None:
    pinned = {line.partition("==")[0] for line in ROOT.joinpath("constraints.txt").read_text().splitlines()}
    extras = PROJECT["project"]["optional-dependencies"].values()
    requirements = [*PROJECT["project"]["dependencies"], *(each for extra in extras for each in extra)]
    names = {re.split(r"[\[><=;]", requirement)[0].lower() for requirement in requirements}
    assert names - pinned == {"muster", "muster-client"}  # both are here


def read_versions() -> dict[str, str]:
    """The changelog's text of each version, Unreleased included."""
    parts = re.split(r"^## (\S+).*$", ROOT.joinpath("CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_changelog_says_of_every_version_what_the_schema_does_and_how_to_roll_back() -> None:
    versions = read_versions()
    assert {"Unreleased", PROJECT["project"]["version"], "0.1.0"} <= versions.keys()
    for version, text in versions.items():
        notes = text.partition("### Upgrade notes\n")[2]
        topics = re.findall(r"^- ([^:\n]+): ", notes, re.MULTILINE)
        assert topics == ["Schema", "Previous version on this schema", "Upgrade", "Rollback"], version


def test_changelog_names_every_revision_of_the_schema() -> None:
    text = "".join(read_versions().values())
    files = ROOT.joinpath("src/muster/storage/migrations/versions").glob("0*.py")
    assert [file.name for file in files if not re.search(rf"\b{file.name[:4]}\b", text)] == []
