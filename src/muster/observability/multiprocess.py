"""Metrics of several workers: each writes files of its own, and the worker that answers `/metrics` adds them up.

prometheus_client does so when an environment variable names the directory before its first import, so this module must
not import it at the top. Files of workers that have ended stay: their counts still count.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from muster.observability.logs import log_error

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_OLD_VARIABLE: Final = "prometheus_multiproc_dir"
KIBIBYTE: Final = 1024
# How often a worker writes its gauges while another worker may answer `/metrics`.
REFRESH_SECONDS: Final = 1.0

# The library's file names, and room for all series that a worker can have. The library maps these files into memory and
# writes into holes that the file system fills on first touch: on a full disk that kills the worker (SIGBUS). So the
# files are filled before, and a full disk is an error at the start.
FILE_BYTES: Final = {
    "counter": 2048 * KIBIBYTE,
    "histogram": 512 * KIBIBYTE,
    "gauge_livesum": 64 * KIBIBYTE,
    "gauge_livemax": 64 * KIBIBYTE,
}


@contextmanager
def multiprocess_dir(workers: int) -> Iterator[None]:
    """For the parent process: a directory for the metrics of its workers while they run.

    A single worker counts in memory, whatever the environment says.
    """
    for variable in (_VARIABLE, _OLD_VARIABLE):
        os.environ.pop(variable, None)
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="muster-metrics-", ignore_cleanup_errors=True) as directory:
        os.environ[_VARIABLE] = directory
        try:
            yield
        finally:
            del os.environ[_VARIABLE]


def get_directory() -> str | None:
    """The directory of the workers' metrics; None for a worker that counts in memory."""
    return os.environ.get(_VARIABLE)


def preallocate() -> None:
    """For a worker, before its first count. Without disk space the worker counts in memory and logs an error."""
    directory = get_directory()
    if directory is None:
        return
    try:
        for name, size in FILE_BYTES.items():
            _fill(Path(directory, f"{name}_{os.getpid()}.db"), size)
    except OSError as error:
        del os.environ[_VARIABLE]
        log_error(error, component="metrics")


def _fill(file: Path, size: int) -> None:
    if file.exists():
        return  # left by an earlier worker with this process id; its counts go on
    new = file.with_suffix(".new")
    new.write_bytes(bytes(size))
    new.rename(file)


def mark_dead(worker_pid: int) -> None:
    """For the parent process: removes the gauges of a worker that has ended."""
    directory = get_directory()
    if directory is not None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker_pid, directory)  # type: ignore[no-untyped-call]  # the library is not typed


async def refresh_gauges(write_gauges: Callable[[], None]) -> None:
    """For a worker among several: writes its gauges again and again, so that the other workers read them."""
    while True:
        write_gauges()
        await asyncio.sleep(REFRESH_SECONDS)
