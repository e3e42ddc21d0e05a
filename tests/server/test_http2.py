"""HTTP/2 over TLS: the same answers as HTTP/1.1, and bounds for peers that misbehave."""

import http.client
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import httpx
import pytest

from faults.certificates import make_certificate
from muster.server.limits import ConnectionLimits
from muster.server.tls_reload import Certificate
from tests.forked_server import ForkedServer, forked_server
from tests.server.probe import Probe

STRICT = ConnectionLimits(head_seconds=0.5, write_stall_seconds=0.5, check_seconds=0.05, max_streams=10)
REQUEST = [(":method", "GET"), (":authority", "localhost"), (":scheme", "https"), (":path", "/x")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("tls")
    make_certificate(directory / "cert.pem", directory / "key.pem")
    return directory / "cert.pem", directory / "key.pem"


@pytest.fixture(scope="module")
def server(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedServer]:
    certificate = Certificate(*map(str, files))
    with forked_server(Probe, certificate=certificate, limits=STRICT, hang_seconds=2, keep_alive=1) as server:
        yield server


def client(server: ForkedServer, files: tuple[Path, Path]) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=files[0])
    return httpx.Client(
        http1=False, http2=True, verify=trusted, base_url=f"https://localhost:{server.port}", timeout=20
    )


class Peer:
    """One connection, frame by frame."""

    def __init__(self, port: int) -> None:
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("localhost", port), timeout=10)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(validate_outbound_headers=False))
        self.events: list[h2.events.Event] = []

    def __enter__(self) -> "Peer":
        self.h2.initiate_connection()
        self.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def flush(self) -> None:
        with suppress(OSError):  # cut off while it sends; `receive` shows it
            self.socket.sendall(self.h2.data_to_send())

    def request(self, *headers: tuple[str, str], end: bool = True) -> int:
        stream: int = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [*REQUEST, *headers], end_stream=end)
        return stream

    def receive(self, kind: type[h2.events.Event]) -> h2.events.Event:
        """The next event of this kind. Raises `EOFError` when the server closes the connection before."""
        while True:
            for number, event in enumerate(self.events):
                if isinstance(event, kind):
                    del self.events[: number + 1]
                    return event
            self.events.clear()
            data = self.read()
            if not data:
                raise EOFError
            self.events += self.h2.receive_data(data)

    def read(self) -> bytes:
        try:
            return self.socket.recv(65_536)
        except (ConnectionError, ssl.SSLError):
            return b""

    def is_closed(self) -> bool:
        """Whether the server ends the connection, waiting up to the timeout."""
        while self.read():
            pass
        return True


def test_clients_that_offer_it_get_it_and_all_others_http_1_1(server: ForkedServer, files: tuple[Path, Path]) -> None:
    with client(server, files) as http:
        response = http.get("/x")
        assert (response.http_version, response.status_code, response.json()["path"]) == ("HTTP/2", 200, "/x")
        assert response.headers["server"] == "muster"
        assert "date" in response.headers
    context = ssl.create_default_context(cafile=files[0])
    connection = http_client(server, context)
    connection.request("GET", "/x")
    assert connection.getresponse().version == 11
    connection.close()


