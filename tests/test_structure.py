"""Rules of naming and size that no linter checks."""

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.untraced  # it runs no code of muster

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
def read_lowercase() -> dict[str, str]:
    return {path: text.lower() for path, text in read_texts().items()}


@cache
def read_identifiers() -> dict[str, list[str]]:
    """The locations of those identifiers in Python code that are former ones."""
    former = re.compile(rf"\b({'|'.join(row['former'] for row in read_rows('identifier'))})\b")
    identifiers = defaultdict(list)
    for path in list_modules(*CODE):
        text = path.read_text(encoding="utf-8")
        if not former.search(text):  # most modules; a walk over all their nodes takes seconds
            continue
        for node in ast.walk(ast.parse(text)):
            for field in ("id", "attr", "name", "arg"):
                if isinstance(name := getattr(node, field, None), str):
                    identifiers[name].append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', '')}")
    return identifiers


def iterate_functions(statements: Iterable[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions in these statements, and in their blocks."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement
        for block in ("body", "orelse", "finalbody"):
            if isinstance(inner := getattr(statement, block, None), list):
                yield from iterate_functions(inner)


def find_in_lines(former: str, pattern: str) -> list[str]:
    """Where the pattern matches; each match has the text `former`."""
    expression = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    texts = {path: text for path, text in read_texts().items() if former.lower() in read_lowercase()[path]}
    found = ((path, text, match) for path, text in texts.items() for match in expression.finditer(text))
    return [f"{path}:{text.count(NEWLINE, 0, match.start()) + 1}" for path, text, match in found]


def read_rows(kind: str) -> list[dict[str, str]]:
    with FORMER_TERMS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


def read_former_terms(kind: str) -> list[object]:
    """Test parameters: the former term and its replacement."""
    return [pytest.param(row["former"], row["replacement"], id=row["former"]) for row in read_rows(kind)]


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
    lengths = {}
    for path in list_modules(*CODE):
        for function in iterate_functions(ast.parse(path.read_bytes()).body):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            lengths[f"{path.relative_to(ROOT)}:{function.lineno}"] = lines
    assert len(lengths) > 5_000
    assert {place: length for place, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize(("former", "replacement"), read_former_terms("identifier"))
def test_former_identifier_is_gone(former: str, replacement: str) -> None:
    assert read_identifiers().get(former, []) == [], f"write {replacement}"


@pytest.mark.parametrize(("former", "replacement"), read_former_terms("text"))
def test_former_term_is_gone(former: str, replacement: str) -> None:
    assert find_in_lines(former, rf"(?<![\w-]){re.escape(former)}(?![\w-])") == [], f"write {replacement}"


@pytest.mark.parametrize(("former", "replacement"), read_former_terms("module"))
def test_former_module_is_gone(former: str, replacement: str) -> None:
    room, name = former.split(".")
    assert find_in_lines(name, rf"\b{room}[./]{name}(\.py|`|$| import)") == [], f"write {replacement}"
