"""The first rows of an upload, and the customers that they become."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from itertools import count, islice

import pytest

from muster.intake.service import generate_batch_id
from muster.loads.file_preview import SAMPLE_CHARACTERS, FilePreview
from muster.loads.formats import UnknownEncodingError, open_rows
from muster.loads.load_store import Load, LoadOptions, Part
from muster.loads.mapping import InvalidMappingError, make_mapper
from muster.loads.read_deadline import ReadDeadline, ReadTimeoutError
from muster.loads.rows import InvalidFileError
from tests.loads.fakes import MemoryLoadStore, build_load
from tests.loads.service_fakes import START_TIME
from tests.loads.sheets.workbooks import HEADER_ROW, make_ods, make_xlsx, ods_cell, ods_table, worksheet


def receive(
    content: bytes, part_bytes: int = 10, start_deadline: Callable[[], ReadDeadline] = ReadDeadline
) -> tuple[FilePreview, Load]:
    store, load = MemoryLoadStore(), build_load(generate_batch_id(START_TIME))
    store.create(load)
    for number, start in enumerate(range(0, len(content), part_bytes), start=1):
        part = content[start : start + part_bytes]
        store.add_part(load.id, Part(number, len(part), b""), part)
    found = store.get(load.id)
    assert found is not None
    return FilePreview(store, open_rows, make_mapper, start_deadline), found


def test_a_sample_has_the_first_rows_and_the_header() -> None:
    preview, load = receive(b"a;b\n" + b"".join(b"%d;x\n" % number for number in range(99)))
    sample = preview.read_sample(load, max_rows=3)
    assert sample.layout.header == ("a", "b")
    assert sample.list_cells() == [["0", "x"], ["1", "x"], ["2", "x"]]


def test_a_sample_of_long_rows_has_fewer() -> None:
    row = b"x" * 1_000_000 + b"\n"
    preview, load = receive(b"a\n" + row * 20, part_bytes=8_000_000)
    assert len(preview.read_sample(load).rows) == SAMPLE_CHARACTERS // 1_000_001 + 1


def test_customers_are_made_by_the_mapping_that_is_tried() -> None:
    preview, load = receive(b"no,who\n1,Ona\n2,Jonas\n")
    sample = preview.read_sample(load)
    mapping = {"fields": {"firstName": "who", "communicationNumber": {"template": "{job}-{row}"}}, "ignore": ["no"]}
    (first,) = islice(preview.map_sample(load, sample, mapping), 1)
    assert first.document == {"firstName": "Ona", "communicationNumber": f"{load.id}-2"}
    with pytest.raises(InvalidMappingError, match="columns that are no fields"):
        preview.map_sample(load, sample, None)


def test_the_encoding_of_the_options_is_used() -> None:
    preview, load = receive("a\nŠimkus\n".encode("cp1257"))
    with pytest.raises(UnknownEncodingError):
        preview.read_sample(load)
    error = preview.find_undecodable_lines(load)
    assert error is not None
    assert ("Šimkus",) in [sample.lines for sample in error.samples]
    named = replace(load, options=LoadOptions(encoding="cp1257"))
    assert preview.read_sample(named).list_cells() == [["Šimkus"]]


def test_an_upload_without_parts_is_an_empty_file() -> None:
    preview, load = receive(b"")
    with pytest.raises(InvalidFileError, match="empty"):
        preview.read_sample(load)


TEXT_CELL = '<row r="{}"><c r="A{}" t="s"><v>{}</v></c></row>'
MANY_TEXTS = "<si><t>name</t></si><si><t>Ona</t></si>" + "<si><t/></si>" * 100_000


def tick() -> ReadDeadline:
    """The time for nine blocks: each look at the clock takes a second."""
    return ReadDeadline(9, count().__next__)


def refer_to(*texts: int) -> bytes:
    rows = "".join(TEXT_CELL.format(row, row, text) for row, text in enumerate(texts, start=1))
    return make_xlsx(worksheet(rows), strings=MANY_TEXTS).getvalue()


def test_texts_of_a_workbook_are_read_as_far_as_the_first_rows_need_them() -> None:
    preview, load = receive(refer_to(0, 1), 1 << 20, tick)
    sample = preview.read_sample(load)
    assert sample.layout.header == ("name",)
    assert sample.rows[0].value == ("Ona",)


@pytest.mark.untraced  # it repeats lines that other tests cover
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(refer_to(0, 100_001), id="a cell with the last of many texts of a workbook"),
        pytest.param(
            make_ods(ods_table(ods_cell("name") + ods_cell("x") * 16_000)).getvalue(), id="a wide ODS workbook"
        ),
        pytest.param(make_xlsx(worksheet(HEADER_ROW + " " * 1_000_000)).getvalue(), id="blanks after the header"),
        pytest.param(gzip.compress(b"name\n" + b"x" * 3_000_000), id="a long line"),
        pytest.param(b"[" + b" " * 4_000_000 + b'{"firstName": "Ona"}]', id="blanks before a JSON object"),
    ],
)
def test_a_file_that_takes_too_much_work_is_refused_with_what_to_do(content: bytes) -> None:
    preview, load = receive(content, 1 << 20, tick)
    with pytest.raises(ReadTimeoutError, match=r"takes more than 9 seconds; save it as CSV, .*muster load"):
        preview.read_sample(load)
    preview, load = receive(content, 1 << 20)
    preview.read_sample(load)