def http_client(server: ForkedServer, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("localhost", server.port, timeout=10, context=context)


def test_bodies_of_both_directions_are_whole(server: ForkedServer, files: tuple[Path, Path]) -> None:
    with client(server, files) as http:
        assert http.post("/x", content=bytes(3_000_000)).json()["size"] == 3_000_000
        assert len(http.get("/large").content) == 64 * 1024 * 1024


def test_connection_is_usable_after_a_response_that_closes_in_http_1_1(
    server: ForkedServer, files: tuple[Path, Path]
) -> None:
    with client(server, files) as http:
        first = http.get("/close")
        assert "connection" not in first.headers
        assert http.get("/x").extensions["network_stream"] is first.extensions["network_stream"]


@pytest.mark.parametrize("headers", [[("x", "y" * 70_000)], [(f"x{n}", "") for n in range(101)]], ids=["size", "count"])
def test_too_many_headers_are_no_request(server: ForkedServer, headers: list[tuple[str, str]]) -> None:
    with Peer(server.port) as peer:
        peer.request(*headers)
        peer.flush()
        with pytest.raises(EOFError):
            peer.receive(h2.events.ResponseReceived)


def test_trailers_become_no_headers(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        stream = peer.request(end=False)
        peer.h2.send_data(stream, b"x")
        peer.h2.send_headers(stream, [("authorization", "Bearer x")], end_stream=True)
        peer.flush()
        data = peer.receive(h2.events.DataReceived)
        assert isinstance(data, h2.events.DataReceived)
        assert b"authorization" not in (data.data or b"")


def test_peer_that_begins_no_request_is_cut_off(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        assert peer.is_closed()


def test_peer_that_does_not_end_its_headers_is_cut_off(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        peer.request()
        frames = bytearray(peer.h2.data_to_send())
        frames[4] &= ~0x4  # END_HEADERS
        peer.socket.sendall(frames)
        assert peer.is_closed()


def test_idle_connection_is_closed_after_the_keep_alive_time(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        peer.request()
        peer.flush()
        peer.receive(h2.events.StreamEnded)
        assert isinstance(peer.receive(h2.events.ConnectionTerminated), h2.events.ConnectionTerminated)


def test_peer_that_does_not_read_is_cut_off(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        peer.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1})
        peer.h2.increment_flow_control_window(2**30)
        stream: int = peer.h2.get_next_available_stream_id()
        peer.h2.send_headers(stream, [*REQUEST[:3], (":path", "/large")], end_stream=True)
        peer.flush()
        time.sleep(1.5)
        received = 0
        while part := peer.read():
            received += len(part)
        assert received < 64 * 1024 * 1024


def test_peer_that_opens_no_window_does_not_hold_its_request_for_ever(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        stream: int = peer.h2.get_next_available_stream_id()
        peer.h2.send_headers(stream, [*REQUEST[:3], (":path", "/large")], end_stream=True)
        peer.flush()
        assert isinstance(peer.receive(h2.events.StreamReset), h2.events.StreamReset)


def test_more_streams_than_allowed_end_the_connection(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        peer.receive(h2.events.RemoteSettingsChanged)
        peer.h2.remote_settings.max_concurrent_streams = 1_000
        for _ in range(STRICT.max_streams + 1):
            peer.request(end=False)
        peer.flush()
        assert isinstance(peer.receive(h2.events.ConnectionTerminated), h2.events.ConnectionTerminated)


def test_rapid_resets_end_the_connection(server: ForkedServer) -> None:
    with Peer(server.port) as peer:
        for _ in range(1_000):
            peer.h2.reset_stream(peer.request(end=False))
            peer.flush()
        assert peer.is_closed()


def test_request_in_progress_is_finished_at_shutdown(files: tuple[Path, Path]) -> None:
    with forked_server(Probe, certificate=Certificate(*map(str, files))) as server, client(server, files) as http:
        statuses: list[int] = []
        thread = threading.Thread(target=lambda: statuses.append(http.get("/wait?1").status_code))
        thread.start()
        time.sleep(0.5)
        server.signal(signal.SIGTERM)
        thread.join()
        server.process.join(10)
        assert (statuses, server.process.exitcode) == ([200], 0)


def test_idle_connection_does_not_delay_shutdown(files: tuple[Path, Path]) -> None:
    with forked_server(Probe, certificate=Certificate(*map(str, files))) as server, Peer(server.port) as peer:
        peer.request()
        peer.flush()
        peer.receive(h2.events.StreamEnded)
        server.signal(signal.SIGTERM)
        assert isinstance(peer.receive(h2.events.ConnectionTerminated), h2.events.ConnectionTerminated)
        server.process.join(10)
        assert server.process.exitcode == 0
