"""What the workers of loads tell about their work, for logs and metrics."""

from typing import Protocol

from muster.loads.load_store import Load


class LoadObserver(Protocol):
    """Called by the threads of the workers. Never raises."""

    def record_start(self, load: Load) -> None:
        """A worker begins a load, or goes on with it."""
        ...

    def record_progress(self, before: Load, after: Load) -> None:
        """A chunk was saved or judged."""
        ...

    def record_end(self, load: Load) -> None:
        """The worker has brought the load into a final state."""
        ...

    def record_pause(self, load: Load, reason: str) -> None:
        """The worker has left the load to another one, or to itself later; the reason is a word of the log."""
        ...

    def record_error(self, error: BaseException, load: Load | None) -> None:
        """An unexpected exception, of this load or of a worker without one."""
        ...

    def record_waiting(self, count: int) -> None:
        """The number of loads that wait for a worker, on all nodes."""
        ...

    def record_purge(self, refused: int, abandoned: int) -> None:
        """The refused rows of so many loads were deleted, and so many abandoned uploads cancelled."""
        ...
