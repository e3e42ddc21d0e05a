"""A read replica: how old its data is, and whether to read from it.

The age is measured by positions in the write-ahead log, and not by times: the clock of a replica may differ, and the
time of its last replayed transaction grows old on an idle primary. A position that the primary had at a moment, and
that the replica has replayed since, says that the replica has everything that was committed before that moment.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Engine, TextClause, text

from muster.intake.customer_store import ConflictError
from muster.storage.errors import StorageError, StorageUnavailableError, scrub_errors

T = TypeVar("T")

MAX_REPLICA_LAG_SECONDS: Final = 10.0
INTERVAL_SECONDS: Final = 1.0

_POSITION: Final = "pg_wal_lsn_diff({position}, '0/0'), (SELECT system_identifier FROM pg_control_system())"
_READ_PRIMARY: Final = text(f"SELECT {_POSITION.format(position='pg_current_wal_lsn()')}")
_READ_REPLICA: Final = text(f"SELECT {_POSITION.format(position='pg_last_wal_replay_lsn()')} WHERE pg_is_in_recovery()")


class Replica:
    """The replica of a primary. Threads may share it; each process needs its own, also after a fork.

    A thread of its own measures the age from the first question on, so that no request waits for it. `max_lag` is in
    seconds; `clock` is monotonic.
    """

    def __init__(
        self, primary: Engine, engine: Engine, max_lag: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._primary = primary
        self._engine = engine
        self._max_lag = max_lag
        self._clock = clock
        self._as_of = clock()  # the replica has everything that was committed before
        self._has_failed = True  # until it is measured
        self._positions: deque[tuple[float, int]] = deque(maxlen=1_000)  # of the primary, with their times
        self._lock, self._measuring = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def read(self, from_replica: Callable[[], T], from_primary: Callable[[], T]) -> T:
        """Reads from the replica when its data is fresh enough, else from the primary.

        So it does when the replica fails, cancels the statement in favour of replication, or would have to write.
        """
        if not self._is_fresh():
            return from_primary()
        try:
            return from_replica()
        except StorageUnavailableError:
            self._has_failed = True
        except (StorageError, ConflictError):
            pass
        return from_primary()

    def read_lag(self) -> float:
        """The age of the replica's data in seconds; of one that can't be read, the time since it could."""
        self._start()
        return self._clock() - self._as_of

    def _is_fresh(self) -> bool:
        return self.read_lag() <= self._max_lag and not self._has_failed

    def measure(self) -> None:
        """Asks both servers. Never raises; takes as long as a connection to a server that does not answer."""
        with self._measuring:
            self._measure()

    def _measure(self) -> None:
        try:
            asked_at = self._clock()
            position, system = self._fetch(self._primary, _READ_PRIMARY)
            self._positions.append((asked_at, position))
            replayed, replica_system = self._fetch(self._engine, _READ_REPLICA)
        except (StorageError, ConflictError):
            return
        if system != replica_system:
            return
        while self._positions and self._positions[0][1] <= replayed:
            self._as_of, self._has_failed = self._positions.popleft()[0], False

    def close(self) -> None:
        """Closes the connections. Reading again opens new ones."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._engine.dispose()

    @scrub_errors
    def _fetch(self, engine: Engine, query: TextClause) -> tuple[int, int]:
        with engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row[0] is None:
            raise StorageError("the read replica is no standby")
        return int(row[0]), int(row[1])

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._stop.clear()
                self._thread = threading.Thread(target=self._run, name="muster-replica", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self.measure()
            if self._stop.wait(INTERVAL_SECONDS):
                return
