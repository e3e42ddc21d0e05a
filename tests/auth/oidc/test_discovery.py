"""From an issuer to its keys, over HTTP from a provider that is real, and sometimes not what it should be."""

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
from tests.issuer import DISCOVERY, JWKS, Answer, Issuer, issuing, key


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


def kids(issuer: Issuer, url: str | None = None) -> list[str | None]:
    return [each.kid for each in KeyDiscovery(url or issuer.url, HttpFetcher())()]


def problem(issuer: Issuer, url: str | None = None, timeout: float = 20) -> str:
    with pytest.raises(FetchError) as caught:
        KeyDiscovery(url or issuer.url, HttpFetcher(timeout))()
    return str(caught.value)


def jwk(**changes: Any) -> dict[str, Any]:
    return {**key().as_dict(private=False), **changes}


def test_the_keys_are_where_the_discovery_document_says(issuer: Issuer) -> None:
    issuer.rotates(key("first"), key("second"))
    assert kids(issuer) == ["first", "second"]
    assert issuer.asked == [DISCOVERY, JWKS]


def test_an_issuer_with_a_slash_at_its_end_is_asked_at_the_same_place(issuer: Issuer) -> None:
    issuer.says(DISCOVERY, {"issuer": issuer.url + "/", "jwks_uri": issuer.url + JWKS})
    assert kids(issuer, issuer.url + "/") == ["first"]
    assert issuer.asked == [DISCOVERY, JWKS]


@pytest.mark.parametrize("named", ["https://elsewhere.example", "{url}/", "", None, 7, ["{url}"]])
def test_another_issuer_than_the_configured_one_gives_no_keys(issuer: Issuer, named: Any) -> None:
    told = named.format(url=issuer.url) if isinstance(named, str) else named
    issuer.says(DISCOVERY, {"issuer": told, "jwks_uri": issuer.url + JWKS})
    assert problem(issuer) == "discovery: the issuer there is not the one of MUSTER_OIDC_ISSUER"
    assert issuer.asked == [DISCOVERY]


@pytest.mark.parametrize("uri", ["http://keys.example/certs", "file:///etc/passwd", "/certs", "", None, 7])
def test_keys_that_anybody_on_the_way_could_change_are_not_fetched(issuer: Issuer, uri: Any) -> None:
    issuer.says(DISCOVERY, {"issuer": issuer.url, "jwks_uri": uri})
    assert problem(issuer) == "discovery: jwks_uri is no https URL"


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(b"{", 200), "the answer is not JSON"),
        (Answer(b"\xff\xfe", 200), "the answer is not JSON"),
        (Answer(b"<html>sign in</html>", 200), "the answer is not JSON"),
        (Answer(b"[" * 100_000, 200), "the answer is not JSON"),
        (Answer(b"{}", 503), "status 503"),
        (Answer(b"", 302, {"Location": "http://elsewhere.example/"}), "status 302"),
        (Answer(b"", 308, {"Location": DISCOVERY}), "status 308"),
        (Answer(b" " * (MAX_BYTES + 1)), "the answer has more than 1 MiB"),
        (Answer(gzip.compress(b" " * MAX_BYTES * 100), 200, {"Content-Encoding": "gzip"}), "the answer is compressed"),
        (Answer(b"{}", 200, {"Content-Length": "100"}), "no answer (RemoteProtocolError)"),
    ],
)
def test_an_answer_that_is_none_is_told_in_a_few_words(issuer: Issuer, path: str, answer: Answer, why: str) -> None:
    issuer.answers[path] = answer
    assert problem(issuer) == f"{'discovery' if path == DISCOVERY else 'keys'}: {why}"


def test_an_answer_of_the_most_bytes_is_read(issuer: Issuer) -> None:
    content = issuer.answers[JWKS].body
    issuer.answers[JWKS] = Answer(content + b" " * (MAX_BYTES - len(content)))
    assert kids(issuer) == ["first"]


def test_a_provider_that_does_not_answer_is_waited_for_no_longer_than_set(issuer: Issuer) -> None:
    done = threading.Event()
    issuer.answers[DISCOVERY].wait = lambda: done.wait(20)
    try:
        assert problem(issuer, timeout=0.2) == "discovery: no answer in time"
    finally:
        done.set()


def test_a_provider_that_sends_a_byte_now_and_then_is_waited_for_no_longer_either() -> None:
    done = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            try:
                while not done.wait(0.02):
                    connection.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        try:
            with pytest.raises(FetchError, match="no answer in time"):
                HttpFetcher(0.3).json(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        finally:
            done.set()
            thread.join()


def test_a_provider_that_is_away_is_told_in_a_few_words() -> None:
    with issuing() as issuer:
        pass
    assert problem(issuer) == "discovery: no answer (ConnectError)"


@pytest.mark.parametrize(
    "odd",
    [
        jwk(kid="odd", use="enc"),
        jwk(kid="odd", use="other"),
        jwk(kid="odd", kty="ML-DSA"),
        jwk(kid="odd", kty=["RSA"]),
        jwk(kid="odd", n=None),
        jwk(kid="odd", n="!"),
        jwk(kid="odd", key_ops=["encrypt"], use="sig"),
        {name: value for name, value in jwk(kid="odd", key_ops=["wrapKey"]).items() if name != "use"},
        jwk(kid="odd", key_ops=7),
        jwk(kid=7),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "odd"},
        {"kty": "EC", "crv": "P-1", "x": "AA", "y": "AA", "kid": "odd"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "odd"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "odd"},
        {"kty": "RSA", "kid": "odd"},
        {},
        None,
        "odd",
        [],
    ],
)
def test_a_key_that_can_not_be_used_costs_the_others_nothing(issuer: Issuer, odd: Any) -> None:
    issuer.says(JWKS, {"keys": [odd, jwk()]})
    assert kids(issuer) == ["first"]
    issuer.says(JWKS, {"keys": [odd]})
    assert problem(issuer) == "keys: there is none that signatures can be verified with"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # where the test makes the key
def test_an_rsa_key_that_is_too_short_is_not_used(issuer: Issuer) -> None:
    short = generate_key("RSA", 1024, {"kid": "short"})
    assert isinstance(short, RSAKey)
    issuer.says(JWKS, {"keys": [short.as_dict(private=False), jwk()]})
    assert kids(issuer) == ["first"]


@pytest.mark.parametrize("document", [[], {}, {"keys": {}}, {"keys": None}, 7, None])
def test_a_document_without_keys_is_none(issuer: Issuer, document: Any) -> None:
    issuer.answers[JWKS] = Answer(json.dumps(document).encode())
    assert problem(issuer) == "keys: there is none that signatures can be verified with"


@pytest.mark.parametrize(
    ("url", "secure"),
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
def test_a_url_has_https_or_stays_on_this_machine(url: str, secure: bool) -> None:
    assert is_secure_url(url) is secure
