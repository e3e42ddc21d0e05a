"""Decodes large customers in little memory.

A decoded value takes up to thirty times as many bytes as its JSON: `{}` is 3 bytes with its comma, and 88 as a dict in
a list. So of a customer that is larger than a group may be, only what its check needs is kept: the fields that the
contract has, the first unknown names, and lists of objects as JSON, whose elements are decoded in groups.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from muster.customer.fields import iterate_fields
from muster.customer.findings import MAX_FINDINGS
from muster.customer.nested import LargeList
from muster.customer.numbers import UNREADABLE
from muster.customer.value_readers import is_absent
from muster.customer.value_types import Nested, NestedList, ScreeningList
from muster.intake.json_scanner import Span, find_element_groups, scan_pairs, skip_value
from muster.intake.tolerant_json import decode_key
from muster.intake.value_decoder import decode_value

# A value of a large customer is small below this part of a group, so what is decoded of it at a time is small, too.
SMALL_VALUES: Final = 64
# Objects within each other, from the customer on: a related entity, and what the lists of a related entity hold.
_MAX_OBJECT_DEPTH: Final = 3

# Unknown names of one object: one more than a customer keeps warnings, so that its result says that there were more.
_MAX_UNKNOWN: Final = MAX_FINDINGS + 1

# A document has `UNREADABLE` only where a rule finds fault with it; then it is not stored.
_encode_into: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=lambda unreadable: None).encode_into
_COMMA_AND_SPACES: Final = b", \t\n\r"
_FIELDS: Final = frozenset(field.name for _, field in iterate_fields())
_OBJECTS: Final = frozenset(field.name for _, field in iterate_fields() if isinstance(field.value_type, Nested))
_LISTS: Final = frozenset(
    field.name for _, field in iterate_fields() if isinstance(field.value_type, NestedList | ScreeningList)
)


def scan_large_value(body: memoryview, at: int, *, small_bytes: int, depth: int = 1) -> tuple[Any, int]:
    """The customer, or the object within one at `depth`, that begins at the offset `at`; and the offset of its end.

    A value of at most `small_bytes` is decoded as it is. Raises `InvalidJsonError`; the body must be in UTF-8.
    """
    opening = bytes(body[at : at + 1])
    if opening != b"{":
        end = skip_value(body, at)
        return UNREADABLE if opening == b"[" else decode_value(body[at:end]), end
    decoded: dict[str, Any] = {}
    unknown: set[str] = set()

    def scan_pair(quoted_key: bytes, at: int) -> int:
        key = decode_key(quoted_key)
        new, end = _scan_field(body, at, key, small_bytes, depth)
        if key in _FIELDS or key in unknown:
            decoded[key] = new
        elif len(unknown) < _MAX_UNKNOWN and not is_absent(new):
            unknown.add(key)
            decoded[key] = new
        return end

    end = scan_pairs(body, at, scan_pair)
    return decoded, end


def _scan_field(body: memoryview, at: int, name: str, small_bytes: int, depth: int) -> tuple[Any, int]:
    opening = bytes(body[at : at + 1])
    if opening == b"[" and name in _LISTS:
        groups, end = find_element_groups(body, at, small_bytes)
        if end - at > small_bytes:
            return _ListOfObjects(body, groups, small_bytes, depth), end
    elif opening == b"{" and name in _OBJECTS and depth < _MAX_OBJECT_DEPTH:
        decoded, end = scan_large_value(body, at, small_bytes=small_bytes, depth=depth + 1)
        if end - at > small_bytes:
            return decoded, end
    else:
        end = skip_value(body, at)
        if opening in (b"[", b"{"):
            return UNREADABLE, end  # no field of this name holds it
    return decode_value(body[at:end]), end


class _ListOfObjects(LargeList):
    """A list in the JSON of a customer."""

    def __init__(self, body: memoryview, groups: list[Span], small_bytes: int, depth: int) -> None:
        self._body = body
        self._groups = groups
        self._small_bytes = small_bytes
        self._depth = depth

    def replace_elements(self, read: Callable[[Sequence[object], int], Sequence[object]]) -> object:
        """The list of what `read` gives, encoded. Only one group is decoded at any time."""
        replaced, index = bytearray(), 0
        for start, end in self._groups:
            elements = self._decode_group(self._body[start:end])
            documents = read(elements, index)
            index += len(elements)
            if documents:
                end = len(replaced)
                _encode_into(documents, replaced, end)
                replaced[end : end + 1] = b"," if end else b"["
                del replaced[-1:]
        replaced += b"]" if replaced else b"[]"
        return msgspec.Raw(replaced)

    def _decode_group(self, group: memoryview) -> list[Any]:
        if len(group) <= self._small_bytes:
            elements: list[Any] = decode_value(b"[%b]" % bytes(group).rstrip(_COMMA_AND_SPACES))
            return elements
        if self._depth == _MAX_OBJECT_DEPTH:
            return [UNREADABLE]
        return [scan_large_value(group, 0, small_bytes=self._small_bytes, depth=self._depth + 1)[0]]
