"""The lines of a text file, in groups, each with the number of bytes that it takes."""

import codecs
import io
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from muster.loads.formats.content import Content
from muster.loads.formats.text_encoding import TextEncoding, UnknownEncodingError
from muster.loads.row_errors import NOT_TEXT, ROW_TOO_LONG, RowError
from muster.loads.rows import InvalidFileError

# The longest row, with its line end.
MAX_ROW_BYTES: Final = 1024 * 1024
# What stands for bytes that are no text: U+EF80 to U+EFFF, in rows of this error alone. UTF-8 with surrogates, as in
# `surrogateescape`, can't be stored.
_BYTES_BASE: Final = 0xEF00


class Lines(NamedTuple):
    """Some lines with their ends, and the offset in the content after each. `start` is the offset before the first.

    With an `error` it is a single line that can't be read. `is_plain` says that no line has a quotation mark, a NUL, or
    a CR but at its end.
    """

    texts: list[str]
    ends: list[int]
    start: int
    error: RowError | None = None
    is_plain: bool = False


def read_lines(
    content: Content, encoding: TextEncoding, *, cr_ends: bool = False, max_bytes: int = MAX_ROW_BYTES
) -> Iterator[Lines]:
    """The lines from where the content stands. They end with LF; with `cr_ends`, also with CR.

    A line that is longer than `max_bytes` is not kept. Raises `InvalidFileError` for content that is not in the
    encoding, unless its sender has named it.
    """
    start = content.offset
    measure = _make_measure(encoding)
    for block in _split_blocks(content, encoding, cr_ends, max_bytes, measure):
        if isinstance(block, int):
            yield Lines([""], [start + block], start, ROW_TOO_LONG)
            start += block
            continue
        lines = block.splitlines(keepends=True) if cr_ends else io.BytesIO(block).readlines()
        ends = list(accumulate(map(measure, lines) if encoding.is_wide else map(len, lines), initial=start))
        is_long = len(block) > max_bytes and max(map(len, lines)) > max_bytes
        text = None if is_long else _decode(block, encoding)
        texts = [] if text is None else io.StringIO(text, newline="" if cr_ends else "\n").readlines()
        if text is not None and len(texts) == len(lines):
            yield Lines(texts, ends[1:], start, is_plain=is_plain(text))
        else:
            yield from _decode_one_by_one(lines, ends, encoding, max_bytes)
        start = ends[-1]


def escape_bytes(line: bytes) -> str:
    """A line that is no text: its ASCII, and what stands for each other byte."""
    return "".join(chr(byte if byte < 128 else _BYTES_BASE + byte) for byte in line)


def restore_bytes(text: str, codec: str) -> bytes:
    """The inverse of `escape_bytes`; of a text that others have added, its bytes in the encoding."""
    return b"".join(
        bytes([ord(letter) - _BYTES_BASE]) if "\uef80" <= letter <= "\uefff" else letter.encode(codec)
        for letter in text
    )


def _read_utf8(content: Content, encoding: TextEncoding) -> Iterator[bytes]:
    """The blocks of the content; those of UTF-16 and UTF-32 as UTF-8."""
    if not encoding.is_wide:
        yield from iter(content.read, b"")
        return
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    while True:
        start = content.offset - len(decoder.getstate()[0])
        block = content.read()
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise InvalidFileError(f"the file is not {encoding.codec} (byte {start + error.start})") from None
        if text:
            yield text.encode("utf-8")
        if not block:
            return


def _split_blocks(
    content: Content, encoding: TextEncoding, cr_ends: bool, max_bytes: int, measure: Callable[[bytes], int]
) -> Iterator[bytes | int]:
    """Blocks of whole lines; and for a line that is too long to be kept, the number of its bytes."""
    rest, skipped, skipped_from = b"", 0, 0
    for read in _read_utf8(content, encoding):
        block = rest + read if rest else read
        end = _find_last_end(block, cr_ends)
        if skipped:
            first = _find_first_end(block, cr_ends)
            if not first:
                # A CR at the end may belong to a CR LF, so it is kept.
                rest = block[-1:] if cr_ends and block.endswith(b"\r") else b""
                skipped += measure(block[: len(block) - len(rest)])
                content.release(skipped_from, content.offset)
                continue
            yield skipped + measure(block[:first])
            block, end, skipped = block[first:], end - first, 0
        if end:
            yield block[:end]
        rest = block[end:]
        if len(rest) > max_bytes:
            cut = len(rest) - rest.endswith(b"\r")
            skipped, rest, skipped_from = measure(rest[:cut]), rest[cut:], content.offset
    if skipped:
        yield skipped + measure(rest)
    elif rest:
        yield rest


def _find_last_end(block: bytes, cr_ends: bool) -> int:
    """The offset after the last line end; 0 when there is none."""
    end = block.rfind(b"\n") + 1
    # A CR that ends the block may be followed by an LF.
    return max(end, block.rfind(b"\r", 0, -1) + 1) if cr_ends else end


def _find_first_end(block: bytes, cr_ends: bool) -> int:
    if cr_ends:
        return len(block.splitlines(keepends=True)[0]) if _find_last_end(block, cr_ends) else 0
    return block.find(b"\n") + 1


def _decode(block: bytes, encoding: TextEncoding) -> str | None:
    """The text of a block; None when it is no text as a whole."""
    try:
        return block.decode(encoding.of_blocks)
    except UnicodeDecodeError:
        return None


def is_plain(text: str) -> bool:
    """Whether lines are what `Lines.is_plain` says."""
    # Looking for a CR takes a hundredth of the time of counting them, and most files have none.
    has_stray_cr = "\r" in text and text.count("\r") != text.count("\r\n")
    return not has_stray_cr and '"' not in text and "\0" not in text


def _decode_one_by_one(lines: list[bytes], ends: list[int], encoding: TextEncoding, max_bytes: int) -> Iterator[Lines]:
    """The lines of a block, those that can't be read by themselves. `ends` begins with the offset before the first."""
    texts: list[str] = []
    first = 0
    for index, line in enumerate(lines):
        raw, error = "", ROW_TOO_LONG
        if len(line) <= max_bytes:
            try:
                texts.append(line.decode(encoding.of_blocks))
                continue
            except UnicodeDecodeError as failure:
                if not encoding.is_named:
                    raise UnknownEncodingError(ends[index] + failure.start, lines) from None
            raw, error = escape_bytes(line), NOT_TEXT
        if texts:
            yield Lines(texts, ends[first + 1 : index + 1], ends[first])
        yield Lines([raw], [ends[index + 1]], ends[index], error)
        texts, first = [], index + 1
    if texts:
        yield Lines(texts, ends[first + 1 :], ends[first])


def _make_measure(encoding: TextEncoding) -> Callable[[bytes], int]:
    """Counts the bytes of the file that some content takes: not its own number, after a conversion to UTF-8."""
    if not encoding.is_wide:
        return len
    return lambda converted: len(converted.decode("utf-8").encode(encoding.codec))
