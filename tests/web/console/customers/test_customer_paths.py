"""Paths of a customer's pages, for identifiers of any text."""

from urllib.parse import unquote, urlsplit

import pytest

from muster.web.console.customers.customer_paths import build_customer_path, parse_ext_id
from muster.web.encoded_paths import CONSOLE_CUSTOMERS, encode_parameter

IDENTIFIERS = [
    "c",
    ".",
    "..",
    "~",
    "~.",
    "~~..",
    "...",
    "a/b",
    "a/../b",
    "x/versions",
    "versions",
    "?&=#%2F",
    "ž 🦊",
    "<b>",
]


@pytest.mark.parametrize("ext_id", IDENTIFIERS)
@pytest.mark.parametrize("view", ["", "/versions"])
def test_identifier_comes_back_from_the_path(ext_id: str, view: str) -> None:
    sent = urlsplit(build_customer_path(ext_id, "N&S", view=view)).path
    routed = encode_parameter(unquote(sent), sent.encode())
    assert routed.endswith(view)
    assert parse_ext_id(routed.removeprefix(CONSOLE_CUSTOMERS).removesuffix(view)) == ext_id


@pytest.mark.parametrize("ext_id", IDENTIFIERS)
def test_no_browser_takes_the_identifier_for_a_direction(ext_id: str) -> None:
    segment = build_customer_path(ext_id).removeprefix(CONSOLE_CUSTOMERS)
    assert "/" not in segment
    assert unquote(segment) not in (".", "..")


def test_parameters_are_encoded_and_absent_ones_left_out() -> None:
    assert build_customer_path("c", "N&S", at=None, version=2) == "/console/customers/c?unit=N%26S&version=2"
    assert build_customer_path("c") == "/console/customers/c"
