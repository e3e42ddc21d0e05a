"""The service on a thread of this process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from muster.cli.errors import CommandError
from muster.server.graceful_shutdown import Server
from muster.server.run import configure
from muster.settings import Settings


@contextmanager
def run_in_background(app: Any, settings: Settings, listener: socket.socket) -> Iterator[threading.Thread]:
    """The app behind a real server; gives its thread, which ends with the server. Raises `CommandError`."""
    server = Server(configure(app, settings, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server")
    thread.start()
    try:
        # The socket listens already, so a request would wait; but it would wait forever if the server never came.
        while not server.started:
            thread.join(0.02)
            if not thread.is_alive():
                raise CommandError("the service did not start; what it wrote above says why")
        yield thread
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
