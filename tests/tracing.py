"""Ends the tracing by coverage.py where it costs time and counts nothing.

A traced process takes up to twice the CPU, in libraries too. A process that is killed never writes what it has counted.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# By this variable coverage.py starts in the processes that a traced one starts.
_OF_CHILDREN = "COVERAGE_PROCESS_CONFIG"


def stop_tracing() -> None:
    """For this process, and those that it starts from now on."""
    sys.settrace(None)
    threading.settrace(None)
    os.environ.pop(_OF_CHILDREN, None)


@contextmanager
def untraced() -> Iterator[None]:
    """Runs the block as `stop_tracing` says, in this thread and those that it starts."""
    ours, of_threads, of_children = sys.gettrace(), threading.gettrace(), os.environ.get(_OF_CHILDREN)
    stop_tracing()
    try:
        yield
    finally:
        if of_children is not None:
            os.environ[_OF_CHILDREN] = of_children
        threading.settrace(of_threads)
        sys.settrace(ours)
