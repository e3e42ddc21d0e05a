"""SIGHUP: what daemons take for "read your files again", and terminals send when they close.

Gunicorn replaces all workers on SIGHUP, and ends the service if a new one fails to boot. So the signal only reaches
gunicorn after a check.
"""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def ignore_until_serving() -> None:
    """Until there is something to reload SIGHUP must not end the service, unless its terminal closes."""
    if not _has_terminal():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def reload_on_sighup(can_reload: Callable[[], bool]) -> None:
    """For the main process, when gunicorn has set its signal handlers."""
    if _has_terminal():
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
        return
    to_gunicorn = signal.getsignal(signal.SIGHUP)
    one_at_a_time = threading.Lock()

    def check() -> None:
        with one_at_a_time:
            if can_reload() and callable(to_gunicorn):
                to_gunicorn(signal.SIGHUP, None)

    def start_check(_signal: int, _frame: FrameType | None) -> None:
        # In a thread: a handler interrupts the main thread, and would wait for ever for a lock that this one holds.
        threading.Thread(target=check, name="sighup", daemon=True).start()

    signal.signal(signal.SIGHUP, start_check)
