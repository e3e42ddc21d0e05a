"""What the sources of all text formats share."""

from muster.intake.checkpoint import Position
from muster.loads.formats.content import Content
from muster.loads.formats.stored_file import StoredFile
from muster.loads.rows import Layout, Row


class TextSource:
    """An opened text file. A subclass adds `rows`."""

    def __init__(self, stored: StoredFile, content: Content, layout: Layout, size: int | None) -> None:
        self._stored = stored
        self._content = content
        self.layout = layout
        self.size = size

    @property
    def bytes_read(self) -> int:
        return self._stored.bytes_read

    def position_after(self, row: Row) -> Position:
        """See `RowSource`. Frees the content before the position, so it is asked for once a chunk, in dry runs too."""
        return Position(row.number, row.end, self._content.digest_at(row.end))

    def sha256(self) -> bytes:
        return self._stored.sha256()

    def close(self) -> None:
        self._stored.close()

    def _start(self, after: Position, first: int) -> int:
        """Goes to the first byte after the position; `first` is the offset of the first row. Gives the row's number."""
        if after.row:
            self._content.go_to(after)
        else:
            self._content.skip(first)
        return after.row
