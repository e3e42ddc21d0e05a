"""Reads classifiers from a CSV file with the columns `classifier,code,title`."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.iso import CODE_LENGTHS, is_iso_code
from muster.classifiers.snapshot import CLASSIFIER_NAMES

HEADER: Final = ["classifier", "code", "title"]
MAX_CODE_LENGTH: Final = 64  # characters
MAX_TITLE_LENGTH: Final = 10_000


class ClassifierFileError(Exception):
    """The file cannot be imported. The message is one line: where, what is wrong, and what to do.

    `problem` is the message without the place; `line` is None for a problem of the whole file.
    """

    def __init__(self, problem: str, line: int | None = None, path: Path | None = None) -> None:
        place = ":".join(str(part) for part in (path, line) if part is not None)
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.line = line


class InvalidEntryError(Exception):
    """What is wrong with one entry, and what to do."""


def read_classifier_file(path: Path) -> list[ClassifierEntry]:
    """`parse_classifiers` of a file. The messages of its errors begin with the path."""
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}); check its name and permissions"
        raise ClassifierFileError(problem, path=path) from None
    try:
        return parse_classifiers(content)
    except ClassifierFileError as error:
        raise ClassifierFileError(error.problem, error.line, path) from None


def parse_classifiers(content: bytes) -> list[ClassifierEntry]:
    """The entries of a UTF-8 file, with or without a byte order mark, in the order of the file.

    Equal lines give one entry. Raises `ClassifierFileError`.
    """
    titles: dict[tuple[str, str], str] = {}
    for line, row in _read_rows(_decode(content)):
        try:
            entry = _parse_row(row)
            if titles.setdefault((entry.classifier, entry.code), entry.title) != entry.title:
                raise InvalidEntryError(
                    f"{entry.classifier} has the code {entry.code!r} twice, with different titles; keep one"
                )
        except InvalidEntryError as error:
            raise ClassifierFileError(str(error), line) from None
    if not titles:
        raise ClassifierFileError(
            "the file has no codes; add one line `classifier,code,title` for each code below the header"
        )
    return [ClassifierEntry(classifier, code, title) for (classifier, code), title in titles.items()]


def _decode(content: bytes) -> str:
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ClassifierFileError("the text is not UTF-8; save the file as UTF-8", line) from None


def _read_rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows below the header without blank ones, each with the number of its first line."""
    # newline="" keeps the line ends, which the reader needs within quotes.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    seen_header = False
    try:
        for row in reader:
            columns = [column.strip(" \t") for column in row]
            if not seen_header and any(columns):
                seen_header = _check_header(line, columns)
            elif any(columns):
                yield line, columns
            line = reader.line_num + 1
    except csv.Error as error:
        raise ClassifierFileError(f"the line is not valid CSV ({error}); correct it", line) from None
    if not seen_header:
        raise ClassifierFileError(f"the file is empty; begin it with the line `{','.join(HEADER)}`")


def _check_header(line: int, columns: Sequence[str]) -> bool:
    if [column.lower() for column in columns] != HEADER:
        header = ",".join(HEADER)
        problem = f"the header is missing; begin the file with the line `{header}`, with commas"
        raise ClassifierFileError(problem, line)
    return True


def _parse_row(row: Sequence[str]) -> ClassifierEntry:
    """Raises `InvalidEntryError`."""
    if len(row) != len(HEADER):
        hint = "put a title with a comma in double quotes" if len(row) > len(HEADER) else "see the header"
        raise InvalidEntryError(f"the line has {len(row)} columns instead of {len(HEADER)}; {hint}")
    return make_entry(*row)


def make_entry(classifier: str, code: str, title: str) -> ClassifierEntry:
    """An entry that an installation may add. Raises `InvalidEntryError`."""
    for name, column in zip(HEADER, (classifier, code, title), strict=True):
        if any(unicodedata.category(character) == "Cc" for character in column):
            raise InvalidEntryError(f"the {name} has a control character; remove it")
    if classifier not in CLASSIFIER_NAMES:
        raise InvalidEntryError(f"there is no classifier {classifier!r}; the names are {', '.join(CLASSIFIER_NAMES)}")
    if not code:
        raise InvalidEntryError(f"the code is empty; give each {classifier} a code")
    if len(code) > MAX_CODE_LENGTH:
        raise InvalidEntryError(f"the code has {len(code)} characters; the maximum is {MAX_CODE_LENGTH}")
    if len(title) > MAX_TITLE_LENGTH:
        raise InvalidEntryError(f"the title has {len(title)} characters; the maximum is {MAX_TITLE_LENGTH}")
    if classifier in CODE_LENGTHS:
        _check_addition(classifier, code)
    return ClassifierEntry(classifier, code, title)


def _check_addition(classifier: str, code: str) -> None:
    """Checks a code that is to be added to those of ISO."""
    length = CODE_LENGTHS[classifier]
    if not (len(code) == length and code.isascii() and code.isalpha() and code.isupper()):
        raise InvalidEntryError(f"a code of {classifier} is {length} capital letters, and {code!r} is not; correct it")
    if is_iso_code(classifier, code):
        raise InvalidEntryError(
            f"{classifier} has the code {code!r} from ISO, and codes of ISO cannot be changed; leave it out"
        )
