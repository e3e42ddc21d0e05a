"""The hand-written pages link to what exists and name files and settings that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.settings import CLIENT_TOKEN_VARIABLE, iterate_settings, variable_name

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "src" / "muster"
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.joinpath("docs").rglob("*.md")])
OF_TESTS = {"MUSTER_TEST_CITUS", "MUSTER_TEST_POSTGRES"}
SETTINGS = {variable_name(name) for name, _, _ in iterate_settings()} | OF_TESTS | {CLIENT_TOKEN_VARIABLE}
# The changelog names settings of earlier versions.
CURRENT_PAGES = [page for page in PAGES if page.name != "CHANGELOG.md"]

_CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_FILE = re.compile(r"`([\w/]+(?:\.py|/))`")


def to_id(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def read_prose(page: Path) -> str:
    return _CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))


def to_anchors(page: Path) -> set[str]:
    """The ids that GitHub gives the headings of a page, and those that the page itself gives."""
    prose = read_prose(page)
    headings = {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in _HEADING.findall(prose)}
    return headings | set(_ANCHOR.findall(prose))


def find_broken_links(page: Path) -> Iterator[str]:
    for link in _LINK.findall(read_prose(page)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in to_anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=to_id)
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    assert list(find_broken_links(page)) == []


@pytest.mark.parametrize("page", CURRENT_PAGES, ids=to_id)
def test_named_settings_exist(page: Path) -> None:
    assert set(re.findall(r"\bMUSTER_[A-Z_]+\b", page.read_text(encoding="utf-8"))) <= SETTINGS


def test_architecture_names_files_that_exist() -> None:
    text = PROJECT.joinpath("docs", "architecture.md").read_text(encoding="utf-8")
    named = _FILE.findall(text[text.index("The files on the way") :])
    assert len(named) > 50
    assert [name for name in named if not SOURCE.joinpath(name).exists()] == []


@pytest.mark.parametrize("page", CURRENT_PAGES, ids=to_id)
def test_named_test_files_exist(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/.-]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not PROJECT.joinpath(name).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    directory = PROJECT / "docs" / "decisions"
    index = directory.joinpath("README.md").read_text(encoding="utf-8")
    assert [page.name for page in directory.glob("0*.md") if f"]({page.name})" not in index] == []
