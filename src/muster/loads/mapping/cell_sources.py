"""Sources: where the text of a field comes from in a row: a column, several ones, or a template."""

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Cells = Sequence[str | None]
# The text from the cells of a row and its number; None when there is none.
ReadText = Callable[[Cells, int], str | None]

# The names that a template has beside the columns.
JOB: Final = "job"
ROW: Final = "row"


@dataclass(frozen=True, slots=True)
class Source:
    """`columns` are those that the text comes from, by their index; the first one stands for the source in errors."""

    read: ReadText
    columns: tuple[int, ...]


def read_column(index: int, null_words: frozenset[str]) -> Source:
    def read(cells: Cells, number: int) -> str | None:
        text = cells[index]
        return text if text and not text.isspace() else None

    def read_checked(cells: Cells, number: int) -> str | None:
        text = cells[index]
        return text if text and not text.isspace() and text.strip() not in null_words else None

    return Source(read_checked if null_words else read, (index,))


def join_columns(indexes: Sequence[int], separator: str, null_words: frozenset[str]) -> Source:
    """The texts of several columns, without those that are empty."""
    reads = [read_column(index, null_words).read for index in indexes]

    def read(cells: Cells, number: int) -> str | None:
        texts = [text for each in reads if (text := each(cells, number)) is not None]
        return separator.join(texts) if texts else None

    return Source(read, tuple(indexes))


def fill_template(template: str, indexes: Mapping[str, int], job: str, null_words: frozenset[str]) -> Source:
    """The template with the texts of its columns; no text when all of these are empty. Raises `ValueError`.

    Raises `KeyError` with the name of a column that does not exist.
    """
    parts = _parse_template(template)
    used = tuple(indexes[name] for _, name in parts if name not in (None, JOB, ROW))
    reads: list[tuple[str, ReadText | None]] = [
        (text, None if name is None else _read_part(name, indexes, job, null_words)) for text, name in parts
    ]
    checks = [read_column(index, null_words).read for index in used]

    def read(cells: Cells, number: int) -> str | None:
        if checks and all(check(cells, number) is None for check in checks):
            return None
        return "".join(text + ((each(cells, number) or "") if each else "") for text, each in reads)

    return Source(read, used)


def list_template_columns(template: str) -> list[str]:
    """The columns that a template names. Raises `ValueError`."""
    return [name for _, name in _parse_template(template) if name not in (None, JOB, ROW)]


def _parse_template(template: str) -> list[tuple[str, str | None]]:
    """Each text with the name that stands after it. A name may have any character but braces, `!` and `:`."""
    parts: list[tuple[str, str | None]] = []
    for text, name, form, conversion in string.Formatter().parse(template):
        if name is not None and (not name or form or conversion):
            raise ValueError("a template has names of columns in braces, {job} and {row}: {FIRST} {LAST}")
        parts.append((text, name))
    return parts


def _read_part(name: str, indexes: Mapping[str, int], job: str, null_words: frozenset[str]) -> ReadText:
    if name == JOB:
        return lambda cells, number: job
    if name == ROW:
        return lambda cells, number: str(number)
    return read_column(indexes[name], null_words).read
