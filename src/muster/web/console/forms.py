"""Reads the fields of a form, bounded in size and time. Files go another way, see `uploads`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request

from muster.web.body import BodyTimeouts, read_body
from muster.web.console.texts import TranslatableText
from muster.web.problems import Problem
from muster.web.request_context import RequestContext

MAX_FORM_BYTES: Final = 256 * 1024
MAX_FORM_FIELDS: Final = 2_000
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_TIMEOUTS: Final = BodyTimeouts(max_seconds=60.0)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields as they were sent, leading and trailing spaces removed, and the errors found in them.

    `errors` maps fields to texts for people; the page shows them in a summary and at the fields.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: dict[str, TranslatableText] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The last value of a field; empty when it was not sent."""
        values = self.values.get(name, ())
        return values[-1].strip() if values else ""

    def get_exactly(self, name: str) -> str:
        """The same with its spaces, as for a password."""
        values = self.values.get(name, ())
        return values[-1] if values else ""

    def get_all(self, name: str) -> Sequence[str]:
        """All values of a field, such as those of its checkboxes."""
        return [value.strip() for value in self.values.get(name, ())]

    def get_all_exactly(self, name: str) -> Sequence[str]:
        """The same with their spaces, as for codes that a page has made fields of."""
        return self.values.get(name, ())


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """Raises `Problem`: 400, 408, 413, 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise Problem(415, f"a form of the console is sent as {_MEDIA_TYPE}")
    body = await read_body(RequestContext.get(request.scope).transport, MAX_FORM_BYTES, _TIMEOUTS)
    return parse_form(bytes(body))


def parse_form(body: bytes) -> Form:
    """Raises `Problem`, a 400, for a form that no page of the console sends."""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, errors="strict")
    except ValueError:  # not UTF-8, or too many fields
        raise Problem(400, "the form can't be read; open the page and send it again") from None
    values: dict[str, list[str]] = {}
    for name, value in fields:
        if "\0" in value:
            raise Problem(400, "a field of the form has a NUL character")
        values.setdefault(name, []).append(value)
    return Form(values)
