"""Reading goes on after any row, and gives the same rows as reading through."""

import gzip
import hashlib
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.intake.checkpoint import START, Position
from muster.loads.formats.stored_file import BLOCK_BYTES
from muster.loads.rows import FileChangedError
from tests.loads.formats.reading import get_all_positions, open_bytes, read

LETTERS = st.sampled_from(list('ab,;"\n\r ė0{}[]'))
CSV = 'id,name\r\n\r\n1,"a\r\nb"\r\n2,"x\r\n3,ė,surplus\r\n,\r\n4,"y"z\r\n5,"é ""q"""\r\n6'
NDJSON = '{"a":1}\n\n{"b":"ė"}\nnonsense\n{"c":[1,{"d":"}"}]}\n5\n{"e":1}'
JSON = '{"meta": {"a": [1]}, "customers": [ {"a":1} ,{"b":"ė]}"},5,\n{"c":[1,{"d":2}]}], "more": 1}'
FILES = {
    "csv": CSV.encode(),
    "csv with BOM": CSV.encode("utf-8-sig"),
    "csv in utf-16": CSV.encode("utf-16"),
    "csv with sep": ("sep=,\n" + CSV).encode(),
    "csv of old Mac": CSV.replace("\r\n", "\r").encode(),
    "csv in gzip": gzip.compress(CSV.encode()),
    "ndjson": NDJSON.encode(),
    "ndjson with BOM": NDJSON.encode("utf-8-sig"),
    "json": JSON.encode(),
    "json with BOM": JSON.encode("utf-8-sig"),
    "json list": b'[{"a":1},{"b":2}\n,{"c":[3]}]',
}


@pytest.mark.parametrize("kind", FILES)
def test_reading_goes_on_after_any_row(kind: str) -> None:
    found = get_all_positions(FILES[kind])
    rows = [row for row, _ in found]
    assert len(rows) >= 3
    for index, (row, position) in enumerate(found):
        assert position.row == row.number
        assert read(FILES[kind], after=position) == rows[index + 1 :]


def test_digest_of_a_position_is_that_of_the_content_before_it() -> None:
    for row, position in get_all_positions(FILES["csv in gzip"]):
        assert position == Position(row.number, row.end, hashlib.sha256(CSV.encode()[: row.end]).digest())


@given(st.text(LETTERS, max_size=60), st.data())
def test_a_csv_file_gives_the_same_rows_wherever_it_goes_on(text: str, data: st.DataObject) -> None:
    content = ("a,b\n" + text).encode()
    found = get_all_positions(content)
    if found:
        index = data.draw(st.integers(0, len(found) - 1))
        assert read(content, after=found[index][1]) == [row for row, _ in found[index + 1 :]]


@settings(max_examples=40)
@given(
    st.lists(
        st.recursive(
            st.integers() | st.text(LETTERS), lambda v: st.lists(v) | st.dictionaries(st.text(LETTERS), v), max_leaves=5
        )
    ),
    st.data(),
)
def test_a_json_file_gives_the_same_customers_wherever_it_goes_on(customers: list[object], data: st.DataObject) -> None:
    content = json.dumps({"customers": customers}, ensure_ascii=False).encode()
    found = get_all_positions(content)
    assert [row.value for row, _ in found] == customers
    if found:
        index = data.draw(st.integers(0, len(found) - 1))
        assert read(content, after=found[index][1]) == [row for row, _ in found[index + 1 :]]


@pytest.mark.untraced  # it repeats lines that other tests cover
@pytest.mark.parametrize("kind", ["csv", "ndjson", "json", "csv in gzip"])
def test_reading_goes_on_beyond_the_first_block(kind: str) -> None:
    count = 2 * BLOCK_BYTES // 12
    if kind == "json":
        content = b"[" + b",".join(b'{"id":"%06d"}' % number for number in range(count)) + b"]"
    elif kind == "ndjson":
        content = b"".join(b'{"id":"%06d"}\n' % number for number in range(count))
    else:
        content = b"id,name\n" + b"".join(b"%06d,name\n" % number for number in range(count))
    content = gzip.compress(content, 1) if "gzip" in kind else content
    source = open_bytes(content)
    position, expected = START, []
    for index, row in enumerate(source.rows(START)):
        if index == count // 2:
            position = source.position_after(row)
        elif index > count // 2:
            expected.append(row)
    assert read(content, after=position) == expected


def test_a_file_that_has_changed_before_the_position_is_told() -> None:
    position = get_all_positions(b"a,b\n1,2\n3,4\n5,6\n")[1][1]
    with pytest.raises(FileChangedError, match="the file is not the one whose load began"):
        read(b"a,b\n1,2\n3,5\n5,6\n", after=position)
    with pytest.raises(FileChangedError, match=r"the file is shorter than when its load began \(byte 8\)"):
        read(b"a,b\n1,2\n", after=position)


def test_what_comes_after_the_position_may_have_changed() -> None:
    position = get_all_positions(b"a,b\n1,2\n3,4\n")[0][1]
    assert [row.value for row in read(b"a,b\n1,2\n9,9\n", after=position)] == [["9", "9"]]


def test_the_whole_file_is_hashed_when_reading_goes_on() -> None:
    content = FILES["csv in gzip"]
    position = get_all_positions(content)[1][1]
    source = open_bytes(content)
    list(source.rows(position))
    assert source.sha256() == hashlib.sha256(content).digest()
    assert io.BytesIO(content).read() == content
