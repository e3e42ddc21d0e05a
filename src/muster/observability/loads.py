"""Logs and counts the loads of one process. No name of a file is logged: a sender may put a customer's name there."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muster.loads.load_store import Load, LoadState
from muster.observability.logs import log_error, log_event, log_warning
from muster.observability.prometheus import MetricsRegistry


@dataclass(frozen=True, slots=True)
class LoadActivity:
    """The loads of this process at one moment. `waiting` counts those of all nodes."""

    running: int
    waiting: int
    checkpoint_age_seconds: float


class LoadEvents:
    """A `LoadObserver`. Thread-safe."""

    def __init__(self, metrics: MetricsRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[UUID, float] = {}  # when the last chunk was done
        self._waiting = 0

    def read_activity(self) -> LoadActivity:
        with self._lock:
            oldest = min(self._running.values(), default=self._clock())
            return LoadActivity(len(self._running), self._waiting, self._clock() - oldest)

    def record_start(self, load: Load) -> None:
        self._touch(load)
        log_event(
            "load_started" if load.position.row == 0 else "load_resumed",
            load=str(load.id),
            sender=load.sender,
            dry_run=load.options.dry_run,
            bytes=load.size or 0,
            row=load.position.row,
        )

    def record_progress(self, before: Load, after: Load) -> None:
        self._touch(after)
        accepted = max(after.totals.accepted - before.totals.accepted, 0)
        refused = max(after.totals.refused - before.totals.refused, 0)
        self._metrics.record_load_rows(dry_run=after.options.dry_run, accepted=accepted, refused=refused)

    def record_end(self, load: Load) -> None:
        self._drop(load)
        self._metrics.record_load(load.state.value)
        fields: dict[str, Any] = {
            "load": str(load.id),
            "state": load.state.value,
            "rows": load.totals.rows,
            "accepted": load.totals.accepted,
            "refused": load.totals.refused,
        }
        if load.state is LoadState.FAILED:
            log_warning("load_failed", "The load's `problem` says why", **fields)
        else:
            log_event("load_ended", **fields)

    def record_pause(self, load: Load, reason: str) -> None:
        self._drop(load)
        log_event("load_paused", load=str(load.id), reason=reason)

    def record_error(self, error: BaseException, load: Load | None) -> None:
        self._metrics.record_internal_error()
        log_error(error, component="loads", **({"load": str(load.id)} if load else {}))

    def record_waiting(self, count: int) -> None:
        self._waiting = count

    def record_purge(self, refused: int, abandoned: int) -> None:
        log_event("loads_purged", refused_of=refused, abandoned=abandoned)

    def _touch(self, load: Load) -> None:
        with self._lock:
            self._running[load.id] = self._clock()

    def _drop(self, load: Load) -> None:
        with self._lock:
            self._running.pop(load.id, None)
