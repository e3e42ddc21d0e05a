"""A trial boot: whether a new worker would start, tried in a process that serves nobody."""

import os
import select
import signal
from collections.abc import Callable
from typing import Any, Final

from muster.observability.logs import log_error, log_warning

_BOOTED: Final = b"1"


def can_boot(make_app: Callable[[], Any], on_worker_exit: Callable[[int], None], seconds: float) -> bool:
    """Whether this process, forked, makes the application within so many seconds. The log has the reason if not.

    The child's exit status is of no use: gunicorn waits for all children of its process and may get it first.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _boot(make_app, writing)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], seconds)
        booted = bool(ready) and os.read(reading, 1) == _BOOTED
    finally:
        os.close(reading)
    if not ready:
        os.kill(child, signal.SIGKILL)
    on_worker_exit(child)
    if not booted:
        log_warning("reload_failed", "a new worker would not start; the workers that serve stay")
    return booted


def _boot(make_app: Callable[[], Any], writing: int) -> None:
    try:
        make_app()
        os.write(writing, _BOOTED)
    except BaseException as error:
        log_error(error, component="trial_boot")
    finally:
        os._exit(0)
