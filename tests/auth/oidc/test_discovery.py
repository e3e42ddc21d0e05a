"""From an issuer to its keys, over HTTP from a test provider that works or misbehaves."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey, generate_key

from muster.auth.oidc.discovery import KeyDiscovery
from muster.auth.oidc.errors import FetchError
from muster.auth.oidc.http import MAX_BYTES, HttpFetcher, is_secure_url
from tests.issuer import DISCOVERY_PATH, JWKS_PATH, CannedResponse, OidcProvider, make_key, run_provider


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with run_provider() as provider:
        yield provider


def fetch_kids(provider: OidcProvider, url: str | None = None) -> list[str | None]:
    return [each.kid for each in KeyDiscovery(url or provider.url, HttpFetcher())()]


def fetch_error(provider: OidcProvider, url: str | None = None, timeout: float = 20) -> str:
    with pytest.raises(FetchError) as caught:
        KeyDiscovery(url or provider.url, HttpFetcher(timeout))()
    return str(caught.value)


def jwk(**changes: Any) -> dict[str, Any]:
    return {**make_key().as_dict(private=False), **changes}


def test_keys_are_fetched_from_the_url_of_the_discovery_document(provider: OidcProvider) -> None:
    provider.set_keys(make_key("first"), make_key("second"))
    assert fetch_kids(provider) == ["first", "second"]
    assert provider.requests == [DISCOVERY_PATH, JWKS_PATH]


def test_issuer_with_a_trailing_slash_has_the_same_discovery_url(provider: OidcProvider) -> None:
    provider.serve_document(DISCOVERY_PATH, {"issuer": provider.url + "/", "jwks_uri": provider.url + JWKS_PATH})
    assert fetch_kids(provider, provider.url + "/") == ["first"]
    assert provider.requests == [DISCOVERY_PATH, JWKS_PATH]


@pytest.mark.parametrize("stated", ["https://elsewhere.example", "{url}/", "", None, 7, ["{url}"]])
def test_document_of_another_issuer_is_rejected(provider: OidcProvider, stated: Any) -> None:
    issuer = stated.format(url=provider.url) if isinstance(stated, str) else stated
    provider.serve_document(DISCOVERY_PATH, {"issuer": issuer, "jwks_uri": provider.url + JWKS_PATH})
    assert fetch_error(provider) == "discovery: its issuer differs from MUSTER_OIDC_ISSUER"
    assert provider.requests == [DISCOVERY_PATH]


@pytest.mark.parametrize("uri", ["http://keys.example/certs", "file:///etc/passwd", "/certs", "", None, 7])
def test_keys_are_not_fetched_from_an_insecure_url(provider: OidcProvider, uri: Any) -> None:
    provider.serve_document(DISCOVERY_PATH, {"issuer": provider.url, "jwks_uri": uri})
    assert fetch_error(provider) == "discovery: jwks_uri is not an https URL"


@pytest.mark.parametrize("path", [DISCOVERY_PATH, JWKS_PATH])
@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (CannedResponse(b"{", 200), "the response is not JSON"),
        (CannedResponse(b"\xff\xfe", 200), "the response is not JSON"),
        (CannedResponse(b"<html>sign in</html>", 200), "the response is not JSON"),
        (CannedResponse(b"[" * 100_000, 200), "the response is not JSON"),
        (CannedResponse(b"{}", 503), "status 503"),
        (CannedResponse(b"", 302, {"Location": "http://elsewhere.example/"}), "status 302"),
        (CannedResponse(b"", 308, {"Location": DISCOVERY_PATH}), "status 308"),
        (CannedResponse(b" " * (MAX_BYTES + 1)), "the response has more than 1 MiB"),
        (
            CannedResponse(gzip.compress(b" " * MAX_BYTES * 100), 200, {"Content-Encoding": "gzip"}),
            "the response is compressed",
        ),
        (CannedResponse(b"{}", 200, {"Content-Length": "100"}), "no response (RemoteProtocolError)"),
    ],
)
def test_invalid_response_is_reported_in_a_few_words(
    provider: OidcProvider, path: str, response: CannedResponse, reason: str
) -> None:
    provider.responses[path] = response
    assert fetch_error(provider) == f"{'discovery' if path == DISCOVERY_PATH else 'keys'}: {reason}"


def test_response_of_the_maximum_size_is_read(provider: OidcProvider) -> None:
    content = provider.responses[JWKS_PATH].body
    provider.responses[JWKS_PATH] = CannedResponse(content + b" " * (MAX_BYTES - len(content)))
    assert fetch_kids(provider) == ["first"]


def test_provider_that_does_not_respond_runs_into_the_timeout(provider: OidcProvider) -> None:
    finished = threading.Event()
    provider.responses[DISCOVERY_PATH].wait = lambda: finished.wait(20)
    try:
        assert fetch_error(provider, timeout=0.2) == "discovery: no response in time"
    finally:
        finished.set()


def test_provider_that_trickles_bytes_runs_into_the_timeout() -> None:
    finished = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            try:
                while not finished.wait(0.02):
                    connection.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        try:
            with pytest.raises(FetchError, match="no response in time"):
                HttpFetcher(0.3).json(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        finally:
            finished.set()
            thread.join()


def test_refused_connection_is_reported_in_a_few_words() -> None:
    with run_provider() as provider:
        pass
    assert fetch_error(provider) == "discovery: no response (ConnectError)"


@pytest.mark.parametrize(
    "unusable",
    [
        jwk(kid="unusable", use="enc"),
        jwk(kid="unusable", use="other"),
        jwk(kid="unusable", kty="ML-DSA"),
        jwk(kid="unusable", kty=["RSA"]),
        jwk(kid="unusable", n=None),
        jwk(kid="unusable", n="!"),
        jwk(kid="unusable", key_ops=["encrypt"], use="sig"),
        {name: value for name, value in jwk(kid="unusable", key_ops=["wrapKey"]).items() if name != "use"},
        jwk(kid="unusable", key_ops=7),
        jwk(kid=7),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "unusable"},
        {"kty": "EC", "crv": "P-1", "x": "AA", "y": "AA", "kid": "unusable"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "unusable"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "unusable"},
        {"kty": "RSA", "kid": "unusable"},
        {},
        None,
        "unusable",
        [],
    ],
)
def test_unusable_key_does_not_affect_the_others(provider: OidcProvider, unusable: Any) -> None:
    provider.serve_document(JWKS_PATH, {"keys": [unusable, jwk()]})
    assert fetch_kids(provider) == ["first"]
    provider.serve_document(JWKS_PATH, {"keys": [unusable]})
    assert fetch_error(provider) == "keys: none can verify signatures"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # where the test makes the key
def test_short_rsa_key_is_not_used(provider: OidcProvider) -> None:
    short = generate_key("RSA", 1024, {"kid": "short"})
    assert isinstance(short, RSAKey)
    provider.serve_document(JWKS_PATH, {"keys": [short.as_dict(private=False), jwk()]})
    assert fetch_kids(provider) == ["first"]


@pytest.mark.parametrize("document", [[], {}, {"keys": {}}, {"keys": None}, 7, None])
def test_document_without_keys_is_an_error(provider: OidcProvider, document: Any) -> None:
    provider.responses[JWKS_PATH] = CannedResponse(json.dumps(document).encode())
    assert fetch_error(provider) == "keys: none can verify signatures"


@pytest.mark.parametrize(
    ("url", "is_secure"),
    [
        ("https://id.bank.example/realms/staff", True),
        ("http://localhost:8080/realms/staff", True),
        ("http://127.0.0.2:1", True),
        ("http://[::1]:1", True),
        ("http://id.bank.example", False),
        ("http://localhost.bank.example", False),
        ("http://127.0.0.1.bank.example", False),
        ("http://192.0.2.1", False),
        ("https://anna:secret@id.bank.example", False),
        ("https://id.bank.example/#x", False),
        ("https://id.bank.example:x", False),
        ("https://[::1", False),
        ("https://", False),
        ("ftp://id.bank.example", False),
        ("id.bank.example", False),
        ("", False),
    ],
)
def test_secure_url_has_https_or_a_loopback_host(url: str, is_secure: bool) -> None:
    assert is_secure_url(url) is is_secure
