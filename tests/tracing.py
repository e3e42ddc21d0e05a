"""Pauses the tracing by coverage.py where it costs time and counts nothing.

A traced process takes up to twice the CPU, in libraries too. A process that is killed never writes what it has counted.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

# By this variable coverage.py starts in the processes that a traced one starts.
_OF_CHILDREN = "COVERAGE_PROCESS_CONFIG"


@dataclass(frozen=True)
class Tracing:
    """What traces this thread, those that it starts, and the processes that this one starts. By default nothing."""

    of_thread: Any = None
    of_new_threads: Any = None
    of_children: str | None = None

    @classmethod
    def get_current(cls) -> "Tracing":
        return cls(sys.gettrace(), threading.gettrace(), os.environ.get(_OF_CHILDREN))

    def set_current(self) -> None:
        if self.of_children is None:
            os.environ.pop(_OF_CHILDREN, None)
        else:
            os.environ[_OF_CHILDREN] = self.of_children
        threading.settrace(self.of_new_threads)
        sys.settrace(self.of_thread)


def stop_tracing() -> None:
    """For this process, and those that it starts from now on."""
    Tracing().set_current()


@contextmanager
def traced_by(tracing: Tracing) -> Iterator[Tracing]:
    """Runs the block with this tracing. Gives the one before, which goes on afterwards."""
    before = Tracing.get_current()
    tracing.set_current()
    try:
        yield before
    finally:
        before.set_current()


@contextmanager
def untraced() -> Iterator[Tracing]:
    """Runs the block without tracing. Gives the one before, which goes on afterwards."""
    with traced_by(Tracing()) as before:
        yield before


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
