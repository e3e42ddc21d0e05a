"""JSON pointers are written as RFC 6901 says."""

import pytest

from muster.customer.json_pointer import to_json_pointer


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ((), ""),
        (("listAddress", 0, "country"), "/listAddress/0/country"),
        (("a/b~c",), "/a~1b~0c"),
        (("~1",), "/~01"),
        (("", "é"), "//é"),
    ],
)
def test_pointer_has_an_escaped_step_for_each_key_and_index(path: tuple[str | int, ...], pointer: str) -> None:
    assert to_json_pointer(path) == pointer
