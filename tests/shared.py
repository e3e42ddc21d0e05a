"""Values that a test shares with the server's processes, which are forked from it."""

import io
import multiprocessing
import os
import pickle
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class SharedList(Sequence[T], Generic[T]):
    """A list that any of the processes appends to. Its items lie in a file, as each process has memory of its own."""

    def __init__(self) -> None:
        made, name = tempfile.mkstemp()
        os.close(made)
        self._fd = os.open(name, os.O_RDWR | os.O_APPEND)
        os.unlink(name)
        weakref.finalize(self, os.close, self._fd)

    def append(self, item: T) -> None:
        os.write(self._fd, pickle.dumps(item))

    def __iter__(self) -> Iterator[T]:
        file = io.BytesIO(os.pread(self._fd, os.fstat(self._fd).st_size, 0))
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return list(self)[index]

    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None  # type: ignore[assignment]  # as a list's

    def __repr__(self) -> str:
        return repr(list(self))


class Gate:
    """Work that waits until the test lets it through."""

    def __init__(self) -> None:
        self.entered = multiprocessing.Semaphore(0)
        self.opened = multiprocessing.Event()
        self._passed = multiprocessing.Semaphore(0)

    def __call__(self, content: bytes) -> None:
        self.entered.release()
        assert self.opened.wait(20)
        self._passed.release()

    def wait_for_entry(self) -> None:
        assert self.entered.acquire(timeout=20)

    @property
    def passed(self) -> int:
        return self._passed.get_value()
