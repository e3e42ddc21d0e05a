"""Connections that are made while the server ends, or later."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from muster.server import protocol
from muster.server.accept import FairLoop
from muster.server.graceful_shutdown import Server
from muster.server.protocol import BoundedProtocol
from muster.server.run import configure, listen
from muster.settings import Settings
from tests.server.test_protocol import REQUEST, app

LOOPS = [uvloop.new_event_loop, FairLoop]
Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run(work: Coroutine[Any, Any, None], loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(work)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def made_late(then: Connected, **state: bool) -> None:
    """A connection to a server that is in this state."""
    server = Server(configure(app, Settings()))
    server.config.load()
    for name, value in state.items():
        setattr(server.server_state, name, value)
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=ours)
    await asyncio.get_running_loop().connect_accepted_socket(
        lambda: BoundedProtocol(server.config, server.server_state, {}), theirs
    )
    async with asyncio.timeout(10):
        await then(reader, writer)
    writer.close()
    await until(lambda: not server.server_state.connections)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_request_on_a_connection_that_is_made_while_the_server_ends_is_its_last(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST)
        answer = await reader.read()  # up to its end, which the server makes
        assert b" 204 " in answer
        assert b"connection: close" in answer

    run(made_late(then, ending=True), loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_an_idle_connection_that_is_made_while_the_server_ends_is_closed(
    loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LAST_REQUEST_SECONDS", 0.05)

    async def then(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    run(made_late(then, ending=True), loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_connection_that_is_made_after_the_end_is_closed_at_once(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def then(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    # Not `ending`, so there is nothing else that would close it.
    run(made_late(then, ended=True), loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_handshake_that_is_under_way_when_the_server_ends_is_waited_for(
    loop: Callable[[], asyncio.AbstractEventLoop], certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate

    async def work() -> None:
        listener = listen("localhost", 0)
        port = listener.getsockname()[1]
        server = Server(configure(app, Settings(tls_cert=str(cert), tls_key=str(key))))
        served = asyncio.create_task(server.serve([listener]))
        await until(lambda: server.started)
        reader, writer = await asyncio.open_connection("localhost", port)
        await until(lambda: server.server_state.opening)
        server.should_exit = True
        await until(lambda: server.server_state.ending)
        await writer.start_tls(ssl.create_default_context(cafile=str(cert)), server_hostname="localhost")
        writer.write(REQUEST)
        answer = await reader.read()
        assert b" 204 " in answer
        assert b"connection: close" in answer
        writer.close()
        await served

    run(work(), loop)
