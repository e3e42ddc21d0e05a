"""The uploaded parts of a load as one file."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.intake.checkpoint import LeaseLostError
from muster.loads.load_store import Part
from muster.loads.parts_file import PartsFile


class Parts:
    """Parts in memory, which records what is read."""

    def __init__(self, contents: Sequence[bytes]) -> None:
        self.contents: dict[int, bytes] = dict(enumerate(contents, 1))
        self.parts = [Part(number, len(c), hashlib.sha256(c).digest()) for number, c in self.contents.items()]
        self.reads: list[int] = []

    def read(self, number: int) -> bytes | None:
        self.reads.append(number)
        return self.contents.get(number)

    def open(self) -> PartsFile:
        return PartsFile(self.parts, self.read)


def split(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@given(
    st.lists(st.binary(max_size=7), max_size=6),
    st.lists(st.tuples(st.integers(0, 50), st.integers(-1, 20)), max_size=12),
)
def test_parts_read_as_the_bytes_that_they_make_together(contents: list[bytes], reads: list[tuple[int, int]]) -> None:
    whole = io.BytesIO(b"".join(contents))
    with Parts(contents).open() as raw, io.BufferedReader(raw, 4) as file:
        assert raw.size == len(whole.getvalue())
        for position, count in reads:
            assert file.seek(position) == whole.seek(position)
            assert file.read(count) == whole.read(count)
            assert file.tell() == whole.tell()


def test_position_counts_from_start_here_and_end() -> None:
    with Parts([b"abc", b"def"]).open() as file:
        assert file.seek(-2, io.SEEK_END) == 4
        assert file.read(2) == b"ef"
        assert file.seek(-5, io.SEEK_CUR) == 1
        assert file.seek(2) == 2
        with pytest.raises(ValueError, match="before the start"):
            file.seek(-1)
        assert file.tell() == 2


def test_a_part_is_read_once_while_the_file_is_read_in_order() -> None:
    parts = Parts([b"x" * 1_000 for _ in range(20)])
    with parts.open() as file:
        assert len(file.readall()) == 20_000
    assert parts.reads == list(range(1, 21))


def test_the_next_part_is_fetched_before_it_is_asked_for() -> None:
    parts = Parts([b"abc", b"def", b"ghi"])
    file = parts.open()
    assert file.read(1) == b"a"
    file.close()  # waits for what is being fetched
    assert parts.reads == [1, 2] or parts.reads == [1]
    with parts.open() as file:
        file.read(3)
        file.read(3)
        parts.contents.clear()
        assert file.read(1) == b"g" or 3 not in parts.reads


def test_a_zip_archive_in_parts_is_read_like_a_file() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", "first " * 1_000)
        archive.writestr("b", "second " * 1_000)
    parts = Parts(list(split(buffer.getvalue(), 100)))
    with parts.open() as raw, io.BufferedReader(raw) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("b") == b"second " * 1_000
        assert archive.read("a") == b"first " * 1_000


def test_a_part_that_is_gone_means_that_the_load_was_cancelled() -> None:
    parts = Parts([b"abc", b"def"])
    del parts.contents[2]
    with parts.open() as file:
        assert file.read(3) == b"abc"
        with pytest.raises(LeaseLostError):
            file.read(1)


def test_a_part_whose_reading_failed_is_read_again() -> None:
    parts = Parts([b"abc"])
    answers = iter([None, b"abc"])
    file = PartsFile(parts.parts, lambda number: next(answers))
    with file:
        with pytest.raises(LeaseLostError):
            file.read(1)
        assert file.read(3) == b"abc"


def test_a_closed_file_is_not_read() -> None:
    file = Parts([b"abc"]).open()
    file.close()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.read(1)
