"""Path parameters that hold any text."""

from urllib.parse import quote

import pytest

from muster.web.encoded_paths import decode_parameter, encode_parameter


@pytest.mark.parametrize(
    ("raw_path", "routed"),
    [
        (b"/api/v1/customers/a%2Fb", "/api/v1/customers/a%2Fb"),
        (b"/api/v1/customers/a/b?at=x", "/api/v1/customers/a%2Fb"),
        (b"/api/v1/customers/a%2Fb/history", "/api/v1/customers/a%2Fb/history"),
        (b"/api/v1/customers/a%2Fhistory", "/api/v1/customers/a%2Fhistory"),
        (b"/api/v1/customers/history", "/api/v1/customers/history"),
        (b"/api/v1/communications/a/history", "/api/v1/communications/a%2Fhistory"),
        (b"/api/v1/communications/a%252Fb", "/api/v1/communications/a%252Fb"),
        (b"/console/customers/a%2Fb?unit=x", "/console/customers/a%2Fb"),
        (b"/console/customers/a/b/versions", "/console/customers/a%2Fb/versions"),
        (b"/console/customers/a%2Fversions", "/console/customers/a%2Fversions"),
        (b"/console/customers/versions", "/console/customers/versions"),
        (b"/console/customers/a/readers", "/console/customers/a/readers"),
        (b"/console/customers/document.json/document.json", "/console/customers/document.json/document.json"),
        (b"/console/customers/a/history", "/console/customers/a%2Fhistory"),
        (b"/console/customers", "/console/customers"),
        (b"/classifier/a%2Fb", "/classifier/a/b"),
        (None, "/api/v1/customers/a%2Fb"),
    ],
)
def test_slashes_of_a_parameter_are_encoded_for_the_router(raw_path: bytes | None, routed: str) -> None:
    path = decode_parameter(raw_path.partition(b"?")[0].decode()) if raw_path else "/api/v1/customers/a/b"
    assert encode_parameter(path, raw_path) == routed


@pytest.mark.parametrize("text", ["a/b", "%2F", "ž 🦊", "a+b", "a\0b", "history"])
def test_decoded_parameter_is_the_text_that_was_sent(text: str) -> None:
    sent = f"/api/v1/customers/{quote(text, safe='')}"
    routed = encode_parameter(decode_parameter(sent), sent.encode())
    assert decode_parameter(routed.removeprefix("/api/v1/customers/")) == text
