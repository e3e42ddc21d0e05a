"""The database of a job, as its driver sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from muster.auth.authorization import SUBMIT_BATCHES
from muster.bootstrap.database import open_checked_database
from muster.bootstrap.senders import LoadSender, make_operator
from muster.settings import Settings
from muster.spark.errors import InvalidFrameError
from muster.spark.executor import Secret
from muster.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def check_reachable(url: Secret, session: "SparkSession") -> None:
    """Raises `InvalidFrameError` for a file of this machine when executors are on others."""
    if not url.value.startswith("sqlite"):
        return
    master = session.conf.get("spark.master", "") or ""
    if master != "local" and not master.startswith("local["):
        raise InvalidFrameError("a SQLite file is there for this machine alone; give the URL of a PostgreSQL database")


@contextmanager
def open_for_driver(url: Secret) -> Iterator[Storage]:
    """The database. Raises what `open_checked_database` does."""
    store = open_checked_database(Settings.read({}, database=url.value, threads=1), makes=False)
    try:
        yield store
    finally:
        store.close()


def find_sender(store: Storage, name: str | None) -> LoadSender:
    """The user of this name, who may submit; an operator for None. Raises `InvalidFrameError`."""
    if name is None:
        return make_operator(store, "spark")
    user = store.users.user(name)
    if user is None or user.disabled or not SUBMIT_BATCHES.is_granted(user):
        raise InvalidFrameError(
            "sender: there is no such user, or it is disabled or may not submit customers; `muster user list` shows all"
        )
    return LoadSender(user.name, user.business_units)
