"""Errors of jobs. Their texts get into the logs of Spark, so none has a value of a cell."""

from collections.abc import Callable, Iterator
from typing import Any

from muster.observability.error_description import get_type_name, list_frames

Batches = Iterator[Any]  # of pyarrow.RecordBatch


class InvalidFrameError(ValueError):
    """The frame can't be judged as it is. The text names columns, types and options."""


class FrameTaskError(Exception):
    """A task has failed. The text has the type of the error and where it was raised."""


def run_scrubbed(run: Callable[[Batches], Batches], batches: Batches) -> Batches:
    """Runs a task. Its errors are raised without their messages, which may quote a value: Spark logs what is raised."""
    failure = None
    try:
        yield from run(batches)
    except FrameTaskError:
        raise
    except Exception as error:
        frames = ", ".join(list_frames(error.__traceback__)[-3:])
        failure = f"{get_type_name(error)} at {frames}"
    # Raised here, because the error would be its context otherwise.
    if failure is not None:
        raise FrameTaskError(failure)
