"""Reads classifiers from a CSV file with the columns `classifier,code,title`."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import INSTALLATION_CLASSIFIERS, ISO_CLASSIFIERS

HEADER: Final = ["classifier", "code", "title"]
MAX_CODE_LENGTH: Final = 64  # characters


class ClassifierFileError(Exception):
    """The file cannot be imported. The message is one line: the file, the line, what is wrong, and what to do."""


class _InvalidRowError(Exception):
    """What is wrong with one line."""


def read_classifier_file(path: Path) -> list[ClassifierEntry]:
    """The entries of a UTF-8 file, with or without a byte order mark, in the order of the file.

    Equal lines give one entry. Raises `ClassifierFileError`.
    """
    titles: dict[tuple[str, str], str] = {}
    for line, row in _read_rows(path, _read_text(path)):
        try:
            entry = _parse_row(row)
            if titles.setdefault((entry.classifier, entry.code), entry.title) != entry.title:
                raise _InvalidRowError(
                    f"{entry.classifier} has the code {entry.code!r} twice, with different titles; keep one"
                )
        except _InvalidRowError as error:
            raise ClassifierFileError(f"{path}:{line}: {error}") from None
    if not titles:
        raise ClassifierFileError(
            f"{path}: the file has no codes; add one line `classifier,code,title` for each code below the header"
        )
    return [ClassifierEntry(classifier, code, title) for (classifier, code), title in titles.items()]


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ClassifierFileError(
            f"{path}: the file cannot be read ({error.strerror}); check its name and permissions"
        ) from None
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ClassifierFileError(f"{path}:{line}: the text is not UTF-8; save the file as UTF-8") from None


def _read_rows(path: Path, text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows below the header without blank ones, each with the number of its first line."""
    # newline="" keeps the line ends, which the reader needs within quotes.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    seen_header = False
    try:
        for row in reader:
            columns = [column.strip(" \t") for column in row]
            if not seen_header and any(columns):
                seen_header = _check_header(path, line, columns)
            elif any(columns):
                yield line, columns
            line = reader.line_num + 1
    except csv.Error as error:
        raise ClassifierFileError(f"{path}:{line}: the line is not valid CSV ({error}); correct it") from None
    if not seen_header:
        raise ClassifierFileError(f"{path}: the file is empty; begin it with the line `{','.join(HEADER)}`")


def _check_header(path: Path, line: int, columns: Sequence[str]) -> bool:
    if [column.lower() for column in columns] != HEADER:
        header = ",".join(HEADER)
        raise ClassifierFileError(
            f"{path}:{line}: the header is missing; begin the file with the line `{header}`, with commas"
        )
    return True


def _parse_row(row: Sequence[str]) -> ClassifierEntry:
    """Raises `_InvalidRowError`."""
    if len(row) != len(HEADER):
        hint = "put a title with a comma in double quotes" if len(row) > len(HEADER) else "see the header"
        raise _InvalidRowError(f"the line has {len(row)} columns instead of {len(HEADER)}; {hint}")
    for name, column in zip(HEADER, row, strict=True):
        if any(unicodedata.category(character) == "Cc" for character in column):
            raise _InvalidRowError(f"the {name} has a control character; remove it")
    classifier, code, title = row
    if classifier in ISO_CLASSIFIERS:
        raise _InvalidRowError(f"{classifier} comes from ISO and cannot be imported; remove the line")
    if classifier not in INSTALLATION_CLASSIFIERS:
        raise _InvalidRowError(
            f"there is no classifier {classifier!r}; the names are {', '.join(INSTALLATION_CLASSIFIERS)}"
        )
    if not code:
        raise _InvalidRowError(f"the code is empty; give each {classifier} a code")
    if len(code) > MAX_CODE_LENGTH:
        raise _InvalidRowError(f"the code has {len(code)} characters; the maximum is {MAX_CODE_LENGTH}")
    return ClassifierEntry(classifier, code, title)
