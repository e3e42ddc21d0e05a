"""Spark logs what a task raises, so that has no value."""

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from muster.spark import FrameTaskError
from muster.spark.errors import run_scrubbed


def fail(batches: Iterator[Any]) -> Iterator[Any]:
    yield from batches
    raise ValueError("Jose Rodriguez")


def test_a_task_fails_without_the_value_in_the_error() -> None:
    results: list[int] = []
    with pytest.raises(FrameTaskError, match=r"builtins.ValueError at .*test_errors.py:\d+ fail") as caught:
        results += run_scrubbed(fail, iter([1, 2]))
    assert "Jose" not in "".join(traceback.format_exception(caught.value))
