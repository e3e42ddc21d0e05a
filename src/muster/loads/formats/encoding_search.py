"""Finds the first lines of a text file that are not UTF-8, wherever they are, faster than its rows can be read."""

from typing import BinaryIO, Final

from muster.loads.formats.decompression import read_blocks
from muster.loads.formats.stored_file import StoredFile
from muster.loads.formats.text_encoding import UnknownEncodingError
from muster.loads.formats.text_lines import MAX_ROW_BYTES

# The parts of an upload come from the database at 80 to 140 MB a second, and somebody waits for the page.
MAX_SEARCHED_BYTES: Final = 256 * 1024 * 1024


def find_undecodable_lines(file: BinaryIO, *, max_bytes: int = MAX_SEARCHED_BYTES) -> UnknownEncodingError | None:
    """The error that reading the rows would end with, if its place is in the first `max_bytes` of the content.

    Raises `InvalidFileError` for compressed data that is corrupt.
    """
    rest, offset = b"", 0
    for block in read_blocks(StoredFile(file)):
        found = rest + block
        end = found.rfind(b"\n") + 1
        if len(found) - end > MAX_ROW_BYTES:
            end = _find_letter_end(found)
        lines, rest = found[:end], found[end:]
        error = _check(lines, offset)
        if error is not None:
            return error
        offset += end
        if offset + len(rest) > max_bytes:
            return None
    return _check(rest, offset)


def _find_letter_end(found: bytes) -> int:
    """The offset after the last letter that is surely whole: a letter has at most four bytes."""
    for end in range(len(found), len(found) - 4, -1):
        if found[end - 1] < 0x80:
            return end
        if found[end - 1] >= 0xC0:
            return end - 1
    return len(found)


def _check(lines: bytes, offset: int) -> UnknownEncodingError | None:
    try:
        lines.decode()
    except UnicodeDecodeError as error:
        start = lines.rfind(b"\n", 0, error.start) + 1
        return UnknownEncodingError(offset + error.start, lines[start:].splitlines())
    return None
