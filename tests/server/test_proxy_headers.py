"""Whose `X-Forwarded-For` counts, and which of its addresses."""

import pytest

from muster.server.proxy_headers import TrustedProxies
from tests.forked_server import ForkedServer
from tests.server.probe import Connection


@pytest.mark.parametrize(
    ("trusted", "peer", "values", "client"),
    [
        ("127.0.0.1", "127.0.0.1", [b"1.1.1.1"], "1.1.1.1"),
        ("127.0.0.1", "9.9.9.9", [b"1.1.1.1"], "9.9.9.9"),
        ("127.0.0.1", "127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", [b" , "], "127.0.0.1"),
        ("10.0.0.0/8", "10.1.1.1", [b"6.6.6.6, 1.1.1.1, 10.2.2.2"], "1.1.1.1"),
        ("10.0.0.0/8", "10.1.1.1", [b"6.6.6.6", b"1.1.1.1"], "1.1.1.1"),
        ("10.0.0.0/8,::1", "::1", [b"10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ("10.0.0.0/8", "10.1.1.1", [b"1.1.1.1, not an address"], "not an address"),
        ("*", "9.9.9.9", [b"6.6.6.6, 1.1.1.1"], "6.6.6.6"),
        ("", "127.0.0.1", [b"1.1.1.1"], "127.0.0.1"),
    ],
)
def test_client_is_the_nearest_address_that_is_not_trusted(
    trusted: str, peer: str, values: list[bytes], client: str
) -> None:
    headers = [(b"x-forwarded-for", value) for value in values]
    assert TrustedProxies(trusted).find_client(peer, headers) == client


def test_trusted_proxy_names_client_and_scheme(server: ForkedServer) -> None:
    with Connection(server.port) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\r\n")
        seen = connection.seen()
    assert (seen["client"], seen["scheme"]) == ("1.2.3.4", "https")
