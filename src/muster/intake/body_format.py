"""What a body that is no batch looks like, and what its sender has to change. Never shows a value of the body."""

import re
from collections.abc import Iterable
from typing import Final

from muster.customer.fields import FIELD_POSITIONS

EXPECTED: Final = 'send {"customers": [...]}'

_BEGINNING_BYTES: Final = 1_000
_NAME: Final = rb'(?:"[\w .-]{1,64}"|[A-Za-z_][\w .-]{0,63})'
# The first bytes of formats that are sent by mistake, and what to do about each.
_BEGINNINGS: Final = (
    (rb"\x1f\x8b", "gzip: send it with Content-Encoding: gzip"),
    (rb"\x28\xb5\x2f\xfd", "zstd: send it with Content-Encoding: zstd"),
    (rb"PK\x03\x04", f"a ZIP archive or a spreadsheet: {EXPECTED} as JSON"),
    (rb"%PDF", f"PDF: {EXPECTED} as JSON"),
    (rb"\xff\xfe|\xfe\xff|\{\x00|\x00\{|\[\x00|\x00\[", "UTF-16 or UTF-32: send it in UTF-8"),
    (rb"\s*<", f"XML: {EXPECTED} as JSON"),
    (rb"\s*---\s", f"YAML: {EXPECTED} as JSON"),
    (rb"\s*\w+=", f"a form: {EXPECTED} as JSON, not as a form field"),
    (rb"\s*" + _NAME + rb"[ \t]*[,;\t|][ \t]*" + _NAME, f"CSV: {EXPECTED} as JSON"),
    (rb"\s*\[", f"a list of customers without its object: {EXPECTED} with that list"),
)
_patterns: Final = tuple((re.compile(pattern).match, advice) for pattern, advice in _BEGINNINGS)


def describe_beginning(body: bytes | bytearray) -> str | None:
    """What a body that is no JSON object looks like by its first bytes; None when it looks like nothing known."""
    beginning = bytes(body[:_BEGINNING_BYTES]).removeprefix(b"\xef\xbb\xbf")
    advice = next((advice for match, advice in _patterns if match(beginning)), None)
    return f"the body looks like {advice}" if advice else None


def describe_keys(keys: Iterable[str]) -> str:
    """What a JSON object without a list of customers looks like by its keys."""
    names = set(keys)
    if "customers" in names:
        return f"the body has no list of customers: the value of the key customers is no list; {EXPECTED}"
    if any(name.casefold().strip() in ("customers", "customer") for name in names):
        return f"the body has no list of customers: its key must be spelled customers; {EXPECTED}"
    if not names.isdisjoint(FIELD_POSITIONS):
        return f"the body has no list of customers: it looks like a single customer; {EXPECTED} with it in the list"
    return f"the body has no list of customers; {EXPECTED}"
