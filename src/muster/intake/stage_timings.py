"""How long the stages of one intake take. Logs, metrics and traces read it; the intake does not know of them.

The timings are filled while the intake runs, also when a stage fails: a failed save counts until its failure.
"""

import time
from collections.abc import Iterator
from typing import Final

STAGES: Final = ("decode", "check", "decide", "save")


class StageTimer:
    """The time of one stage, entered any number of times: large bodies are decoded and checked alternately."""

    __slots__ = ("_since", "began", "ns")

    def __init__(self) -> None:
        self.began = 0  # of perf_counter_ns; 0 until the stage begins
        self.ns = 0  # nanoseconds in total
        self._since = 0

    def __enter__(self) -> None:
        self._since = time.perf_counter_ns()
        if not self.began:
            self.began = self._since

    def __exit__(self, *_: object) -> None:
        self.ns += time.perf_counter_ns() - self._since


class StageTimings:
    """The stages of one intake, in one thread.

    `decide` includes the look-ups in the store. `save` includes building the rows and the stored response.
    """

    __slots__ = STAGES

    def __init__(self) -> None:
        self.decode = StageTimer()
        self.check = StageTimer()
        self.decide = StageTimer()
        self.save = StageTimer()

    def __iter__(self) -> Iterator[tuple[str, StageTimer]]:
        """Name and timer of each stage that has begun, in their order."""
        for name in STAGES:
            timer: StageTimer = getattr(self, name)
            if timer.began:
                yield name, timer
