"""Packed findings: many findings of one customer, kept as bytes until the response or the record needs them.

A finding takes 200 bytes as Python objects and 20 when it is packed, and a batch keeps up to 100,000 until it is saved.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec

from muster.customer import Violation
from muster.customer.findings import FieldWarning

F = TypeVar("F", Violation, FieldWarning)

# Fewer findings are kept as they are: packing them costs a microsecond.
MIN_PACKED: Final = 4


def pack_findings(findings: Sequence[F]) -> Sequence[F]:
    """The same findings, in less memory when they are many."""
    return findings if len(findings) < MIN_PACKED else _PackedFindings(findings)


class _PackedFindings(Sequence[F]):
    __slots__ = ("_first", "_packed", "_rules", "_size")

    def __init__(self, findings: Sequence[F]) -> None:
        self._first: F = findings[0]
        self._size = len(findings)
        # Compiled errors and kinds of warnings are shared by all customers; few of them occur in one.
        rules: list[Any] = []
        numbers: dict[int, int] = {}
        rows = []
        for rule, *place in findings:
            number = numbers.setdefault(id(rule), len(numbers))
            if number == len(rules):
                rules.append(rule)
            rows.append((number, *place))
        self._rules = tuple(rules)
        self._packed = msgspec.msgpack.encode(rows)

    def __repr__(self) -> str:
        return repr(list(self))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[F]:
        make = type(self._first)
        for number, path, *shown in msgspec.msgpack.decode(self._packed):
            yield make(self._rules[number], tuple(path), *(value and tuple(value) for value in shown))

    def __getitem__(self, index: Any) -> Any:
        return self._first if index == 0 else list(self)[index]
