"""The cookie of a session: when it is read, and from which headers."""

from typing import Any, Final

import pytest
from litestar.connection import ASGIConnection

from muster.web.console.session_cookie import is_transport_secure, read_session_cookie

SECRET: Final = "s" * 43
NAME: Final = "__Host-muster-session"


def connect(
    *headers: tuple[str, bytes], scheme: str = "https", client: str = "127.0.0.1"
) -> ASGIConnection[Any, Any, Any, Any]:
    encoded = [(name.encode(), value) for name, value in headers]
    return ASGIConnection({"type": "http", "scheme": scheme, "client": (client, 50_000), "headers": encoded})  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8878", "127.0.0.1:8878", "127.8.9.10", "[::1]", "[::1]:8878"])
def test_plain_http_from_this_host_to_this_host_is_secure(host: str) -> None:
    connection = connect(("host", host.encode()), ("cookie", f"muster-session={SECRET}".encode()), scheme="http")
    assert is_transport_secure(connection)
    assert read_session_cookie(connection) == SECRET
    assert not is_transport_secure(connect(("host", host.encode()), scheme="http", client="192.0.2.1"))


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"muster.test",
        b"localhost.evil.test",
        b"127.0.0.1.evil.test",
        b"127.0.0.1@evil.test",
        b"user@127.0.0.1",
        b"127.0.0.1:evil",
        b"127.0.0.1/x",
        b"127.1",
        b"0.0.0.0",
        b"[::1",
        b"[evil",
        b"127.0.0.1]",
        b"[]",
        b"\xff",
    ],
)
def test_a_host_that_is_not_loopback_or_no_host_at_all_is_not_secure(host: bytes) -> None:
    connection = connect(("host", host), ("cookie", f"muster-session={SECRET}".encode()), scheme="http")
    assert not is_transport_secure(connection)
    assert read_session_cookie(connection) is None


def test_the_cookie_is_found_among_others_and_in_several_headers_as_http2_sends_them() -> None:
    assert read_session_cookie(connect(("cookie", f"a=b; {NAME}={SECRET};c".encode()))) == SECRET
    assert read_session_cookie(connect(("cookie", b"a=b"), ("cookie", f"{NAME}={SECRET}".encode()))) == SECRET


# Browsers accept the first two from another host of the domain, since the names don't begin with `__Host-`.
@pytest.mark.parametrize(
    "cookie",
    [
        f"\xa0{NAME}={SECRET}",
        f"\x85{NAME}={SECRET}",
        f"{NAME}\xa0={SECRET}",
        f"={NAME}={SECRET}",
        f"{NAME.lower()}={SECRET}",
        f"muster-session={SECRET}",
        f"{NAME}={SECRET}; {NAME}=other",
        NAME,
    ],
)
def test_a_cookie_with_a_similar_name_and_two_with_the_same_are_no_session(cookie: str) -> None:
    assert read_session_cookie(connect(("cookie", cookie.encode("latin-1")))) is None
