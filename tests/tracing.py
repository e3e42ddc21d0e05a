"""Ends the tracing by coverage.py where it costs time and counts nothing.

A traced process takes up to twice the CPU, in libraries too. A process that is killed never writes what it has counted.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pkgutil import walk_packages

# By this variable coverage.py starts in the processes that a traced one starts.
_OF_CHILDREN = "COVERAGE_PROCESS_CONFIG"


def stop_tracing() -> None:
    """For this process, and those that it starts from now on."""
    sys.settrace(None)
    threading.settrace(None)
    os.environ.pop(_OF_CHILDREN, None)


def import_traced() -> None:
    """Runs what importing the tests runs of the product, so that it counts although they are imported untraced."""
    if sys.gettrace() is None:
        return
    for name in ("muster", "muster_client"):
        for module in walk_packages(import_module(name).__path__, f"{name}."):
            # Alembic loads the migrations by itself. Without Spark, `muster.spark` can't be imported.
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                with suppress(ImportError):
                    import_module(module.name)
    import_module("muster.web.openapi").document()


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
