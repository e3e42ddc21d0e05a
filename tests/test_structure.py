"""Rules of naming and size that no linter checks."""

import ast
import csv
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.no_cover  # it runs no code of muster

ROOT: Final = Path(__file__).parents[1]
FORMER_TERMS: Final = ROOT / "tests" / "former_terms.csv"
CODE: Final = ("src", "client", "tools", "tests", "benchmarks", "faults", "fuzzing")
MAX_LINES: Final = 400
MAX_FUNCTION_LINES: Final = 50
GENERATED: Final = {"customer_types.py"}
NEWLINE: Final = "\n"
TEXT_SUFFIXES: Final = {".env", ".json", ".md", ".py", ".service", ".socket", ".toml", ".yaml", ".yml"}
# The change log names what was renamed, and migrations are frozen.
EXEMPT: Final = {ROOT / "CHANGELOG.md", ROOT / "src" / "muster" / "storage" / "migrations" / "versions"}


def list_modules(*directories: str) -> list[Path]:
    paths = (path for directory in directories for path in sorted(ROOT.joinpath(directory).rglob("*.py")))
    return [path for path in paths if EXEMPT.isdisjoint({path, *path.parents})]


@cache
def read_texts() -> dict[str, str]:
    """Every text of the tree by its path."""
    directories = (*CODE, "docs")
    files = [path for directory in directories for path in sorted(ROOT.joinpath(directory).rglob("*"))]
    files += sorted(path for path in ROOT.iterdir() if not path.name.startswith("."))
    texts = {}
    for path in files:
        is_text = path.suffix in TEXT_SUFFIXES or path.name in {"Containerfile", "Makefile"}
        if is_text and EXEMPT.isdisjoint({path, *path.parents}):
            texts[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
    return texts


@cache
def read_code() -> tuple[dict[str, list[str]], dict[str, int]]:
    """The locations of every identifier in Python code, and the lines of every function by its location."""
    identifiers, lengths = defaultdict(list), {}
    for path in list_modules(*CODE):
        for node in ast.walk(ast.parse(path.read_bytes())):
            location = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', '')}"
            for field in ("id", "attr", "name", "arg"):
                if isinstance(name := getattr(node, field, None), str):
                    identifiers[name].append(location)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths[location] = (node.end_lineno or node.lineno) - node.lineno + 1
    return identifiers, lengths


def find_in_lines(pattern: str) -> list[str]:
    expression = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    found = ((path, text, match) for path, text in read_texts().items() for match in expression.finditer(text))
    return [f"{path}:{text.count(NEWLINE, 0, match.start()) + 1}" for path, text, match in found]


def read_former_terms(kind: str) -> list[object]:
    """Test parameters: the former term and its replacement."""
    with FORMER_TERMS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
    return [pytest.param(row["former"], row["replacement"], id=row["former"]) for row in rows]


@pytest.mark.parametrize("directories", [("src/muster", "tools"), ("client/src",)], ids=["service", "client"])
def test_every_public_class_name_has_one_meaning(directories: tuple[str, ...]) -> None:
    locations = defaultdict(list)
    for path in list_modules(*directories):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                locations[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in locations.items() if len(paths) > 1} == {}


def test_no_module_is_too_long() -> None:
    paths = [path for path in list_modules(*CODE) if path.name not in GENERATED]
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_every_function_fits_a_screen() -> None:
    _, lengths = read_code()
    assert {place: length for place, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize(("former", "replacement"), read_former_terms("identifier"))
def test_former_identifier_is_gone(former: str, replacement: str) -> None:
    identifiers, _ = read_code()
    assert identifiers.get(former, []) == [], f"write {replacement}"


@pytest.mark.parametrize(("former", "replacement"), read_former_terms("text"))
def test_former_term_is_gone(former: str, replacement: str) -> None:
    assert find_in_lines(rf"(?<![\w-]){re.escape(former)}(?![\w-])") == [], f"write {replacement}"


@pytest.mark.parametrize(("former", "replacement"), read_former_terms("module"))
def test_former_module_is_gone(former: str, replacement: str) -> None:
    room, name = former.split(".")
    assert find_in_lines(rf"\b{room}[./]{name}(\.py|`|$| import)") == [], f"write {replacement}"
