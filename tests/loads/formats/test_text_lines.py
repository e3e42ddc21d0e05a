"""Lines do not depend on how the content is cut into blocks."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.intake.checkpoint import Position
from muster.loads.formats.content import Content
from muster.loads.formats.text_encoding import TextEncoding
from muster.loads.formats.text_lines import read_lines
from tests.loads.formats.reading import get_all_positions, get_codes, read

Line = tuple[str, int, str]


def cut(content: bytes, step: int, encoding: TextEncoding, cr_ends: bool, max_bytes: int) -> list[Line]:
    blocks = Content(iter([content[at : at + step] for at in range(0, len(content), step)]))
    return [
        (text, end, lines.error.code if lines.error else "")
        for lines in read_lines(blocks, encoding, cr_ends=cr_ends, max_bytes=max_bytes)
        for text, end in zip(lines.texts, lines.ends, strict=True)
    ]


@given(
    st.text(st.sampled_from("ab\n\rė😀"), max_size=40),
    st.integers(1, 9),
    st.sampled_from(["utf-8", "utf-16-le", "utf-32-be"]),
    st.booleans(),
)
def test_lines_are_the_same_however_the_content_is_cut(text: str, step: int, codec: str, cr_ends: bool) -> None:
    content, encoding = text.encode(codec), TextEncoding(codec)
    lines = cut(content, step, encoding, cr_ends, 100)
    assert lines == cut(content, 1_000, encoding, cr_ends, 100)
    assert "".join(line for line, _, _ in lines) == text
    assert not lines or lines[-1][1] == len(content)


@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\xff", b"\xc4\x97", b"bbbbb"]), max_size=25),
    st.integers(1, 9),
    st.booleans(),
)
def test_lines_that_can_not_be_read_are_the_same_however_the_content_is_cut(
    parts: list[bytes], step: int, cr_ends: bool
) -> None:
    content, encoding = b"".join(parts), TextEncoding("utf-8", is_named=True)
    lines = cut(content, step, encoding, cr_ends, 6)
    assert lines == cut(content, 1_000, encoding, cr_ends, 6)
    starts = [0, *(end for _, end, _ in lines)]
    for (text, end, code), start in zip(lines, starts, strict=False):
        line = content[start:end]
        assert code == ("F005" if len(line) > 6 else "F003" if b"\xff" in line or not is_text(line) else "")
        assert code or text.encode() == line


def is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_rows_around_a_long_line_have_their_positions() -> None:
    content = b"a,b\n1,2\n" + b"x" * 3_000_000 + b"\n3,4\n5,6\n"
    found = get_all_positions(content)
    assert get_codes(row for row, _ in found) == ["", "F005", "", ""]
    for index, (row, position) in enumerate(found):
        assert position == Position(row.number, row.end, position.digest)
        assert read(content, after=position) == [row for row, _ in found[index + 1 :]]


@pytest.mark.parametrize("tail", [[], [b"3,4\r"], [b"\n", b"3,4\r"]])
def test_a_long_line_may_end_with_its_block(tail: list[bytes]) -> None:
    blocks = [b"x" * 50, b"x" * 50, b"x" * 49 + b"\r", *tail]
    content = Content(iter(blocks))
    encoding = TextEncoding("utf-8")
    for lines in read_lines(content, encoding, cr_ends=True, max_bytes=60):
        expected = hashlib.sha256(b"".join(blocks)[: lines.ends[-1]]).digest()
        assert content.digest_at(lines.ends[-1]) == expected


@pytest.mark.parametrize("text", ["[%s,{}]", '{"customers":[1,%s,2]}'])
def test_customers_around_a_long_one_have_their_positions(text: str) -> None:
    content = text.replace("%s", '{"a":"' + "x" * 3_000_000 + '"}').encode()
    found = get_all_positions(content)
    for index, (_, position) in enumerate(found):
        assert read(content, after=position) == [row for row, _ in found[index + 1 :]]
    assert "F005" in get_codes(row for row, _ in found)
