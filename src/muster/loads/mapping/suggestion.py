"""Suggestions: writes a mapping for a file of another system, with its doubts as comments."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from muster.customer.value_types import ClassifierCode, Enum
from muster.loads.mapping.header_words import CONTACT_TYPES
from muster.loads.mapping.mapping_toml import quote, write_key, write_scalar
from muster.loads.mapping.missing_fields import MissingField, list_missing_fields
from muster.loads.mapping.name_matching import is_full_name, to_words
from muster.loads.mapping.suggested_columns import MAX_SAMPLE_CELLS, SuggestedColumn, suggest_columns
from muster.loads.mapping.value_guesses import guess_null_words

_WIDTH: Final = 44  # characters before a comment


def suggest_mapping(
    header: Sequence[str], sample_rows: Sequence[Sequence[str | None]], titles: Mapping[str, Mapping[str, str]]
) -> str:
    """A mapping in TOML for a file with this header, from its names and the cells of some rows.

    `titles` has the codes of each classifier with their titles. The mapping can be used with the file as it is; what a
    person should look at is said in comments, which may have texts of cells of code lists, and of no other columns.
    """
    rows = sample_rows[:MAX_SAMPLE_CELLS]
    null_words = guess_null_words(cell for row in rows for cell in row)
    return format_suggestion(suggest_columns(header, rows, frozenset(null_words), titles), null_words)


def format_suggestion(columns: Sequence[SuggestedColumn], null_words: Sequence[str]) -> str:
    """The mapping in TOML that suggested columns make."""
    return "\n".join(_write(columns, null_words)) + "\n"


def _write(columns: Sequence[SuggestedColumn], null_words: Sequence[str]) -> Iterator[str]:
    mapped = [column for column in columns if column.path is not None]
    date_format = _find_common(column.guess.date_format for column in mapped)
    has_comma = any(column.guess.decimal_comma for column in mapped)
    yield "# A suggestion by the names and the first rows of the file. Read every line, and try it with --dry-run."
    if date_format is not None:
        yield f"date_format = {quote(date_format)}"
    if has_comma:
        yield "decimal_comma = true"
    if null_words:
        yield f"null_words = [{', '.join(map(quote, null_words))}]"
    yield from _write_group(columns)
    yield from _write_ignored([column for column in columns if column.path is None])
    yield ""
    yield "[fields]"
    for column in mapped:
        yield from _write_column(column, date_format)
    yield from _write_contact_types(mapped)
    yield from _write_missing(columns)


def _write_ignored(columns: Sequence[SuggestedColumn]) -> Iterator[str]:
    if not columns:
        return
    yield "# No field was found for these columns:"
    yield "ignore = ["
    for column in columns:
        doubts = ["probably firstName and lastName: split it"] if is_full_name(column.header) else column.guess.doubts
        yield _comment(f"    {quote(column.header)},", doubts)
    yield "]"


def _write_group(columns: Sequence[SuggestedColumn]) -> Iterator[str]:
    """A customer with several rows, when the sample has one."""
    for column in columns:
        if column.path is not None and column.path.steps == ("customerExtId",) and len(column.cells) > 1:
            if any(cell == after for cell, after in zip(column.cells, column.cells[1:], strict=False)):
                yield _comment(f"group_by = {quote(column.header)}", ["rows repeat it: each adds elements to lists"])
            elif len(set(column.cells)) < len(column.cells):
                yield _comment("#", [f"{column.header} repeats in rows apart from each other: sort them, use group_by"])


def _write_column(column: SuggestedColumn, date_format: str | None) -> Iterator[str]:
    path, guess = str(column.path), column.guess
    keys = [f"column = {quote(column.header)}"]
    if guess.date_format not in (None, date_format):
        keys.append(f"date_format = {quote(str(guess.date_format))}")
    if guess.values:
        pairs = ", ".join(f"{quote(text)} = {write_scalar(value)}" for text, value in guess.values.items())
        keys.append(f"values = {{ {pairs} }}")
    if len(keys) > 1:
        yield _comment(f"{write_key(path)} = {{ {', '.join(keys)} }}", column.doubts)
    elif column.header != path or column.doubts:
        yield _comment(f"{write_key(path)} = {quote(column.header)}", column.doubts)


def _write_contact_types(mapped: Sequence[SuggestedColumn]) -> Iterator[str]:
    """The type of each contact, by a word of its header."""
    taken = {str(column.path) for column in mapped}
    for column in mapped:
        path = str(column.path)
        type_path = path.replace(".contactDetails", ".contactType")
        if type_path != path and type_path not in taken:
            words = to_words(column.header)
            contact_type = next((each for word, each in CONTACT_TYPES.items() if word in words), None)
            doubts = [] if contact_type else ["the header does not tell the type"]
            yield _comment(f"{write_key(type_path)} = {{ constant = {quote(contact_type or 'EMAIL')} }}", doubts)


def _write_missing(columns: Sequence[SuggestedColumn]) -> Iterator[str]:
    """Mandatory fields that no column has. The file has no values for them, so most lines are comments."""
    for missing in list_missing_fields([column.path for column in columns if column.path is not None]):
        if missing.rule:
            (key, value), *_ = missing.rule.items()
            yield _comment(f"{missing.path} = {{ {key} = {quote(value)} }}", [missing.doubt])
        else:
            yield _write_missing_field(missing)


def _write_missing_field(missing: MissingField) -> str:
    each = missing.field
    is_code = isinstance(each.value_type, Enum | ClassifierCode)
    source = f"{{ constant = {quote(str(each.example))} }}" if is_code else '"…"'
    return f"# {write_key(missing.path)} = {source}  # mandatory{missing.when}, and no column was found: name it"


def _find_common(formats: Iterable[str | None]) -> str | None:
    counts = Counter(each for each in formats if each is not None)
    return counts.most_common(1)[0][0] if counts else None


def _comment(line: str, doubts: Sequence[str]) -> str:
    """The line with its doubts. A doubt may name a header, so line ends are taken out."""
    if not doubts:
        return line
    text = "; ".join(doubts)
    return f"{line:<{_WIDTH}}  # check: {''.join(letter if letter.isprintable() else ' ' for letter in text)}"
