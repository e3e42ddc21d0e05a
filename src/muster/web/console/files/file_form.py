"""Reads a form that has one file, as a stream: `multipart/form-data`, bounded in size, number and headers."""

from collections.abc import Iterator
from typing import Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from muster.web.console.administration.multipart_form import UNREADABLE_FORM, parse_boundary
from muster.web.problems import Problem

FILE_FIELD: Final = "file"
MAX_NAME_LENGTH: Final = 255


class FileFormParser:
    """Parses the form piece by piece, and gives the content of its file. Keeps no more than a boundary of it.

    `name` is the file's name without its directory, None before its header has come; empty when none was chosen.
    """

    def __init__(self, content_type: str) -> None:
        """Raises `Problem`: 415 for another type, 400 for a boundary that can't be one."""
        self.name: str | None = None
        self._parser = PushMultipartParser(parse_boundary(content_type), max_segment_count=1)

    def parse(self, piece: bytes) -> Iterator[bytes]:
        """What the piece has of the file's content. Raises `Problem`, a 400."""
        try:
            for event in self._parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event:
                    yield bytes(event)
        except MultipartError:
            raise Problem(400, UNREADABLE_FORM) from None

    def finish(self) -> None:
        """Raises `Problem`, a 400, for a form that has no file, or broke off."""
        try:
            self._parser.close()
        except MultipartError:
            raise Problem(400, UNREADABLE_FORM) from None
        if self.name is None:
            raise Problem(400, UNREADABLE_FORM)

    def _begin(self, segment: MultipartSegment) -> None:
        if segment.name != FILE_FIELD or segment.filename is None:
            raise Problem(400, UNREADABLE_FORM)
        self.name = clean_name(segment.filename)


def clean_name(name: str) -> str:
    """The last part of a path, without characters that no name of a file has."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:MAX_NAME_LENGTH].strip()
