"""The first lines that are not UTF-8, wherever they are in a file."""

import gzip
import io

import pytest

from muster.loads.formats.encoding_search import find_undecodable_lines
from muster.loads.formats.text_lines import MAX_ROW_BYTES

LINE = b"c-1;Jonas;x\n"
BAD = "c-2;Žydrūnė;y\n".encode("cp1257")


@pytest.mark.parametrize("before", [0, 1, 21_845, 50_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_the_first_lines_that_are_not_utf8_are_shown_with_their_place(before: int, pack: type[bytes]) -> None:
    content = pack(LINE * before + BAD + LINE)
    error = find_undecodable_lines(io.BytesIO(content))
    assert error is not None
    assert f"(byte {before * len(LINE) + 4})" in str(error)
    assert error.samples[0].lines == ("c-2;Žydrūnė;y",)


@pytest.mark.parametrize("end", [b"", "č".encode(), BAD[:-1]], ids=["none", "a letter", "a line without an end"])
def test_the_end_of_the_file_is_looked_at(end: bytes) -> None:
    error = find_undecodable_lines(io.BytesIO("ąčę\n".encode() * 100_000 + end))
    assert (error is not None) == (end == BAD[:-1])


def test_no_more_than_the_bound_is_read() -> None:
    content = io.BytesIO(LINE * 100_000 + BAD)
    assert find_undecodable_lines(content, max_bytes=1_000) is None


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("letter", ["x", "č", "€", "𐍈"])
def test_a_line_without_an_end_is_read_in_pieces_of_whole_letters(shift: int, letter: str) -> None:
    content = b"x" * shift + letter.encode() * (3 * MAX_ROW_BYTES // len(letter.encode()))
    assert find_undecodable_lines(io.BytesIO(content)) is None
    error = find_undecodable_lines(io.BytesIO(content + b"\xff"))
    assert error is not None
    assert f"(byte {len(content)})" in str(error)
