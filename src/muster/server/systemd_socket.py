"""The listening socket that systemd hands over, see sd_listen_fds(3)."""

import os
import socket
from typing import Final

from muster.server.errors import StartupError

_SD_LISTEN_FDS_START: Final = 3


def inherit_systemd_socket() -> socket.socket | None:
    """The socket that systemd listens on for this process; None when there is none. Raises `StartupError`.

    systemd keeps the socket open while one service ends and the next one starts, so no connection is refused between.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ["LISTEN_FDS"]
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # gunicorn would take the socket by itself, and workers inherit the environment
    inherited = socket.socket(fileno=_SD_LISTEN_FDS_START) if count == "1" else None
    if (
        inherited is None
        or inherited.family not in (socket.AF_INET, socket.AF_INET6)
        or inherited.type != socket.SOCK_STREAM
    ):
        raise StartupError("systemd gave other sockets than one for TCP; its unit needs one ListenStream=PORT")
    return inherited
