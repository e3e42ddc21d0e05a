"""Which tables an ODS workbook has."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from muster.loads.sheets.ods_cells import OFFICE_VALUE_TYPE
from muster.loads.sheets.ods_row_skipping import skip_rows
from muster.loads.sheets.ods_rows import CELLS, CONTENT
from muster.loads.sheets.table_rows import check_sheet_count
from muster.loads.sheets.xml_stream import MAX_DEPTH, MAX_TOKEN_BYTES, Attributes, nested_too_deeply, parse_stream

_TABLE: Final = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_STYLE: Final = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
# The name of the element in `<table:table table:name="…">` and `</table:table>`, whose prefix may be another one, or
# absent.
_NAME_OF_TABLE: Final = re.compile(rb"table[ \t\r\n/>]")
_BEFORE_NAME: Final = frozenset({b":", b"<", b"/"})
_TAG_BYTES: Final = len(b":table>")
_TAGS_OF_A_TABLE: Final = 2


@dataclass(slots=True)
class OdsSheet:
    """A table of a workbook."""

    name: str
    is_visible: bool
    has_rows: bool = False


class _SheetScanner:
    def __init__(self) -> None:
        self.sheets: list[OdsSheet] = []
        self._stack: list[str] = []
        self._hidden_styles: set[str] = set()
        self._style = ""

    def start(self, name: str, attributes: Attributes) -> None:
        stack = self._stack
        parent = stack[-1] if stack else ""
        if len(stack) >= MAX_DEPTH:
            raise nested_too_deeply(CONTENT)
        name = name[name.rfind(" ") + 1 :]
        stack.append(name)
        if name in CELLS:
            if self.sheets and OFFICE_VALUE_TYPE in attributes:
                self.sheets[-1].has_rows = True
        elif name == "p":
            if self.sheets and parent in CELLS:
                self.sheets[-1].has_rows = True
        elif name == "table" and parent == "spreadsheet":
            self._add_sheet(attributes)
        elif name == "style":
            self._style = attributes.get(_STYLE + "name", "")
        elif name == "table-properties" and attributes.get(_TABLE + "display") == "false":
            self._hidden_styles.add(self._style)

    def end(self, _: str) -> None:
        self._stack.pop()

    def has_rows(self) -> bool:
        """Whether the table where the parser stands is known to have rows, so that others of it say nothing new."""
        return bool(self.sheets) and self.sheets[-1].has_rows

    def _add_sheet(self, attributes: Attributes) -> None:
        is_visible = attributes.get(_TABLE + "style-name") not in self._hidden_styles
        self.sheets.append(OdsSheet(attributes.get(_TABLE + "name", ""), is_visible))
        check_sheet_count(len(self.sheets))


def scan_sheets(
    chunks: Iterable[bytes],
    is_enough: Callable[[Sequence[OdsSheet]], bool],
    *,
    settled_bytes: int = MAX_TOKEN_BYTES,
) -> Sequence[OdsSheet]:
    """The tables, in their order, up to those that are enough. Raises `InvalidFileError`."""
    scanner = _SheetScanner()
    chunks = skip_rows(chunks, scanner.has_rows, settled_bytes)
    for _ in parse_stream(chunks, CONTENT, scanner.start, scanner.end, None):
        if is_enough(scanner.sheets):
            break
    return scanner.sheets


def has_one_table(chunks: Iterable[bytes]) -> bool:
    """Whether there is certainly no second table beside one that has rows. Reads bytes only, not XML.

    A table with rows has two tags. No encoding that is read writes them in another way, except UTF-16, where none is
    found; text that looks like a tag makes the answer False.
    """
    count, rest = 0, b""
    for chunk in chunks:
        content = rest + chunk
        # Twice as fast as a pattern that begins with the character before.
        count += sum(
            content[found.start() - 1 : found.start()] in _BEFORE_NAME for found in _NAME_OF_TABLE.finditer(content)
        )
        if count > _TAGS_OF_A_TABLE:
            return False
        rest = content[-(_TAG_BYTES - 1) :]
    return count == _TAGS_OF_A_TABLE
