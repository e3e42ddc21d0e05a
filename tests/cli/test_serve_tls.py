"""`muster serve` over TLS: certificates, versions, reload."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.certificates import make_certificate
from tests.cli.commands import Muster, Running, assert_one_line
from tests.cli.conftest import starting

Start = Callable[..., Running]


@pytest.fixture(scope="module")
def https_service(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port and the certificate of one service for all tests that don't end it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    directory = tmp_path_factory.mktemp("tls")
    cert, key, database = directory / "cert.pem", directory / "key.pem", directory / "muster.db"
    make_certificate(cert, key)
    shutil.copy(_migrated_sqlite, database)
    options = ("--tls-cert", str(cert), "--tls-key", str(key), "--database", f"sqlite:///{database}")
    with starting() as start:
        service = start("serve", "--host", "localhost", "--port", "0", *options)
        yield int(service.line(r"listens on https://localhost:(\d+)")[1]), cert


def test_service_speaks_https(https_service: tuple[int, Path]) -> None:
    port, cert = https_service
    with socket.create_connection(("localhost", port), timeout=10) as plain:
        plain.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")
        assert b"HTTP" not in plain.recv(1000)
    trusted = ssl.create_default_context(cafile=cert)
    connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=trusted)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()


def shown_certificate(port: int, **versions: ssl.TLSVersion) -> str:
    """The certificate that the server presents to a new connection, as PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    for name, version in versions.items():
        setattr(context, name, version)
    with socket.create_connection(("localhost", port), timeout=10) as plain, context.wrap_socket(plain) as secure:
        shown = secure.getpeercert(binary_form=True)
        assert shown is not None
        return ssl.DER_cert_to_PEM_cert(shown)


def until_shown(port: int, cert: Path) -> None:
    deadline = time.monotonic() + 30
    while shown_certificate(port) != cert.read_text():
        assert time.monotonic() < deadline, "the new certificate is not shown"
        time.sleep(0.05)


def test_sighup_loads_a_new_certificate_and_keeps_the_old_one_when_it_is_invalid(
    muster: Muster, start: Start, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key))
    service = start("serve", "--host", "localhost", "--port", "0", "--database", muster.url, *options)
    port = int(service.line(r"listens on https://localhost:(\d+)")[1])
    service.line("worker_started")
    held = http.client.HTTPSConnection("localhost", port, timeout=10, context=ssl._create_unverified_context())
    held.request("GET", "/health/live")
    held.getresponse().read()
    until_shown(port, cert)

    good = cert.read_text()
    cert.write_text("no certificate")
    service.process.send_signal(signal.SIGHUP)
    assert "holds no certificate in PEM" in service.event("tls_reload_failed")["reason"]
    assert shown_certificate(port) == good

    make_certificate(cert, key)
    assert cert.read_text() != good
    service.process.send_signal(signal.SIGHUP)
    service.event("tls_reloaded")
    service.event("workers_replaced")
    assert shown_certificate(port) == cert.read_text()
    held.close()
    assert service.stop(signal.SIGTERM)[0] == 0


def test_idle_tls_connection_does_not_delay_shutdown(
    muster: Muster, start: Start, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    options = ("--tls-cert", str(cert), "--tls-key", str(key))
    service = start("serve", "--port", "0", "--host", "localhost", "--database", muster.url, *options)
    port = service.port()
    connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=ssl._create_unverified_context())
    connection.request("GET", "/health/live")
    connection.getresponse().read()
    # Its own patience is over before the half minute that TLS would wait.
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=15) == 0
    connection.close()


def test_tls_below_1_2_is_refused(https_service: tuple[int, Path]) -> None:
    port, _ = https_service
    assert shown_certificate(port, maximum_version=ssl.TLSVersion.TLSv1_2)
    # It is the server that ends it, and not the client that does not try.
    with pytest.raises(ssl.SSLError, match=r"EOF|alert protocol version"), pytest.warns(match="TLSVersion"):
        shown_certificate(port, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_invalid_certificate_is_an_error_of_one_line(
    muster: Muster, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = certificate
    other_cert, other_key = tmp_path / "other.pem", tmp_path / "other-key.pem"
    make_certificate(other_cert, other_key)
    locked, broken = tmp_path / "locked.pem", tmp_path / "broken.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
        capture_output=True,
    )
    broken.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    for given, says in (
        ((tmp_path / "x", key), f"there is no file {tmp_path / 'x'}"),
        ((cert, cert / "x"), f"there is no file {cert / 'x'}"),
        ((tmp_path, key), f"{tmp_path} is a directory"),
        ((key, cert), f"{key} holds no certificate in PEM"),
        ((cert, cert), f"{cert} holds no private key in PEM"),
        ((cert, locked), "give the key without a password"),
        ((cert, other_key), f"the key {other_key} is not the key of the certificate {cert}"),
        ((broken, key), f"the certificate {broken} and the key {key} can't be used (OpenSSL: "),
    ):
        assert_one_line(muster("serve", "--tls-cert", str(given[0]), "--tls-key", str(given[1])), 1, says)


def test_unreadable_key_is_an_error_of_one_line(
    muster: Muster, certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate
    closed = tmp_path / "closed"
    closed.mkdir()
    hidden = key.rename(closed / "key.pem")

    # Root reads everything, so what the system says to others is said here.
    def refuse(path: object, *_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    if os.geteuid() == 0:
        real = os.stat
        monkeypatch.setattr(os, "stat", lambda path, **how: (refuse if path == str(hidden) else real)(path, **how))
    else:
        closed.chmod(0)
    result = muster("serve", "--tls-cert", str(cert), "--tls-key", str(hidden))
    assert_one_line(result, 1, f"has no right to read {hidden}", "give that user the right to read it")
    closed.chmod(0o700)
