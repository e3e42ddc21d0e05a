"""The shared strings of an XLSX workbook: the texts that cells refer to by number."""

import tempfile
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final

from muster.loads.rows import InvalidFileError
from muster.loads.sheets.text_escapes import unescape
from muster.loads.sheets.xml_stream import MAX_DEPTH, Attributes, local_name, nested_too_deeply, parse_stream

PAGE_STRINGS: Final = 256
MAX_STRING_CHARACTERS: Final = 1 << 20
MAX_CACHED_CHARACTERS: Final = 8 << 20
_STRING_OVERHEAD: Final = 60
_PART: Final = "sharedStrings.xml"


class SharedStrings:
    """Texts in a temporary file without a name, in pages that are decoded when a cell needs one of their texts.

    A workbook of 200,000 customers has 2 million texts, which would take 150 MiB as a list. Here the pages in use take
    a bounded amount, and the others 0.03 bytes for a text.
    """

    def __init__(self, chunks: Iterable[bytes] | None, *, is_lazy: bool = False) -> None:
        """Reads the part with the strings; None for a workbook that has none. A lazy one reads as far as it must."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._page_ends = array("Q", [0])
        self._count = 0
        self._page: list[str] = []
        self._pages: dict[int, list[str]] = {}
        self._cached_characters = 0
        self._reading = self._read(chunks)
        try:
            if not is_lazy:
                self._read_until(None)
        except BaseException:
            self.close()
            raise

    def get(self, index: int) -> str:
        """The text with this number. Raises `InvalidFileError` when there is none."""
        try:
            page = self._pages.get(index >> 8) or self._read_page(index >> 8)
            return page[index & 255]
        except IndexError:
            raise _no_such_string() from None

    def close(self) -> None:
        self._reading.close()
        self._file.close()

    def _read(self, chunks: Iterable[bytes] | None) -> Generator[None, None, None]:
        if chunks is not None:
            yield from _StringsParser(self._append).parse(chunks)
        self._write_page()

    def _read_until(self, index: int | None) -> None:
        """Reads on until the text with this number is in a page; None for all of them."""
        for _ in self._reading:
            if index is not None and index < self._count:
                return

    def _append(self, text: str) -> None:
        self._page.append(text)
        if len(self._page) == PAGE_STRINGS:
            self._write_page()

    def _write_page(self) -> None:
        encoded = [text.encode("utf-8", "surrogatepass") for text in self._page]
        lengths = array("I", map(len, encoded))
        self._file.seek(self._page_ends[-1])
        self._file.write(lengths.tobytes() + b"".join(encoded))
        self._page_ends.append(self._page_ends[-1] + 4 * len(lengths) + sum(lengths))
        self._count += len(encoded)
        self._page = []

    def _read_page(self, number: int) -> list[str]:
        if number * PAGE_STRINGS >= self._count:
            self._read_until(number * PAGE_STRINGS)
        if not 0 <= number * PAGE_STRINGS < self._count:
            raise _no_such_string()
        begin, end = self._page_ends[number : number + 2]
        self._file.seek(begin)
        content = self._file.read(end - begin)
        lengths = array("I")
        offset = 4 * min(PAGE_STRINGS, self._count - number * PAGE_STRINGS)
        lengths.frombytes(content[:offset])
        page = []
        for length in lengths:
            page.append(content[offset : offset + length].decode("utf-8", "surrogatepass"))
            offset += length
        self._keep(number, page)
        return page

    def _keep(self, number: int, page: list[str]) -> None:
        size = sum(map(len, page))
        if self._cached_characters > MAX_CACHED_CHARACTERS:
            self._pages.clear()
            self._cached_characters = 0
        self._pages[number] = page
        self._cached_characters += size + PAGE_STRINGS * _STRING_OVERHEAD


class _StringsParser:
    def __init__(self, append: Callable[[str], None]) -> None:
        self._append = append
        self._text: list[str] = []
        self._length = 0
        self._is_text = False
        self._phonetic_depth = 0
        self._depth = 0

    def parse(self, chunks: Iterable[bytes]) -> Iterator[None]:
        return parse_stream(chunks, _PART, self._start, self._end, self._characters)

    def _start(self, name: str, _: Attributes) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise nested_too_deeply(_PART)
        name = local_name(name)
        if name == "t":
            self._is_text = not self._phonetic_depth
        elif name == "si":
            self._text = []
            self._length = 0
        elif name == "rPh":  # how a text is pronounced
            self._phonetic_depth += 1

    def _characters(self, data: str) -> None:
        if self._is_text:
            self._length += len(data)
            if self._length > MAX_STRING_CHARACTERS:
                raise InvalidFileError("the workbook has a cell with more than 1 MiB of text; save it as CSV")
            self._text.append(data)

    def _end(self, name: str) -> None:
        self._depth -= 1
        name = local_name(name)
        if name == "t":
            self._is_text = False
        elif name == "si":
            self._append(unescape("".join(self._text)))
        elif name == "rPh":
            self._phonetic_depth -= 1


def _no_such_string() -> InvalidFileError:
    return InvalidFileError("a cell refers to a text that the workbook lacks: the file is damaged; save it again")
