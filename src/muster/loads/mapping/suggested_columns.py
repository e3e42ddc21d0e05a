"""The fields that the columns of a file of another system probably stand for, by their names and first cells."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from muster.loads.mapping.field_paths import FieldPath, parse_field_path
from muster.loads.mapping.field_readers import FieldReader
from muster.loads.mapping.field_tree import FieldTree
from muster.loads.mapping.name_matching import NameMatch, match_name
from muster.loads.mapping.value_guesses import ColumnGuess, guess_column
from muster.loads.refused_rows import REFUSED_COLUMNS

MAX_SAMPLE_CELLS: Final = 1000


@dataclass(slots=True)
class SuggestedColumn:
    """A named column, its cells that are not empty, and the field that it may stand for, None when none is near.

    `guess` is how its cells are written, and `doubts` are lines for a person. They may have texts of cells of code
    lists, and of no other columns.
    """

    header: str
    cells: list[str]
    match: NameMatch | None = None
    path: FieldPath | None = None
    guess: ColumnGuess = field(default_factory=ColumnGuess)
    is_ambiguous: bool = False

    @property
    def doubts(self) -> list[str]:
        doubt = self.match.doubt if self.match else None
        return [*((doubt,) if doubt else ()), *self.guess.doubts]


def suggest_columns(
    header: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    null_words: frozenset[str],
    titles: Mapping[str, Mapping[str, str]],
) -> Sequence[SuggestedColumn]:
    """The columns with a name, each name once. `titles` has the codes of each classifier with their titles."""
    columns = _read_columns(header, rows, null_words)
    _match_all(columns)
    for column in columns:
        if column.path is not None:
            name = str(column.path.steps[-1])
            column.guess = guess_column(name, column.path.value_type, column.cells, titles)
    return columns


def _read_columns(
    header: Sequence[str], rows: Sequence[Sequence[str | None]], null_words: frozenset[str]
) -> list[SuggestedColumn]:
    """The columns with a name, each name once: a mapping can't tell two of the same name apart."""
    counts = Counter(name.strip() for name in header)
    columns: dict[str, SuggestedColumn] = {}
    for index, name in enumerate(header):
        texts = (row[index] or "" for row in rows if index < len(row))
        cells = [text for text in texts if text.strip() and text.strip() not in null_words]
        if name.strip() and name.strip() not in REFUSED_COLUMNS:
            column = columns[name.strip()] = SuggestedColumn(name.strip(), cells)
            if counts[column.header] > 1:
                column.is_ambiguous = True
                column.guess.doubts.append("several columns have this name: rename one")
    return list(columns.values())


def _match_all(columns: Sequence[SuggestedColumn]) -> None:
    """Gives each column its field. The first of several columns for one field gets it."""
    taken: dict[str, str] = {}
    tree = FieldTree()
    elements: dict[str, list[str]] = {}
    # Columns that are fields by their names come first: they need no mapping, and nothing else may take their fields.
    matches = [(column, match_name(column.header)) for column in columns]
    for column, match in sorted(matches, key=lambda each: not _is_own_name(each[0].header)):
        if match is None or column.is_ambiguous:
            continue
        path_text = match.path
        if "#" in path_text:
            list_name = path_text.partition("[")[0]
            known = elements.setdefault(list_name, [])
            # Each contact is an element of its own; a word or a number in the header tells the other elements apart.
            element = column.header if list_name == "listContact" else match.element
            if element not in known:
                known.append(element)
            path_text = path_text.replace("#", str(known.index(element)))
        if path_text in taken:
            column.guess.doubts.append(f"looks like {path_text}, too, which {taken[path_text]} has")
            continue
        path = parse_field_path(path_text)
        try:
            tree.add(FieldReader(path, ()))
        except ValueError as error:
            column.guess.doubts.append(f"looks like {path_text}, which {error}")
            continue
        taken[path_text] = column.header
        column.match, column.path = match, path


def _is_own_name(header: str) -> bool:
    match = match_name(header)
    return match is not None and match.path == header
