"""Column tests: whether one field of many customers holds only values that its reader returns unchanged.

A reader decides on one value in 0.1 µs; a column test decides on a thousand in 20 to 50 µs, because its loops run
inside the interpreter. When a test is False, the readers decide on the single values.
"""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

from muster.customer.dates import is_date
from muster.customer.value_checks import ValueCheck

ColumnTest = Callable[[Sequence[Any]], bool]


def make_reader_test(reader: Callable[[object], object]) -> ColumnTest:
    """A test for any type: the reader returns each of the values unchanged."""
    return lambda column: all(map(is_, map(reader, column), column))


def add_checks(test: ColumnTest, checks: Sequence[ValueCheck]) -> ColumnTest:
    """The same test, which is also False when a check has a doubt about one of the values."""
    for check in checks:
        test = _combine(test, check.are_sound)
    return test


def _combine(first: ColumnTest, second: ColumnTest) -> ColumnTest:
    return lambda column: first(column) and second(column)


def are_members(members: frozenset[str]) -> ColumnTest:
    """A test for types that take only these strings."""

    def test(column: Sequence[Any]) -> bool:
        return _are_strings(column) and members.issuperset(column)

    return test


def are_dates(column: Sequence[Any]) -> bool:
    """A test for dates. Many dates of a column are the same."""
    return _are_strings(column) and all(map(is_date, set(column)))


def _are_strings(column: Sequence[Any]) -> bool:
    """Whether a column has only strings. Only then may its values become keys or members of a set.

    Strings have secret hashes. A client can choose numbers of one hash (0 for each multiple of 2**61 - 1), and a set of
    them takes a time that grows with the square of its size.
    """
    return set(map(type, column)) == {str}


def make_text_test(max_length: int | None) -> ColumnTest:
    """A test for text (of at most `max_length` characters) that is not blank and has no NUL."""

    def test(column: Sequence[Any]) -> bool:
        try:
            joined = "".join(column)
        except TypeError:  # a value that is not a string
            return False
        if "\0" in joined or not all(map(str.strip, column)):
            return False
        return max_length is None or max(map(len, column)) <= max_length

    return test
