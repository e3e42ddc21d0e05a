"""The thread pools of an application, apart by what their requests do, and the slots in them that users share."""

from collections.abc import Mapping
from typing import Final

from muster.settings import Settings
from muster.web.concurrency import ConcurrencyLimiter, WorkerSlots
from muster.web.thread_pool import ThreadPool

# Public endpoints are quick; two of them can wait for the database at a time.
PUBLIC_THREADS: Final = 2
PUBLIC_QUEUE: Final = 64
# Files of loads are sent and fetched here, for hours if need be, so that they take no slot of a batch. A thread stores
# a part of at most 8 MiB, or writes the file of refused rows.
FILE_THREADS: Final = 2
FILE_QUEUE: Final = 30
MAX_FILES_PER_USER: Final = 8
# Pages of the console, for people, who must not wait for a feed that takes all threads of batches.
CONSOLE_THREADS: Final = 2
CONSOLE_QUEUE: Final = 62
MAX_PAGES_PER_USER: Final = 16
# A page or a step of a file may take seconds, as for a file that bursts when it is unpacked. The work of one user never
# has all threads, so that the next page of others begins at once.
MAX_THREADS_PER_USER: Final = 1
# Sign-ins at an OpenID provider wait for its answers, up to 10 seconds, and must take no thread of others.
PROVIDER_THREADS: Final = 4
PROVIDER_QUEUE: Final = 28
# Scrapes authenticate, which may block, and must work while other pools are saturated; so they have their own pool.
METRICS_THREADS: Final = 1
METRICS_QUEUE: Final = 16


class RequestPools:
    """Each pool with its slots, where users are limited; anybody may take a slot of `public`."""

    def __init__(self, settings: Settings) -> None:
        self.work = ThreadPool(settings.threads, settings.max_queued_requests)
        self.files = ThreadPool(FILE_THREADS, FILE_QUEUE, max_threads_per_owner=MAX_THREADS_PER_USER)
        self.console = ThreadPool(CONSOLE_THREADS, CONSOLE_QUEUE, max_threads_per_owner=MAX_THREADS_PER_USER)
        self.provider = ThreadPool(PROVIDER_THREADS, PROVIDER_QUEUE)
        self.public = ThreadPool(PUBLIC_THREADS, PUBLIC_QUEUE)
        self.metrics = ThreadPool(METRICS_THREADS, METRICS_QUEUE)
        self.work_slots = WorkerSlots(self.work, ConcurrencyLimiter(settings.max_requests_per_user))
        self.file_slots = WorkerSlots(self.files, ConcurrencyLimiter(MAX_FILES_PER_USER))
        self.console_slots = WorkerSlots(self.console, ConcurrencyLimiter(MAX_PAGES_PER_USER))
        self.metrics_slots = WorkerSlots(self.metrics, ConcurrencyLimiter(settings.max_requests_per_user))

    @property
    def by_name(self) -> Mapping[str, ThreadPool]:
        """The pools by their names in the metrics."""
        return {
            "work": self.work,
            "files": self.files,
            "console": self.console,
            "provider": self.provider,
            "public": self.public,
            "metrics": self.metrics,
        }

    async def close(self) -> None:
        """Returns when all running and waiting work is done."""
        for pool in self.by_name.values():
            await pool.close()
