"""Columns: the header of a file, and how a mapping names its columns."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from muster.customer.field_names import UnknownField, make_unknown_field
from muster.loads.column_letters import to_column_letters
from muster.loads.records import Cell
from muster.loads.refused_rows import REFUSED_COLUMNS

# A long cell in thousands of fields would make a document of thousands of times the size of its row.
MAX_USES: Final = 20
_MIN_SIMILARITY: Final = 0.75
# Columns, and letters of their names, that near names are looked for in: comparing takes some 20 µs for each, and the
# memory of `UnknownField` is in proportion to the square of a name.
_MAX_COMPARED: Final = 500
_MAX_COMPARED_LENGTH: Final = 80
_MAX_SOUGHT: Final = 20  # names that are compared; an error lists no more


@dataclass(slots=True)
class Columns:
    """The columns of a file. Blanks at the ends of a name do not count.

    `used` has the columns that a field or the mapping has asked for.
    """

    header: Sequence[str]
    used: set[int] = field(default_factory=set)
    _uses: Counter[int] = field(default_factory=Counter)
    _indexes: dict[str, list[int]] = field(init=False)
    _unknown: UnknownField = field(init=False)
    _sought: int = 0

    def __post_init__(self) -> None:
        self._indexes = {}
        for index, name in enumerate(self.header):
            self._indexes.setdefault(name.strip(), []).append(index)
        names = (name for name in self._indexes if 0 < len(name) <= _MAX_COMPARED_LENGTH)
        self._unknown = make_unknown_field(islice(names, _MAX_COMPARED))

    def find(self, name: str) -> int:
        """The column of this name, which is used from now on. Raises `ValueError` when there is none, or several."""
        self.used.update(self._indexes.get(name.strip(), ()))
        index = self.find_key(name)
        self._uses[index] += 1
        if self._uses[index] > MAX_USES:
            raise ValueError(f"the column {name.strip()!r} is used more than {MAX_USES} times")
        return index

    def find_key(self, name: str) -> int:
        """The column of this name, which may still be used as a field. Raises `ValueError` as `find` does."""
        indexes = self._indexes.get(name.strip(), [])
        if not name.strip() or not indexes:
            near = self._find_near(name)
            hint = f"did you mean {near}?" if near else f"the columns are {self._list()}"
            raise ValueError(f"the file has no column {name[:80]!r}; {hint}")
        if len(indexes) > 1:
            letters = " and ".join(map(to_column_letters, indexes))
            raise ValueError(f"the file has the column {name.strip()!r} more than once ({letters}); rename one")
        return indexes[0]

    def ignore(self, name: str) -> bool:
        """Marks all columns of this name as used. False when there is none."""
        indexes = self._indexes.get(name.strip(), [])
        self.used.update(indexes)
        return bool(indexes)

    def iterate_unused(self) -> Iterator[tuple[int, str]]:
        """The named columns that nothing uses so far, but those of refused rows."""
        for index, name in enumerate(self.header):
            if index not in self.used and name.strip() and name.strip() not in REFUSED_COLUMNS:
                yield index, name.strip()

    def list_unnamed(self) -> list[int]:
        return [index for index, name in enumerate(self.header) if not name.strip()]

    def cell(self, index: int) -> Cell:
        return Cell(to_column_letters(index), self.header[index])

    def _find_near(self, name: str) -> str | None:
        near = self._unknown.find_near(name)
        if near is None and self._sought < _MAX_SOUGHT:
            self._sought += 1
            found = difflib.get_close_matches(name[:_MAX_COMPARED_LENGTH], self._unknown.known, 1, _MIN_SIMILARITY)
            near = found[0] if found else None
        return near

    def _list(self) -> str:
        names = list(islice((name for name in self._indexes if name and name not in REFUSED_COLUMNS), 21))
        return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
