"""How long the stages of one intake took, for whoever watches the service: this room knows nothing of how it is told.

Filled while the intake runs, and also when it ends with an exception: a save that failed shows as long as it took.
"""

import time
from collections.abc import Iterator
from typing import Final

STAGES: Final = ("decode", "check", "decide", "save")


class StageTimer:
    """A stage, entered as often as it takes: large bodies are decoded and checked by turns."""

    __slots__ = ("_since", "began", "ns")

    def __init__(self) -> None:
        self.began = 0  # a moment of `perf_counter_ns`; 0 while it has not
        self.ns = 0  # in all
        self._since = 0

    def __enter__(self) -> None:
        self._since = time.perf_counter_ns()
        if not self.began:
            self.began = self._since

    def __exit__(self, *_: object) -> None:
        self.ns += time.perf_counter_ns() - self._since


class StageTimings:
    """The stages of one intake, for one thread.

    `judge` has the look-ups in it. `save` has what is made for it alone: the rows, and the results that are kept.
    """

    __slots__ = STAGES

    def __init__(self) -> None:
        self.decode = StageTimer()
        self.check = StageTimer()
        self.decide = StageTimer()
        self.save = StageTimer()

    def __iter__(self) -> Iterator[tuple[str, StageTimer]]:
        """Name and stage, in their order, of those that have begun."""
        for name in STAGES:
            stage: StageTimer = getattr(self, name)
            if stage.began:
                yield name, stage
