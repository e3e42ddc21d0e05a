"""Customers in JSON and NDJSON files are read one by one, exactly, in memory that does not grow."""

from typing import Any

from muster.loads.formats.content import Content
from muster.loads.formats.json_elements import Element, JsonElements
from tests.loads.formats.reading import read

OBJECTS: list[Any] = [{"a": 0}, {"b": [{"c": '}"],'}, [[]]]}, {"d": "ė\\"}, "x", 12, None, True, [], {"e": {"f": {}}}]


def split(text: bytes, *, step: int, max_bytes: int = 1_000, is_object: bool = True) -> list[Element]:
    content = Content(iter([text[at : at + step] for at in range(0, len(text), step)]))
    return list(JsonElements(content, max_bytes=max_bytes).read(is_object=is_object, count=0))


def test_customers_of_a_list_are_rows() -> None:
    rows = read(b'{"customers": [{"a": 1}, {"b": 2}]}')
    assert [(row.number, row.value, row.raw) for row in rows] == [(1, {"a": 1}, '{"a": 1}'), (2, {"b": 2}, '{"b": 2}')]


def test_lines_are_rows_by_their_number() -> None:
    rows = read(b'{"a": 1}\r\n\r\n  \r\n{"b": 2}')
    assert [(row.number, row.value, row.raw) for row in rows] == [
        (1, {"a": 1}, '{"a": 1}\r\n'),
        (4, {"b": 2}, '{"b": 2}'),
    ]
