"""JSON files as row sources: an object with a list of customers, or that list alone."""

from collections.abc import Iterator

from muster.intake.checkpoint import Position
from muster.intake.value_decoder import decode_value
from muster.loads.formats.content import Content
from muster.loads.formats.json_elements import JsonElements
from muster.loads.formats.stored_file import StoredFile
from muster.loads.formats.text_encoding import TextEncoding
from muster.loads.formats.text_lines import escape_bytes
from muster.loads.formats.text_source import TextSource
from muster.loads.row_errors import NOT_TEXT, ROW_TOO_LONG
from muster.loads.rows import InvalidFileError, Layout, Row, RowProblem


class JsonFile(TextSource):
    """A JSON file of any size. A value of the list that is no object is left to the checker."""

    def __init__(self, stored: StoredFile, content: Content, encoding: TextEncoding, size: int | None) -> None:
        if encoding.codec != "utf-8":
            raise InvalidFileError(f"the JSON file is in {encoding.codec}; JSON must be in UTF-8")
        super().__init__(stored, content, Layout("json", has_bom=bool(encoding.bom)), size)
        self._bom_bytes = len(encoding.bom)

    def rows(self, after: Position) -> Iterator[Row]:
        """See `RowSource`. Customers are counted from 1."""
        is_object = self._content.peek(self._bom_bytes + 64 * 1024)[self._bom_bytes :].lstrip().startswith(b"{")
        number = self._start(after, self._bom_bytes)
        for text, end in JsonElements(self._content).read(is_object=is_object, count=number):
            number += 1
            if text is None:
                yield Row(number, None, "", end, (RowProblem(ROW_TOO_LONG),))
                continue
            try:
                raw = text.decode("utf-8")
            except UnicodeDecodeError:
                yield Row(number, None, escape_bytes(text), end, (RowProblem(NOT_TEXT),))
                continue
            yield Row(number, decode_value(text), raw, end)
