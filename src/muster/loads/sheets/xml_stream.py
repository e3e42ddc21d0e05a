"""XML of unknown origin as a stream of events: no document type, no entities, bounded tokens and depth."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final
from xml.parsers import expat

from muster.loads.rows import InvalidFileError

# Expat keeps a tag until it is complete, and before version 2.6 reads it again with each chunk.
MAX_TOKEN_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 256
# Those that expat knows; for others it asks Python's codecs, some of which it can't use.
_ENCODINGS: Final = frozenset({"utf-8", "utf-16", "iso-8859-1", "us-ascii"})

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]
Characters = Callable[[str], None]


def parse_stream(
    chunks: Iterable[bytes], part: str, start: Start, end: End, characters: Characters | None
) -> Iterator[None]:
    """Calls the handlers for the XML of one part, and yields after each chunk of it.

    Names are those of the namespace and of the element, with a blank between them. Raises `InvalidFileError` for what
    is not XML, and for a document type: no workbook has one, and its entities can grow without bound.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    if characters is not None:
        parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.XmlDeclHandler = _check_declaration
    fed = 0
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - max(parser.CurrentByteIndex, 0) > MAX_TOKEN_BYTES:
                raise InvalidFileError(f"the part {part} of the workbook has a tag of more than 1 MiB at byte {fed}")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InvalidFileError(
            f"the part {part} of the workbook is not XML: it is damaged, or no spreadsheet program has written it; "
            "open the file in one, and save it again"
        ) from error
    yield


def parse_elements(chunks: Iterable[bytes], part: str, start: Start, end: End | None = None) -> None:
    """Calls the handlers for the elements of a small part, by their local names, and attributes by theirs."""
    depth = 0

    def on_start(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise nested_too_deeply(part)
        start(local_name(name), {local_name(key): value for key, value in attributes.items()})

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(local_name(name))

    for _ in parse_stream(chunks, part, on_start, on_end, None):
        pass


def local_name(name: str) -> str:
    return name.rpartition(" ")[2]


def nested_too_deeply(part: str) -> InvalidFileError:
    return InvalidFileError(f"the part {part} of the workbook is nested too deeply; save it with a spreadsheet program")


def _refuse_doctype(*_: object) -> None:
    raise InvalidFileError(
        "the workbook has an XML document type, which may hide entities that grow; save it with a spreadsheet program"
    )


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise InvalidFileError("the workbook's XML has an unusual encoding; save it with a spreadsheet program")
