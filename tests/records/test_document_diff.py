"""Differences between two documents, as JSON pointers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.records.document_diff import diff_documents, diff_values, parse_document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=12,
)


def diff(before: Any, after: Any) -> list[str]:
    return diff_texts(json.dumps(before).encode(), json.dumps(after).encode())


def diff_texts(before: bytes, after: bytes) -> list[str]:
    return diff_documents(parse_document(before), parse_document(after))


@pytest.mark.parametrize(
    ("before", "after", "pointers"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 2}, ["/a"]),
        ({"a": 1}, {"b": 1}, ["/a", "/b"]),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["/a/b/1/c"]),
        ({"a": [1, 2]}, {"a": [1]}, ["/a/1"]),
        ({"a": [1]}, {"a": [2, 3]}, ["/a/0", "/a/1"]),
        ({"a": True}, {"a": 1}, ["/a"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": []}, {"a": {}}, ["/a"]),
        ({"a": None}, {}, ["/a"]),
        ({"a/b": 1, "c~d": 1}, {"a/b": 2, "c~d": 2}, ["/a~1b", "/c~0d"]),
    ],
)
def test_each_pointer_names_the_smallest_difference(before: Any, after: Any, pointers: list[str]) -> None:
    assert diff(before, after) == pointers


def test_numbers_are_compared_exactly() -> None:
    assert diff_texts(b'{"a":0.1}', b'{"a":0.1000000000000000000001}') == ["/a"]
    assert diff_texts(b'{"a":0.10}', b'{"a":0.1}') == []


@given(JSON, JSON)
def test_pointers_name_all_differences_and_nothing_else(before: Any, after: Any) -> None:
    pointers = diff(before, after)
    assert len(pointers) == len(set(pointers))
    assert (not pointers) == (json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True))
    for pointer in pointers:
        assert resolve(before, pointer) != resolve(after, pointer)


@given(JSON, JSON)
def test_values_are_those_at_the_pointers(before: Any, after: Any) -> None:
    changes = diff_values(parse_document(json.dumps(before).encode()), parse_document(json.dumps(after).encode()))
    assert [change.pointer for change in changes] == diff(before, after)
    for pointer, *values in changes:
        shown = ["missing" if value is None else json.dumps(json.loads(bytes(value))) for value in values]
        assert shown == [resolve(before, pointer), resolve(after, pointer)]


def test_values_keep_all_digits_of_their_numbers() -> None:
    documents = (parse_document(text) for text in (b'{"a":0.10}', b'{"a":12345678901234567890.000000000000000001}'))
    [(_, old, new)] = diff_values(*documents)
    assert (bytes(old or b""), bytes(new or b"")) == (b"0.10", b"12345678901234567890.000000000000000001")


def resolve(value: Any, pointer: str) -> Any:
    """The JSON text at a pointer, which differs for true and 1, and for null and a missing value."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and int(name) < len(value):
            value = value[int(name)]
        else:
            return "missing"
    return json.dumps(value)


def test_no_more_differences_are_compared_than_are_asked_for() -> None:
    before, after = ({str(name): value for name in range(5)} for value in (1, 2))
    assert [change.pointer for change in diff_values(before, after, 2)] == ["/0", "/1"]
    assert len(diff_values(before, after)) == 5
