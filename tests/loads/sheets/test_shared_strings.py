"""Shared strings: found by their number in bounded memory."""

import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from operator import length_hint

import pytest

from muster.loads.rows import InvalidFileError
from muster.loads.sheets.shared_strings import SharedStrings


def chunks(count: int) -> Iterator[bytes]:
    yield b"<sst>"
    for number in range(count):
        yield f"<si><t>text ž {number}</t></si>".encode()
    yield b"</sst>"


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
def test_every_string_has_its_number(count: int) -> None:
    with closing(SharedStrings(chunks(count))) as strings:
        assert [strings.get(number) for number in range(count)] == [f"text ž {number}" for number in range(count)]
        for number in (count, count + 256, -1, 1 << 80):
            with pytest.raises(InvalidFileError):
                strings.get(number)


def test_a_lazy_reader_reads_as_far_as_a_string_needs() -> None:
    unread = iter(list(chunks(1000)))
    with closing(SharedStrings(unread, is_lazy=True)) as strings:
        assert strings.get(300) == "text ž 300"
        assert length_hint(unread) == 1002 - (1 + 512)
        assert [strings.get(number) for number in (0, 999)] == ["text ž 0", "text ž 999"]
        with pytest.raises(InvalidFileError):
            strings.get(1000)


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_many_strings_need_little_memory() -> None:
    tracemalloc.start()
    with closing(SharedStrings(chunks(30_000))) as strings:
        for number in range(0, 30_000, 256):
            strings.get(number)
            strings.get(0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 12 << 20


def test_a_string_of_more_than_a_mebibyte_is_refused() -> None:
    with pytest.raises(InvalidFileError, match="1 MiB"):
        SharedStrings([b"<sst><si><t>", b"x" * 1_100_000, b"</t></si></sst>"])


def test_a_workbook_may_have_none() -> None:
    with closing(SharedStrings(None)) as strings, pytest.raises(InvalidFileError):
        strings.get(0)
