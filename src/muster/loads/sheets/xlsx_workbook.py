"""The parts of an XLSX workbook beside its cells: sheets, relationships and styles."""

import posixpath
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from muster.loads.rows import InvalidFileError
from muster.loads.sheets.archive import Archive
from muster.loads.sheets.number_formats import (
    MAX_CODE_LENGTH,
    FormatKind,
    classify_built_in,
    classify_format,
    count_forced_digits,
)
from muster.loads.sheets.table_rows import check_sheet_count
from muster.loads.sheets.xml_stream import Attributes, parse_elements

MAX_PART_BYTES: Final = 64 << 20
MAX_RELATIONSHIPS: Final = 20_000
# Excel has at most 65,490 cell formats, and some 250 codes of numbers of its user's own.
MAX_FORMAT_CODES: Final = 4096
MAX_CELL_FORMATS: Final = 1 << 16
_RELATIONSHIPS: Final = "_rels/.rels"


class CellFormat(NamedTuple):
    """What a cell shows of its number. `forced_digits` are those that a format such as `00000` shows at least."""

    kind: FormatKind
    forced_digits: int = 0


class Sheet(NamedTuple):
    """A sheet of a workbook, and the part that has its cells."""

    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True, slots=True)
class XlsxWorkbook:
    """What the cells of a workbook refer to, and how they are shown."""

    sheets: list[Sheet]
    strings_part: str | None
    formats: list[CellFormat]
    is_1904: bool


@dataclass(slots=True)
class _Relationships:
    targets: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def of_type(self, type_: str) -> str | None:
        return next((self.targets[key] for key, value in self.types.items() if value == type_), None)


def read_workbook(archive: Archive) -> XlsxWorkbook:
    """Reads all parts but the strings and the cells. Raises `InvalidFileError`."""
    part = _read_relationships(archive, "").of_type("officeDocument") or "xl/workbook.xml"
    relationships = _read_relationships(archive, part)
    sheets: list[Sheet] = []
    is_1904 = False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal is_1904
        if name == "sheet":
            key = attributes.get("id", "")
            if relationships.types.get(key) == "worksheet":
                is_visible = attributes.get("state", "visible") == "visible"
                sheets.append(Sheet(attributes.get("name", ""), relationships.targets[key], is_visible))
                check_sheet_count(len(sheets))
        elif name == "workbookPr":
            is_1904 = attributes.get("date1904") in ("1", "true", "on")

    parse_elements(archive.chunks(part, MAX_PART_BYTES), "workbook.xml", start)
    styles = relationships.of_type("styles")
    formats = _read_formats(archive, styles) if styles is not None and styles in archive else []
    strings = relationships.of_type("sharedStrings")
    return XlsxWorkbook(sheets, strings if strings is not None and strings in archive else None, formats, is_1904)


def _read_relationships(archive: Archive, part: str) -> _Relationships:
    folder, name = posixpath.split(part)
    relationships = _Relationships()
    source = posixpath.join(folder, "_rels", f"{name}.rels") if part else _RELATIONSHIPS
    if source not in archive:
        return relationships

    def start(element: str, attributes: Attributes) -> None:
        if element != "Relationship" or attributes.get("TargetMode") == "External":
            return
        if len(relationships.targets) >= MAX_RELATIONSHIPS:
            raise InvalidFileError("the workbook has too many parts; copy the sheet with the customers into a new one")
        key = attributes.get("Id", "")
        # Names of members, not of files: `..` leads nowhere else.
        target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
        relationships.targets[key] = target
        relationships.types[key] = attributes.get("Type", "").rpartition("/")[2]

    parse_elements(archive.chunks(source, MAX_PART_BYTES), "_rels", start)
    return relationships


def _read_formats(archive: Archive, part: str) -> list[CellFormat]:
    """The formats that cells refer to by their index."""
    codes: dict[str, CellFormat] = {}
    formats: list[CellFormat] = []
    in_cell_formats = False
    code_count = 0

    def start(name: str, attributes: Attributes) -> None:
        nonlocal in_cell_formats, code_count
        if name == "numFmt":
            code_count += 1
            code = attributes.get("formatCode", "")[:MAX_CODE_LENGTH]
            codes[attributes.get("numFmtId", "")] = CellFormat(classify_format(code), count_forced_digits(code))
        elif name == "cellXfs":
            in_cell_formats = True
        elif name == "xf" and in_cell_formats:
            key = attributes.get("numFmtId", "0")
            number = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else 0
            formats.append(codes.get(key) or CellFormat(classify_built_in(number)))
        if len(formats) > MAX_CELL_FORMATS or code_count > MAX_FORMAT_CODES:
            raise InvalidFileError("the workbook has more formats than Excel can have; save it as CSV")

    def end(name: str) -> None:
        nonlocal in_cell_formats
        if name == "cellXfs":
            in_cell_formats = False

    parse_elements(archive.chunks(part, MAX_PART_BYTES), "styles.xml", start, end)
    return formats
