"""Workbooks made by hand: as no well-behaved program writes them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing

from muster.intake.checkpoint import START
from muster.loads.rows import Row
from muster.loads.sheets import open_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER_ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row>'
_ODS_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("draw", "drawing"),
    )
)


def make_zip(members: Mapping[str, str | bytes]) -> io.BytesIO:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return output


def worksheet(rows: str, *, namespace: str = MAIN) -> str:
    return f'<?xml version="1.0"?><worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'


def make_xlsx(
    *sheets: str | bytes,
    strings: str | None = None,
    styles: str = "",
    states: Sequence[str] = (),
    is_1904: bool = False,
) -> io.BytesIO:
    """A workbook of these parts with cells; `strings` and `styles` are what stands within `sst` and `styleSheet`."""
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    entries = "".join(
        f'<sheet name="Sheet{number}" sheetId="{number}" r:id="rId{number}" state="{state}"/>'
        for number, state in enumerate((*states, *["visible"] * (len(sheets) - len(states))), start=1)
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relationships([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(is_1904)}"/>'
        f"<sheets>{entries}</sheets></workbook>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
        **{f"xl/{target}": sheet for (_, target), sheet in zip(targets, sheets, strict=True)},
    }
    targets.append(("styles", "styles.xml"))
    if strings is not None:
        members["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
        targets.append(("sharedStrings", "/xl/sharedStrings.xml"))
    members["xl/_rels/workbook.xml.rels"] = relationships(targets)
    return make_zip(members)


def relationships(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{type_}" Target="{target}"/>'
        for number, (type_, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}">{entries}</Relationships>'


def make_ods(tables: str, *, styles: str = "", manifest: str = "<manifest/>") -> io.BytesIO:
    """A workbook with these tables; `styles` stands within `office:automatic-styles`."""
    return make_zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content {_ODS_NAMESPACES}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
            "</office:document-content>",
            "META-INF/manifest.xml": manifest,
        }
    )


def ods_cell(text: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


def ods_table(*rows: str, name: str = "Sheet1", attributes: str = "") -> str:
    content = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}" {attributes}>{content}</table:table>'


def read_rows(file: io.BytesIO, sheet: str | None = None, free_bytes: int = 8 << 20) -> list[Row]:
    with closing(open_workbook(io.BytesIO(file.getvalue()), sheet=sheet, free_bytes=free_bytes)) as source:
        return list(source.rows(START))


def read_values(file: io.BytesIO, sheet: str | None = None) -> list[tuple[int, tuple[str | None, ...]]]:
    """Number and cells of each row."""
    return [(row.number, row.value) for row in read_rows(file, sheet)]
