"""What a process of an executor keeps between its tasks: the database, with its connection."""

import os
from functools import lru_cache
from typing import Any

from muster.bootstrap.interpreter import tune_collector
from muster.storage import Storage, open_storage


class Secret:
    """A text that no `repr` shows: a database URL, a token. Pickled, it is in the task, which Spark does not print."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, (self.value,)


def get_storage(url: Secret) -> Storage:
    """The database of this process. Raises `InvalidDatabaseUrlError`."""
    return _open(url.value, os.getpid())


# A process that was forked after it opened a database must not share the connection.
@lru_cache(2)
def _open(url: str, process: int) -> Storage:
    tune_process(process)
    return open_storage(url, pool_size=1)


@lru_cache(1)
def tune_process(process: int) -> None:
    """With the default thresholds of the garbage collector, full customers take a third longer."""
    tune_collector()
