"""Decodes large customers in little memory.

A decoded value takes up to thirty times as many bytes as its JSON: `{}` is 3 bytes with its comma, and 88 as a dict in
a list. So of a customer that is larger than a group may be, only what its check needs is kept: the fields that the
contract has, the first unknown names, and lists of objects as JSON, whose elements are decoded in groups.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from muster.customer.compiled_object import OmittedFields
from muster.customer.fields import iterate_fields
from muster.customer.findings import MAX_FINDINGS
from muster.customer.nested import LargeList
from muster.customer.numbers import UNREADABLE
from muster.customer.value_readers import is_absent
from muster.customer.value_types import Nested, NestedList, ScreeningList
from muster.intake.json_structure import find_end, iterate_element_groups, scan_pairs
from muster.intake.tolerant_json import decode_key
from muster.intake.value_decoder import decode_value

# A value of a large customer is small below this part of a group, so what is decoded of it at a time is small, too.
SMALL_VALUES: Final = 16
# Objects within each other, from the customer on: a related entity, and what the lists of a related entity hold.
_MAX_OBJECT_DEPTH: Final = 3

# Unknown names of one object that are kept: as many as a customer keeps warnings. The others are counted, and one that
# stands twice counts twice: telling them apart takes more memory than their JSON.
_MAX_UNKNOWN: Final = MAX_FINDINGS
# Unknown names without a value that are kept: one that stands again with a value has the place where it stood first.
_MAX_ABSENT: Final = 10 * MAX_FINDINGS

# A document has `UNREADABLE` only where a rule finds fault with it; then it is not stored.
_encode_into: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=lambda unreadable: None).encode_into
_COMMA_AND_SPACES: Final = b", \t\n\r"
_FIELDS: Final = frozenset(field.name for _, field in iterate_fields())
_OBJECTS: Final = frozenset(field.name for _, field in iterate_fields() if isinstance(field.value_type, Nested))
_LISTS: Final = frozenset(
    field.name for _, field in iterate_fields() if isinstance(field.value_type, NestedList | ScreeningList)
)


def decode_large_value(value: memoryview, *, small_bytes: int, depth: int = 1) -> Any:
    """The customer, or the object within one at `depth`. A field of at most `small_bytes` is decoded as it is.

    The syntax of the value must be valid, and its encoding UTF-8.
    """
    opening = bytes(value[:1])
    if opening != b"{":
        return UNREADABLE if opening == b"[" else decode_value(value)
    decoded: dict[str, Any] = {}
    unknown_count = absent_count = omitted_count = 0
    first_omitted: str | None = None

    def scan_pair(quoted_key: bytes, at: int) -> int:
        nonlocal unknown_count, absent_count, omitted_count, first_omitted
        end, key = find_end(value, at), decode_key(quoted_key)
        new = _decode_field(value[at:end], key, small_bytes, depth)
        if key in _FIELDS or key in decoded:
            decoded[key] = new
        elif is_absent(new):
            if absent_count < _MAX_ABSENT:
                absent_count += 1
                decoded[key] = None
        elif unknown_count < _MAX_UNKNOWN:
            unknown_count += 1
            decoded[key] = new
        else:
            first_omitted = key if first_omitted is None else first_omitted
            omitted_count += 1
        return end

    scan_pairs(value, 0, scan_pair)
    if first_omitted is not None:
        decoded[first_omitted] = OmittedFields(omitted_count)
    return decoded


def _decode_field(value: memoryview, name: str, small_bytes: int, depth: int) -> Any:
    opening, is_small = bytes(value[:1]), len(value) <= small_bytes
    if opening == b"[":
        if name not in _LISTS:
            return UNREADABLE
        return decode_value(value) if is_small else _ListOfObjects(value, small_bytes, depth)
    if opening == b"{":
        if name not in _OBJECTS or depth == _MAX_OBJECT_DEPTH:
            return UNREADABLE
        return decode_value(value) if is_small else decode_large_value(value, small_bytes=small_bytes, depth=depth + 1)
    return decode_value(value)


class _ListOfObjects(LargeList):
    """A list in the JSON of a customer."""

    def __init__(self, text: memoryview, small_bytes: int, depth: int) -> None:
        self._text = text
        self._small_bytes = small_bytes
        self._depth = depth

    def replace_elements(self, read: Callable[[Sequence[object], int], Sequence[object]]) -> object:
        """The list of what `read` gives, encoded. Only one group is decoded at any time."""
        replaced, index = bytearray(), 0
        for start, end in iterate_element_groups(self._text, self._small_bytes):
            elements = self._decode_group(self._text[start:end])
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
        return [decode_large_value(group, small_bytes=self._small_bytes, depth=self._depth + 1)]
