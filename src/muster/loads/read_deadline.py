"""The time in which the first rows of a file must be read, while somebody waits for them."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from muster.loads.rows import InvalidFileError

# Reading the first rows of 200,000 customers takes one to two seconds of ODS, all of which must be looked through for
# other sheets, and less than a second of other formats.
PREVIEW_SECONDS: Final = 10.0


class ReadTimeoutError(InvalidFileError):
    """The first rows can't be read within the time. The file may be sound."""


class ReadDeadline:
    """Is looked at between blocks of some 64 to 256 KiB, each of which takes milliseconds."""

    def __init__(self, seconds: float = PREVIEW_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def check(self) -> None:
        """Raises `ReadTimeoutError` after the deadline."""
        if self._clock() > self._end:
            raise ReadTimeoutError(
                f"reading its first rows takes more than {self._seconds:g} seconds; save it as CSV, of which only the "
                "beginning is read; or load it with the command `muster load` or by the API, which show no rows first"
            )

    def bound(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks, as long as there is time."""
        for block in blocks:
            self.check()
            yield block
