"""Customers as JSON, exactly: what JSON can't hold is refused instead of being changed."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, is_typeddict
from uuid import UUID

import msgspec

from muster_client import customer_types
from muster_client.errors import InvalidCustomer

# The values of nearly all customers. A dict or list of these alone is checked without a loop in Python.
_PLAIN: Final = frozenset({str, int, bool, type(None), date, datetime})
# Another name may be a value that took the place of a name.
_FIELD_NAMES: Final = frozenset(
    name for each in vars(customer_types).values() if is_typeddict(each) for name in each.__annotations__
)
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def encode_customer(customer: object, row: int) -> bytes:
    """The JSON of a customer. Raises `InvalidCustomer`, which names the row and the field, but no value."""
    problem = None
    try:
        if type(customer) is not dict and isinstance(customer, Mapping):
            customer = dict(customer)  # such as rows of SQLAlchemy
        problem = _find_problem(customer)
        if problem is None:
            return _encode(customer)
    except UnicodeEncodeError:
        problem = "it has a lone surrogate, which is no Unicode text"
    except RecursionError:
        problem = "its values are nested too deeply"
    except (TypeError, ValueError, OverflowError) as error:
        problem = f"JSON has no such value ({type(error).__name__})"
    # Outside of the handlers: their errors hold values, and would be the context of this one.
    raise InvalidCustomer(f"the customer at row {row} can't be written as JSON: {problem}")


def _find_problem(value: Any) -> str | None:
    """What of a value JSON can't hold, with its place, where names that are no fields are `*`.

    The encoder would write null for NaN, and Base64 for bytes. The usual types come first, and by their exact type:
    customers with all fields are checked in a tenth of the time that `isinstance` takes.
    """
    kind = type(value)
    if kind is dict:
        return None if _PLAIN.issuperset(map(type, value.values())) else _find_first(value.items())
    if kind is list or kind is tuple:
        return None if _PLAIN.issuperset(map(type, value)) else _find_first(enumerate(value))
    if kind in _PLAIN:
        return None
    if isinstance(value, float | Decimal):
        return None if math.isfinite(value) else " is NaN or infinite; send None where there is no value"
    if isinstance(value, Enum):
        return _find_problem(value.value)
    if isinstance(value, msgspec.Struct):
        return _find_problem(msgspec.structs.asdict(value))
    if is_dataclass(value):
        return _find_problem({each.name: getattr(value, each.name, None) for each in fields(value)})
    if isinstance(value, str | int | date | UUID):
        return None
    return f" has the type {kind.__name__}"


def _find_first(items: Iterable[tuple[object, Any]]) -> str | None:
    for name, item in items:
        if type(item) not in _PLAIN:
            found = _find_problem(item)
            if found is not None:
                return f"/{name if name in _FIELD_NAMES or type(name) is int else '*'}{found}"
    return None
