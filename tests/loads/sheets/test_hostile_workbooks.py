"""Files that are damaged, or made to harm: each gets an error that says what to do, in bounded time and memory."""

import io
import tracemalloc
import zipfile

import pytest

from muster.loads.rows import InvalidFileError
from muster.loads.sheets import open_workbook
from tests.loads.sheets.workbooks import (
    HEADER_ROW,
    make_ods,
    make_xlsx,
    make_zip,
    ods_cell,
    ods_table,
    read_rows,
    worksheet,
)

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
BILLION_LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def refuse(file: io.BytesIO, sheet: str | None = None) -> str:
    with pytest.raises(InvalidFileError) as caught:
        read_rows(file, sheet)
    return str(caught.value)


def test_an_encrypted_workbook_is_said_to_have_a_password() -> None:
    file = io.BytesIO(OLE + bytes(4096) + "EncryptedPackage".encode("utf-16-le") + bytes(4096))

    assert refuse(file) == "the workbook is protected by a password; save it without one"


def test_an_old_workbook_is_to_be_saved_as_xlsx() -> None:
    assert refuse(io.BytesIO(OLE + bytes(4096))) == "the file is an old Excel workbook (XLS); save it as XLSX"


def test_an_xlsb_workbook_is_to_be_saved_as_xlsx() -> None:
    file = make_zip({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\0"})

    assert refuse(file) == "the file is an XLSB workbook; save it as XLSX"


def test_an_encrypted_ods_is_said_to_have_a_password() -> None:
    file = make_ods(ods_table(ods_cell("name")), manifest="<manifest><encryption-data/></manifest>")

    assert "password" in refuse(file)


@pytest.mark.parametrize("members", [{"customers.csv": "name\n"}, {"[Content_Types].xml": "", "word/document.xml": ""}])
def test_another_archive_is_no_workbook(members: dict[str, str]) -> None:
    assert "no workbook" in refuse(make_zip(members))


@pytest.mark.parametrize("length", [0, 1, 4, 30, 500, -100, -23, -1])
def test_a_truncated_file_is_said_to_be_cut_off(length: int) -> None:
    content = make_xlsx(worksheet(HEADER_ROW)).getvalue()

    assert "cut off or damaged" in refuse(io.BytesIO(content[:length]))


def test_a_damaged_member_is_found_by_its_checksum() -> None:
    content = bytearray(make_xlsx(worksheet(HEADER_ROW)).getvalue())
    start = content.index(b"xl/worksheets/sheet1.xml") + 40
    content[start] ^= 0xFF

    assert refuse(io.BytesIO(bytes(content)))


@pytest.mark.parametrize("place", ["sheet", "strings", "content"])
def test_a_document_type_is_refused(place: str) -> None:
    xml = '<?xml version="1.0"?>' + BILLION_LAUGHS
    if place == "content":
        file = make_ods("")
        with zipfile.ZipFile(file) as archive:
            content = archive.read("content.xml").decode()
        file = make_zip({"mimetype": "", "content.xml": xml + content})
    elif place == "sheet":
        file = make_xlsx(xml + worksheet(HEADER_ROW).partition("?>")[2])
    else:
        file = make_xlsx(worksheet(HEADER_ROW), strings="")
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        file = make_zip(members | {"xl/sharedStrings.xml": xml + "<sst><si><t>&b;</t></si></sst>"})

    assert "document type" in refuse(file)


def test_a_decompression_bomb_is_stopped_in_bounded_memory() -> None:
    file = make_xlsx(worksheet(HEADER_ROW + " " * (32 << 20)))
    tracemalloc.start()

    message = refuse(file)

    assert "more than 200 times its size" in message
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_repeated_rows_of_ods_are_bounded_as_decompressed_ones_are() -> None:
    row = f'<table:table-row table:number-rows-repeated="1000000">{ods_cell("x" * 200)}</table:table-row>'
    file = make_ods(f'<table:table table:name="a">{row}</table:table>')

    assert "more than 200 times its size" in refuse(file)


def test_repeated_cells_of_ods_are_bounded_as_decompressed_ones_are() -> None:
    cells = ods_cell("x", 'table:number-columns-repeated="16384"')

    assert "more than 200 times its size" in refuse(make_ods(ods_table(*[cells] * 200)))


def test_a_column_beyond_those_of_a_spreadsheet_is_refused() -> None:
    cell = '<c r="XFE1" t="inlineStr"><is><t>name</t></is></c>'

    assert "row 1 has more than 16,384 columns" in refuse(make_xlsx(worksheet(f'<row r="1">{cell}</row>')))
    assert "row 1 has more than 16,384 columns" in refuse(
        make_xlsx(worksheet("<row>" + "<c><v>1</v></c>" * 16_385 + "</row>"))
    )
    assert "row 1 has more than 16,384 columns" in refuse(
        make_ods(ods_table('<table:table-cell table:number-columns-repeated="16384"/>' + ods_cell("name")))
    )


@pytest.mark.parametrize("number", ["1", "0", "1048577", "-2", "x", "9" * 5000])
def test_rows_out_of_order_or_beyond_the_last_are_refused(number: str) -> None:
    assert "out of order" in refuse(make_xlsx(worksheet(f'{HEADER_ROW}<row r="{number}"><c r="A2"><v>1</v></c></row>')))


def test_a_workbook_of_too_many_sheets_is_refused() -> None:
    assert "more than 1,000 sheets" in refuse(make_xlsx(*[worksheet("")] * 1001))
    assert "more than 1,000 sheets" in refuse(make_ods(ods_table("") * 1001))


def test_an_archive_of_too_many_members_is_refused_before_its_directory_is_read() -> None:
    file = make_zip({f"{number}{'x' * 200}": b"" for number in range(10_000)})

    assert "too many parts" in refuse(file)


def test_a_workbook_of_too_many_formats_is_refused() -> None:
    codes = '<numFmt numFmtId="164" formatCode="mmmm"/>' * 5000
    formats = f"<cellXfs>{'<xf/>' * 70_000}</cellXfs>"

    assert "more formats than Excel" in refuse(make_xlsx(worksheet(HEADER_ROW), styles=codes))
    assert "more formats than Excel" in refuse(make_xlsx(worksheet(HEADER_ROW), styles=formats))


def test_a_tag_without_an_end_is_refused() -> None:
    file = make_xlsx(worksheet(HEADER_ROW).replace("<sheetData>", '<sheetData x="' + "x" * (4 << 20)))

    assert "tag of more than 1 MiB" in refuse(file)


def test_deep_nesting_is_refused() -> None:
    assert "nested too deeply" in refuse(make_xlsx(worksheet(HEADER_ROW + "<x>" * 100_000)))
    assert "nested too deeply" in refuse(make_xlsx(worksheet(HEADER_ROW), strings="<x>" * 100_000))
    assert "nested too deeply" in refuse(make_ods(ods_table(ods_cell("<text:span>" * 100_000))))


@pytest.mark.parametrize("cell", ["<c><c>", "<c><v><v>", "<row>", "<c><is><t><t>", "</row><c>"])
def test_cells_within_cells_are_refused(cell: str) -> None:
    assert refuse(make_xlsx(worksheet(f'{HEADER_ROW}<row r="2">{cell}')))


@pytest.mark.parametrize("stored", ["5", "-1", "x", "", "9" * 5000, "1.0"])
def test_a_reference_to_a_string_that_is_not_there_is_refused(stored: str) -> None:
    cell = f'<c r="A2" t="s"><v>{stored}</v></c>'

    assert "refers to" in refuse(
        make_xlsx(worksheet(f'{HEADER_ROW}<row r="2">{cell}</row>'), strings="<si><t>a</t></si>")
    )


def test_a_cell_twice_in_a_row_is_refused() -> None:
    cells = '<c r="A2"><v>1</v></c><c r="A2"><v>2</v></c>'

    assert "row 2" in refuse(make_xlsx(worksheet(f'{HEADER_ROW}<row r="2">{cells}</row>')))


def test_an_encoding_that_hides_the_markup_is_read_or_refused_but_not_misread() -> None:
    xml = worksheet(HEADER_ROW + '<row r="2"><c r="A2" t="inlineStr"><is><t>žąsis</t></is></c></row>')
    utf_16 = xml.replace("?>", ' encoding="UTF-16"?>').encode("utf-16")
    latin = xml.replace("?>", ' encoding="ISO-8859-1"?>').replace("žąsis", "\xe9").encode("latin-1")

    odd = xml.replace("?>", ' encoding="cp1257"?>').encode("cp1257")

    assert "unusual encoding" in refuse(make_xlsx(odd))
    assert read_rows(make_xlsx(utf_16))[0].value == ("žąsis",)
    assert read_rows(make_xlsx(latin))[0].value == ("\xe9",)


def test_names_of_parts_lead_to_no_file() -> None:
    file = make_xlsx(worksheet(HEADER_ROW))
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rels = members["xl/_rels/workbook.xml.rels"].replace(b"worksheets/sheet1.xml", b"../../../../etc/passwd")

    assert "lacks" in refuse(make_zip(members | {"xl/_rels/workbook.xml.rels": rels}))


def test_a_declared_size_is_not_trusted() -> None:
    content = bytearray(make_xlsx(worksheet(HEADER_ROW + " " * (32 << 20))).getvalue())
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46

    content[entry + 24 : entry + 28] = (1 << 20).to_bytes(4, "little")
    assert "damaged" in refuse(io.BytesIO(bytes(content)))

    content[entry + 24 : entry + 28] = (1 << 31).to_bytes(4, "little")
    assert "more than 200 times its size" in refuse(io.BytesIO(bytes(content)))


def test_other_compression_and_encrypted_members_are_refused() -> None:
    plain = make_xlsx(worksheet(HEADER_ROW))
    output = io.BytesIO()
    with zipfile.ZipFile(plain) as archive, zipfile.ZipFile(output, "w", zipfile.ZIP_LZMA) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    encrypted = bytearray(plain.getvalue())
    encrypted[encrypted.rindex(b"xl/worksheets/sheet1.xml") - 46 + 8] |= 1

    assert "unusual" in refuse(output)
    assert "password" in refuse(io.BytesIO(bytes(encrypted)))


def test_errors_do_not_show_cells() -> None:
    row = '<row r="2"><c r="A2" t="inlineStr"><is><t>SECRET</t></is></c><c r="A2"><v>SECRET</v></c></row>'

    assert "SECRET" not in refuse(make_xlsx(worksheet(HEADER_ROW + row)))
    assert "SECRET" not in refuse(make_xlsx(worksheet(HEADER_ROW + "<SECRET")))


def test_the_source_closes_its_file_and_a_failed_opening_does_not() -> None:
    file = make_xlsx(worksheet(""))

    with pytest.raises(InvalidFileError, match="no rows"):
        open_workbook(file, sheet=None)

    assert not file.closed
    opened = make_xlsx(worksheet(HEADER_ROW))
    open_workbook(opened, sheet=None).close()
    assert opened.closed
