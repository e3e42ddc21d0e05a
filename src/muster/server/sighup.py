"""SIGHUP: what daemons take for "read your files again", and terminals send when they go.

Nothing here runs as a handler of Python's own. That one interrupts whatever the main thread does, and if it was writing
to the log, a handler that writes to it too would wait for ever.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable

from muster.observability.logs import log_event


def ignore() -> None:
    """Until there is something to read again it must not end the service, unless its terminal has gone."""
    if hasattr(signal, "SIGHUP") and (sys.stdin is None or not sys.stdin.isatty()):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def then(act: Callable[[], None]) -> None:
    """Calls it in the running loop, of the main thread, at every SIGHUP from now on. Other threads get no signals."""
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, act)


def note_ignored() -> None:
    """Where it is ignored, somebody who sends it finds in the log that it changed nothing."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        then(lambda: log_event("SIGHUP changes nothing: there is one worker, and no certificate to read again"))
