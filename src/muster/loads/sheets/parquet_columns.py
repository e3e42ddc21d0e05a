"""Columns of Parquet as exact text.

Imported only where pyarrow is there: `parquet.py` says what to install.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec
import pyarrow as pa

from muster.loads.row_errors import DIGITS_LOST, ERROR_CELL, NOT_TEXT, RowError
from muster.loads.rows import BooleanText, NumberText
from muster.loads.sheets.cell_dates import trim_midnight
from muster.loads.sheets.cell_numbers import parse_cell_number

CellTexts = list[str | None]
# What is wrong with cells, by their index.
CellErrors = dict[int, RowError]
Convert = Callable[[Any, CellErrors], CellTexts]

# Their values are never bytes.
_STRING_TYPES: Final = (pa.string(), pa.large_string(), pa.string_view())
_encode_json: Final = msgspec.json.Encoder(decimal_format="number").encode
_OFFSET: Final = re.compile(r"([+-]\d\d)(\d\d)$", re.ASCII)


def make_column_converter(data_type: Any) -> Convert | None:
    """The function that makes texts of an array of this type; None for a type that no field takes."""
    types = pa.types
    if isinstance(data_type, pa.BaseExtensionType):
        of_storage = make_column_converter(data_type.storage_type)
        return of_storage and (lambda array, errors: of_storage(array.storage, errors))
    if types.is_dictionary(data_type):
        of_values = make_column_converter(data_type.value_type)
        return of_values and (lambda array, errors: of_values(array.dictionary_decode(), errors))
    for is_type, converter in _CONVERTERS:
        if is_type(data_type):
            return converter
    return None


def _is_text(data_type: Any) -> bool:
    types = pa.types
    return any(
        is_type(data_type)
        for is_type in (
            types.is_string,
            types.is_large_string,
            types.is_string_view,
            types.is_binary,
            types.is_large_binary,
            types.is_binary_view,
            types.is_fixed_size_binary,
        )
    )


def _convert_text(array: Any, errors: CellErrors) -> CellTexts:
    try:
        texts: list[Any] = array.to_pylist()
    except UnicodeDecodeError:
        texts = array.cast(pa.binary()).to_pylist()
    else:
        if array.type in _STRING_TYPES:
            return texts
    for index, text in enumerate(texts):
        if type(text) is bytes:
            try:
                texts[index] = text.decode()
            except UnicodeDecodeError:
                texts[index] = None
                errors[index] = NOT_TEXT
    return texts


def _convert_boolean(array: Any, _: CellErrors) -> CellTexts:
    return [None if value is None else BooleanText("true" if value else "false") for value in array.to_pylist()]


def _convert_integer(array: Any, _: CellErrors) -> CellTexts:
    return [None if value is None else NumberText(value) for value in array.to_pylist()]


def _convert_decimal(array: Any, _: CellErrors) -> CellTexts:
    return [None if value is None else NumberText(format(value, "f")) for value in array.to_pylist()]


def _convert_float(array: Any, errors: CellErrors) -> CellTexts:
    """Floats as the shortest text that is the same float of their own size."""
    texts: CellTexts = []
    for index, stored in enumerate(array.cast(pa.string()).to_pylist()):
        number = None if stored is None else parse_cell_number(stored)
        if number is None:
            texts.append(stored)
            if stored is not None:
                errors[index] = ERROR_CELL  # not a number, or infinite
            continue
        texts.append(number.text)
        if number.digits_lost:
            errors[index] = DIGITS_LOST
    return texts


def _convert_date(array: Any, _: CellErrors) -> CellTexts:
    return array.cast(pa.date32()).cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _convert_time(array: Any, _: CellErrors) -> CellTexts:
    return [text and _trim_fraction(text) for text in array.cast(pa.string()).to_pylist()]


def _convert_timestamp(array: Any, _: CellErrors) -> CellTexts:
    """Timestamps with a zone as they are there; the others without one, and without a time where it is midnight."""
    has_zone = array.type.tz is not None
    try:
        texts = array.cast(pa.string()).to_pylist()
    except pa.ArrowInvalid:  # a zone that is not known here
        texts = array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.string()).to_pylist()
    return [text and _to_iso_timestamp(text, has_zone=has_zone) for text in texts]


def _to_iso_timestamp(text: str, *, has_zone: bool) -> str:
    text = text.replace(" ", "T")
    if not has_zone:
        return trim_midnight(_trim_fraction(text))
    text = _OFFSET.sub(r"\1:\2", text)
    length = 1 if text.endswith("Z") else 6
    return _trim_fraction(text[:-length]) + text[-length:]


def _trim_fraction(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _convert_nested(array: Any, errors: CellErrors) -> CellTexts:
    """Lists and structs as JSON, as a cell `listAddress` may have it."""
    texts: CellTexts = []
    for index, value in enumerate(array.to_pylist()):
        try:
            texts.append(None if value is None else _encode_json(_to_json_value(value)).decode())
        except (ValueError, TypeError, OverflowError, RecursionError):
            texts.append(None)
            errors[index] = ERROR_CELL
    return texts


def _to_json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json_value(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float | Decimal) and not isfinite(value):
        raise ValueError
    return value


def _convert_nothing(array: Any, _: CellErrors) -> CellTexts:
    return [None] * len(array)


_CONVERTERS: Final[Sequence[tuple[Callable[[Any], bool], Convert]]] = (
    (_is_text, _convert_text),
    (pa.types.is_boolean, _convert_boolean),
    (pa.types.is_integer, _convert_integer),
    (pa.types.is_decimal, _convert_decimal),
    (pa.types.is_floating, _convert_float),
    (pa.types.is_date, _convert_date),
    (pa.types.is_time, _convert_time),
    (pa.types.is_timestamp, _convert_timestamp),
    (pa.types.is_null, _convert_nothing),
    (pa.types.is_nested, _convert_nested),
)
