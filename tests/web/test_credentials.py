import base64

import pytest

from muster.web.credentials import BasicCredentials, BearerToken, parse_authorization


def basic(text: bytes) -> bytes:
    return b"Basic " + base64.b64encode(text)


def test_basic_credentials_are_utf_8_and_the_password_may_hold_colons() -> None:
    assert parse_authorization([basic("änna:pä:ss".encode())]) == BasicCredentials("änna", "pä:ss")


def test_scheme_is_case_insensitive_and_spaces_are_ignored() -> None:
    assert parse_authorization([b"  BASIC   " + base64.b64encode(b"a:b") + b" "]) == BasicCredentials("a", "b")
    assert parse_authorization([b"bearer abc.DEF-1_2~3+4/5=="]) == BearerToken("abc.DEF-1_2~3+4/5==")


def test_empty_name_and_password_are_credentials() -> None:
    assert parse_authorization([basic(b":")]) == BasicCredentials("", "")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b""],
        [b" "],
        [b"Basic"],
        [b"Basic "],
        [b"Basic !!!"],
        [b"Basic YTp"],
        [b"Basic YTpi YTpi"],
        [basic(b"no colon")],
        [basic(b"\xff\xfe:\x80")],
        [basic(b"a:b\x00")],
        [basic(b"a\n:b")],
        [basic(b"\xed\xa0\x80:b")],
        [basic(b"a:" + b"b" * 10_000)],
        [b"Basic \xc3\xa4"],
        [b"Bearer"],
        [b"Bearer a b"],
        [b"Bearer \xff"],
        [b"Bearer =a"],
        [b"Digest username=x"],
        [b"YTpi"],
        [basic(b"a:b"), basic(b"a:b")],
        [basic(b"a:b"), b"Bearer x"],
    ],
)
def test_other_headers_hold_no_credentials(lines: list[bytes]) -> None:
    assert parse_authorization(lines) is None


def test_repr_hides_secrets() -> None:
    assert "geheim" not in repr(BasicCredentials("a", "geheim"))
    assert "geheim" not in repr(BearerToken("geheim"))
