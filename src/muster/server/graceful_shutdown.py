"""A server that ends with all of its connections."""

import asyncio
import socket
import time

import uvicorn

from muster.server import sighup
from muster.server.protocol import LAST_REQUEST_SECONDS, State


class Server(uvicorn.Server):
    """Uvicorn's, whose connections know when it ends.

    It tells those that it has, at that moment. One that was taken and is made a moment later would not know, would be
    kept alive, and its busy client would keep the whole process.
    """

    server_state: State

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = State()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.config.is_ssl:
            sighup.note_ignored()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.server_state.ending = True
        await super().shutdown(sockets)

    async def _wait_tasks_to_complete(self) -> None:
        """What uvicorn waits for before it ends the application, which has to end for it to be over."""
        try:
            await self._wait_for_opening()
            await super()._wait_tasks_to_complete()
        finally:
            self.server_state.ended = True

    async def _wait_for_opening(self) -> None:
        last = time.monotonic() + LAST_REQUEST_SECONDS
        while self.server_state.opening and time.monotonic() < last and not self.force_exit:
            await asyncio.sleep(0.05)
