"""What the server itself logs has no bytes of a request and no message of an exception."""

import json
from pathlib import Path
from typing import Any

from tests.forked_server import forked_server
from tests.server.probe import GET, Probe, send_once


def test_refused_and_failed_requests_are_events_without_their_content(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with forked_server(Probe, log) as server:
        assert send_once(server.port, GET[:-2] + b"secret: " + b"x" * 70_000 + b"\r\n\r\n") == 431
        assert send_once(server.port, b"G\xffT /secret HTTP/1.1\r\nHost: secret\r\n\r\n") == 400
        assert send_once(server.port, b"GET /fail HTTP/1.1\r\nHost: a\r\n\r\n") == 500
        assert server.stop() == 0
    events: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    refused = [event.get("status") for event in events if event["event"] == "request_refused"]
    assert refused == [431, None]
    assert any(event.get("type") == "builtins.ValueError" for event in events)
    assert "secret" not in log.read_text()
