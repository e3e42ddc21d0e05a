"""What a process of an executor keeps between its tasks: the database, with its connection."""

import os
from functools import lru_cache
from typing import Any, Final

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


# By URL and process: one that was forked after it opened a database must not share the connection.
_storages: Final[dict[tuple[str, int], Storage]] = {}


def get_storage(url: Secret) -> Storage:
    """The database of this process. Raises `InvalidDatabaseUrlError`."""
    key = url.value, os.getpid()
    if key not in _storages:
        _storages[key] = open_storage(url.value, pool_size=1)
    return _storages[key]


def close_storages() -> None:
    """Closes the connections of this process. Using a database again opens new ones."""
    for (_, process), storage in _storages.items():
        if process == os.getpid():
            storage.close()


@lru_cache(1)
def tune_process(process: int) -> None:
    """With the default thresholds of the garbage collector, full customers take a third longer."""
    tune_collector()
