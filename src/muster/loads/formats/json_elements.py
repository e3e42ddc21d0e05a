"""Finds the customers in a JSON text of any size, which is read block by block."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from muster.intake.body_format import describe_keys
from muster.intake.json_scanner import InvalidJsonError, skip_space, skip_value
from muster.intake.tolerant_json import decode_key
from muster.loads.formats.content import Content
from muster.loads.formats.text_lines import MAX_ROW_BYTES
from muster.loads.rows import InvalidFileError

# A key of the outermost object is shorter.
_MAX_KEY_BYTES: Final = 64 * 1024
_MAX_KEYS: Final = 100
# A value that ends so near to the end of what was read may go on: the 1 of 1.5 or of 1e-5, or the t of true.
_MARGIN_BYTES: Final = 8

_match_string: Final = re.compile(rb'"(?:(?>[^"\\\x00-\x1f]++|\\.))*+"').match
# A string or a word that goes on where the text ends.
_match_cut_value: Final = re.compile(
    rb'(?:"(?:(?>[^"\\\x00-\x1f]++|\\.))*+\\?'
    rb"|t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?|-|\.[0-9]*|[eE][+-]?)\Z",
    re.DOTALL,
).match
_match_to_quote: Final = re.compile(rb'(?:(?>[^"\\]++|\\.))*+("|\\?\Z)', re.DOTALL).match
_search_structure: Final = re.compile(rb'"|[\[{]++|[\]}]++').search


class Element(NamedTuple):
    """A customer: its JSON, None when it is longer than a row may be, and the offset in the content after it."""

    text: bytes | None
    end: int


class JsonElements:
    """Reads the customers from where the content stands. Raises `InvalidFileError` for what is not JSON."""

    def __init__(self, content: Content, *, max_bytes: int = MAX_ROW_BYTES) -> None:
        self._content = content
        self._max_bytes = max_bytes
        self._buffer = b""
        self._at = 0  # in the buffer
        self._is_whole = False  # the buffer has the end of the content
        self._index: int | None = None

    def read(self, *, is_object: bool, count: int) -> Iterator[Element]:
        """The customers after the first `count`, of an object with their list, or of a list alone."""
        if not count:
            self._expect(b"{" if is_object else b"[")
            if is_object:
                self._find_list()
        yield from self._read_elements(count)
        self._index = None
        if is_object:
            self._read_other_pairs()
        if self._peek():
            what = "several objects in one file" if self._peek() == b"{" else "something after its end"
            raise InvalidFileError(f"the JSON file has {what} (byte {self._offset})")

    @property
    def _offset(self) -> int:
        return self._content.offset - len(self._buffer) + self._at

    def _find_list(self) -> None:
        """Goes to the first customer."""
        keys: list[str] = []
        while (key := self._read_key(is_first=not keys)) is not None:
            if len(keys) < _MAX_KEYS or key == "customers":
                keys.append(key)
            if key == "customers" and self._peek() == b"[":
                self._at += 1
                return
            self._read_element()
            self._content.release(0, self._offset)
        raise InvalidFileError(describe_keys(keys).replace("the body", "the file"))

    def _read_other_pairs(self) -> None:
        start = self._offset
        while (key := self._read_key(is_first=False)) is not None:
            if key == "customers":
                raise InvalidFileError(
                    f"the key customers is twice in the file (byte {self._offset}); send all customers in one list"
                )
            self._read_element()
            self._content.release(start, self._offset)

    def _read_key(self, *, is_first: bool) -> str | None:
        """The next key of the outermost object; None at its end."""
        if self._peek() == b"}":
            self._at += 1
            return None
        if not is_first:
            self._expect(b",")
        if self._peek() != b'"':
            self._fail(InvalidJsonError("a string", self._at))
        self._fill(_MAX_KEY_BYTES)
        found = _match_string(self._buffer, self._at)
        if found is None:
            self._fail(InvalidJsonError("a string", self._at))
        try:
            key = decode_key(found[0])
        except ValueError:  # its escapes, or its encoding
            self._fail(InvalidJsonError("a string in UTF-8", self._at))
        self._at = found.end()
        self._expect(b":")
        return key

    def _read_elements(self, count: int) -> Iterator[Element]:
        self._index = count
        if self._peek() != b"]":
            if count:
                self._expect(b",")
            while True:
                yield self._read_element()
                self._index += 1
                if self._peek() != b",":
                    break
                self._at += 1
        if self._peek() != b"]":
            self._fail(InvalidJsonError("a comma or a closing bracket", self._at))
        self._at += 1

    def _read_element(self) -> Element:
        """Reads the value that comes next."""
        self._peek()
        while True:
            error = None
            try:
                end = skip_value(self._buffer, self._at)
            except InvalidJsonError as failure:
                error = failure
            else:
                if self._is_whole or end <= len(self._buffer) - _MARGIN_BYTES:
                    text = self._buffer[self._at : end] if end - self._at <= self._max_bytes else None
                    self._at = end
                    return Element(text, self._offset)
            available = len(self._buffer) - self._at
            if error and (self._is_whole or (available > self._max_bytes and not self._is_cut(error.offset))):
                self._fail(error)
            if available > self._max_bytes + _MARGIN_BYTES:
                self._skip_long_value()
                return Element(None, self._offset)
            self._fill(2 * available)

    def _is_cut(self, offset: int) -> bool:
        """Whether the text is invalid from here on only because it was not read further."""
        return offset >= len(self._buffer) or _match_cut_value(self._buffer, offset) is not None

    def _skip_long_value(self) -> None:
        """Goes to the end of a value by its brackets and quotes."""
        depth, start = 0, self._content.offset
        while True:
            found = _search_structure(self._buffer, self._at)
            if found is None:
                self._at = len(self._buffer)
                self._read_on(start)
                continue
            self._at = found.end()
            match found[0][:1]:
                case b'"':
                    self._skip_string(start)
                case b"[" | b"{":
                    depth += len(found[0])
                case _:
                    closed = min(depth, len(found[0]))
                    self._at = found.start() + closed
                    depth -= closed
            if depth == 0:
                return

    def _skip_string(self, start: int) -> None:
        while True:
            found = _match_to_quote(self._buffer, self._at)
            assert found is not None
            self._at = found.end()
            if found[1] == b'"':
                return
            self._at -= len(found[1])  # a backslash belongs to what follows it
            self._read_on(start)

    def _read_on(self, start: int) -> None:
        """Reads the next block of a long value, which goes on at the offset `start`."""
        self._content.release(start, self._content.offset)
        self._fill(len(self._buffer) - self._at + 1)
        if self._is_whole:
            self._fail(InvalidJsonError("more", len(self._buffer)))

    def _peek(self) -> bytes:
        """The next byte that is no white space; empty at the end."""
        start = self._content.offset
        while True:
            byte = self._buffer[self._at : self._at + 1]
            if byte > b" ":
                return byte
            self._at = skip_space(self._buffer, self._at)
            if self._at < len(self._buffer) or self._is_whole:
                return self._buffer[self._at : self._at + 1]
            self._content.release(start, self._content.offset)
            self._fill(1)

    def _expect(self, byte: bytes) -> None:
        if self._peek() != byte:
            self._fail(InvalidJsonError(f"the character {byte.decode()}", self._at))
        self._at += 1

    def _fill(self, size: int) -> None:
        """Reads on until there are `size` bytes to come, if the content has so many."""
        if len(self._buffer) - self._at >= size or self._is_whole:
            return
        blocks = [self._buffer[self._at :]]
        available = len(blocks[0])
        while available < size and not self._is_whole:
            block = self._content.read()
            self._is_whole = not block
            blocks.append(block)
            available += len(block)
        self._buffer, self._at = b"".join(blocks), 0

    def _fail(self, error: InvalidJsonError) -> NoReturn:
        offset = self._content.offset - len(self._buffer) + error.offset
        where = f"byte {offset}" if self._index is None else f"byte {offset}, the customer at index {self._index}"
        if self._is_whole and self._is_cut(error.offset):
            raise InvalidFileError(f"the JSON file breaks off before its end ({where}); send it whole")
        raise InvalidFileError(f"the file is not valid JSON: {error} ({where})")
