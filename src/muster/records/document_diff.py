"""What changed from one version of a customer to the next, as places and without values."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from muster.customer.json_pointer import escape_pointer_step

WHOLE_DOCUMENT: Final = ""  # the pointer to the whole document (RFC 6901)

_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_MISSING: Final = object()


def diff_documents(before: bytes, after: bytes) -> list[str]:
    """The RFC 6901 pointers, from the document's root, to all that differs between two documents in JSON.

    Each names the smallest place that differs: a field that came or went, a value, an element of a list.
    """
    return list(_differences(_decode(before), _decode(after), ""))


def _differences(before: Any, after: Any, pointer: str) -> Iterator[str]:
    if type(before) is dict and type(after) is dict:
        for name in before | after:
            inner = f"{pointer}/{escape_pointer_step(name)}"
            yield from _differences(before.get(name, _MISSING), after.get(name, _MISSING), inner)
    elif type(before) is list and type(after) is list:
        for index in range(max(len(before), len(after))):
            inner = f"{pointer}/{index}"
            yield from _differences(_element(before, index), _element(after, index), inner)
    elif not _same(before, after):
        yield pointer


def _same(before: object, after: object) -> bool:
    # To Python, true is 1; and 1 and 1.0 are of two types, but one number.
    return before == after and (type(before) is bool) is (type(after) is bool)


def _element(elements: list[Any], index: int) -> object:
    return elements[index] if index < len(elements) else _MISSING
