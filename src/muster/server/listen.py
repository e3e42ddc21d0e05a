"""The listening socket, and the URL it is reached at."""

import os
import socket
from typing import Final

from muster.server.errors import StartupError

BACKLOG: Final = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `StartupError`.

    The socket is made before any worker starts, so a port in use is one line and not a traceback of each worker.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise StartupError(
            f"the host {host!r} is not known here; name an address of this machine with --host"
        ) from None
    # Of a name with several addresses IPv4 is taken: every client can reach that one.
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    dual_stack = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=dual_stack)
    except PermissionError:
        raise StartupError(f"port {port} is not allowed to this user; choose one above 1023 with --port") from None
    except OSError as error:
        what = f"can't listen on {host} port {port} ({os.strerror(error.errno or 0)})"
        raise StartupError(f"{what}; choose another with --port or --host, or stop what listens there") from None


def build_url(listener: socket.socket, host: str, *, tls: bool) -> str:
    """The URL of the service, without a path."""
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{name}:{listener.getsockname()[1]}"
