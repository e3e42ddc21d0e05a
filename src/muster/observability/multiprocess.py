"""Counting in several workers: each writes into files of its own, and whichever answers `/metrics` adds them up.

prometheus_client does it when an environment variable names the directory before it is first imported, so this module
must not import it. Files of workers that have ended stay: what they counted was counted.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from muster.observability.logs import log_error

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_OLD_VARIABLE: Final = "prometheus_multiproc_dir"
KIBIBYTE: Final = 1024

# What the library calls its files, and room for all that a worker can ever count. It writes into them through the
# memory, into holes that the file system fills when they are touched: on a full disk that would kill the worker. So
# they are filled before, and a disk that has no room says so.
SIZES: Final = {
    "counter": 512 * KIBIBYTE,
    "histogram": 256 * KIBIBYTE,
    "gauge_livesum": 64 * KIBIBYTE,
    "gauge_livemax": 64 * KIBIBYTE,
}


@contextmanager
def multiprocess_dir(workers: int) -> Iterator[None]:
    """For the process that starts so many workers, while they run: a directory where they count, if they are several.

    One alone counts in its memory, whatever the environment says.
    """
    for variable in (_VARIABLE, _OLD_VARIABLE):
        os.environ.pop(variable, None)
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="muster-metrics-", ignore_cleanup_errors=True) as get_directory:
        os.environ[_VARIABLE] = get_directory
        try:
            yield
        finally:
            del os.environ[_VARIABLE]


def get_directory() -> str | None:
    """Where the workers count; None for a worker that counts for itself."""
    return os.environ.get(_VARIABLE)


def preallocate() -> None:
    """For a worker, before it counts. One that gets no room counts for itself, and says so in the log."""
    shared = get_directory()
    if shared is None:
        return
    try:
        for name, size in SIZES.items():
            _fill(Path(shared, f"{name}_{os.getpid()}.db"), size)
    except OSError as error:
        del os.environ[_VARIABLE]
        log_error(error, where="metrics")


def _fill(file: Path, size: int) -> None:
    if file.exists():
        return  # of an earlier worker with this number, and counted on
    new = file.with_suffix(".new")
    new.write_bytes(bytes(size))
    new.rename(file)


def mark_dead(worker: int) -> None:
    """For the process that started it: a worker that has ended is not busy any more. `worker` is its process id."""
    shared = get_directory()
    if shared is not None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker, shared)  # type: ignore[no-untyped-call]
