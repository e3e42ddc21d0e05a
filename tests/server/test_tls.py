"""The certificate is read at the start, and again."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.typing import EventDict

from muster.cli.errors import FAILED
from muster.server import tls
from muster.server.run import configure
from muster.settings import Settings


def test_a_worker_that_finds_no_certificate_ends_with_one_line(tmp_path: Path) -> None:
    config = configure(None, Settings(tls_cert=str(tmp_path / "x"), tls_key=str(tmp_path / "y")))
    with structlog.testing.capture_logs() as events, pytest.raises(SystemExit) as ended:
        config.load()
    assert ended.value.code == FAILED
    (event,) = events
    assert event["event"] == "the certificate can't be used"
    assert event["why"].startswith(f"there is no file {tmp_path / 'x'}")


class Torn(ssl.SSLContext):
    """Finds files of two certificates at first."""

    torn = 1

    def load_cert_chain(self, *files: Any, **more: Any) -> None:
        if self.torn:
            self.torn -= 1
            error = ssl.SSLError(1, "")
            error.reason = "KEY_VALUES_MISMATCH"
            raise error
        super().load_cert_chain(*files, **more)


def read_again(context: ssl.SSLContext, cert: Path, key: Path, *, last: str) -> list[EventDict]:
    """The events of SIGHUP, up to the last one."""

    async def work() -> None:
        tls.Reading(context, str(cert), str(key))()
        async with asyncio.timeout(10):
            while events[-1]["event"] != last:
                await asyncio.sleep(0.01)

    with structlog.testing.capture_logs() as events:
        asyncio.run(work())
    return list(events)


def test_files_that_change_while_they_are_read_are_read_again(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "AGAIN_SECONDS", 0.01)
    events = read_again(Torn(ssl.PROTOCOL_TLS_SERVER), *certificate, last=tls.READ_AGAIN)
    assert [event["event"] for event in events] == [
        "the certificate changed while it was read, and is read again",
        tls.READ_AGAIN,
    ]


def test_files_that_can_not_be_used_are_refused_with_the_reason(certificate: tuple[Path, Path]) -> None:
    cert, _ = certificate
    (event,) = read_again(Torn(ssl.PROTOCOL_TLS_SERVER), cert, cert, last=tls.UNCHANGED)
    assert event["log_level"] == "warning"
    assert event["why"].startswith(f"{cert} holds no private key in PEM")
