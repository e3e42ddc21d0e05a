"""Reads a form that may have small files (`multipart/form-data`), whole and bounded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from muster.web.body import BodyTimeouts, read_body
from muster.web.console.forms import Form
from muster.web.problems import Problem
from muster.web.request_context import RequestContext

MAX_FIELDS: Final = 20
_MEDIA_TYPE: Final = "multipart/form-data"
_MAX_BOUNDARY_LENGTH: Final = 200  # browsers use some 40 characters; RFC 2046 allows 70
_TIMEOUTS: Final = BodyTimeouts(max_seconds=120.0)
UNREADABLE_FORM: Final = "the form can't be read; open the page and send it again"


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """The fields, and the contents of the files by the names of their fields. A file that was not chosen is empty."""

    form: Form = field(default_factory=Form)
    files: Mapping[str, bytes] = field(default_factory=dict)


async def read_multipart_form(request: Request[Any, Any, Any], max_bytes: int) -> MultipartForm:
    """Raises `Problem`: 400, 408, 413 for a form of more than `max_bytes` in all, 415."""
    boundary = parse_boundary(request.headers.get("content-type", ""))
    body = await read_body(RequestContext.get(request.scope).transport, max_bytes, _TIMEOUTS)
    return parse_multipart_form(bytes(body), boundary)


def parse_boundary(content_type: str) -> str:
    """The boundary between the parts of a form. Raises `Problem`: 415 for another type, 400 for a bad boundary."""
    media_type, options = parse_options_header(content_type)
    if media_type != _MEDIA_TYPE:
        raise Problem(415, f"a form with a file is sent as {_MEDIA_TYPE}")
    boundary: str = options.get("boundary", "")
    if not boundary or "\n" in boundary or len(boundary) > _MAX_BOUNDARY_LENGTH:
        raise Problem(400, UNREADABLE_FORM)
    return boundary


def parse_multipart_form(body: bytes, boundary: str) -> MultipartForm:
    """Raises `Problem`, a 400, for a form that no page of the console sends."""
    values: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    try:
        for segment, content in _parse_segments(body, boundary):
            if segment.filename is not None:
                files[segment.name] = content
                continue
            value = content.decode()
            if "\0" in value:
                raise ValueError("a field has a NUL character")
            values.setdefault(segment.name, []).append(value)
    except ValueError:  # `MultipartError` and errors of decoding among them
        raise Problem(400, UNREADABLE_FORM) from None
    return MultipartForm(Form(values), files)


def _parse_segments(body: bytes, boundary: str) -> list[tuple[MultipartSegment, bytes]]:
    """Raises `MultipartError`."""
    found: list[tuple[MultipartSegment, bytearray]] = []
    with PushMultipartParser(boundary, max_segment_count=MAX_FIELDS) as parser:
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                if not event.name:
                    raise MultipartError("a part without a name")
                found.append((event, bytearray()))
            elif event:
                found[-1][1].extend(event)
    return [(segment, bytes(content)) for segment, content in found]
