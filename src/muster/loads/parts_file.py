"""The uploaded parts of a load as one file: seekable, read-only, in the memory of a few parts."""

import io
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from typing import Any, Final, Protocol
from uuid import UUID

from muster.intake.checkpoint import LeaseLostError
from muster.loads.load_store import Load, Part

# The part that is read, the next one, and two more: a reader of a zip archive goes back and forth between the directory
# at its end and the sheet.
_CACHED_PARTS: Final = 4

# Reads the content of the part with this number; None when it is gone.
ReadPart = Callable[[int], bytes | None]


class PartReader(Protocol):
    def parts(self, load_id: UUID) -> Sequence[Part]: ...

    def read_part(self, load_id: UUID, number: int) -> bytes | None: ...


def open_parts(store: PartReader, load: Load) -> "PartsFile":
    """The uploaded file of a load."""
    return PartsFile(store.parts(load.file_id), lambda number: store.read_part(load.file_id, number))


class PartsFile(io.RawIOBase):
    """A file over parts, in the order of their numbers. While it is read in order, the next part is fetched already.

    Raises `LeaseLostError` for a part that is gone: the load was cancelled, or another worker has ended it. Belongs to
    one thread; `read_part` is called in another one too.
    """

    def __init__(self, parts: Sequence[Part], read_part: ReadPart) -> None:
        super().__init__()
        self._parts = sorted((part for part in parts if part.size), key=lambda part: part.number)
        self._starts = [0, *accumulate(part.size for part in self._parts)]
        self.size = self._starts[-1]
        self._read_part = read_part
        self._position = 0
        self._fetcher = ThreadPoolExecutor(1, thread_name_prefix="muster-load-parts")
        self._fetched: OrderedDict[int, Future[bytes]] = OrderedDict()  # by index, least recently used first

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        self._check_open()
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._check_open()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("the position is before the start of the file")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Reads up to the end of one part."""
        self._check_open()
        if self._position >= self.size:
            return 0
        index = bisect_right(self._starts, self._position) - 1
        content = self._get_part(index)
        start = self._position - self._starts[index]
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(content) - start)
        view[:count] = memoryview(content)[start : start + count]
        self._position += count
        return count

    def close(self) -> None:
        if not self.closed:
            self._fetcher.shutdown(wait=True, cancel_futures=True)
            self._fetched.clear()
        super().close()

    def _get_part(self, index: int) -> bytes:
        is_next = index - 1 in self._fetched
        fetched = self._fetch(index)
        if (is_next or index == 0) and index + 1 < len(self._parts):
            self._fetch(index + 1)
            self._fetched.move_to_end(index)
        return fetched.result()

    def _fetch(self, index: int) -> "Future[bytes]":
        future = self._fetched.get(index)
        # A part whose reading failed is read again: the database may be back.
        if future is None or (future.done() and future.exception() is not None):
            future = self._fetched[index] = self._fetcher.submit(self._read, self._parts[index])
        self._fetched.move_to_end(index)
        while len(self._fetched) > _CACHED_PARTS:
            self._fetched.popitem(last=False)
        return future

    def _read(self, part: Part) -> bytes:
        content = self._read_part(part.number)
        if content is None:
            raise LeaseLostError
        return content

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")
