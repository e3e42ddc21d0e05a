"""The error of a mapping, or of a header, that does not fit the file or the fields."""

from collections.abc import Sequence
from typing import Final

# A file of the wrong kind has thousands of unknown columns.
_MAX_LISTED: Final = 20


class InvalidMappingError(Exception):
    """Why no record can be made of the file. `problems` has one line for each thing that is wrong.

    The text names columns, fields and keys, and no value of a cell.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self._join())

    def _join(self) -> str:
        more = len(self.problems) - _MAX_LISTED
        return "; ".join((*self.problems[:_MAX_LISTED], *((f"and {more} more",) if more > 0 else ())))
