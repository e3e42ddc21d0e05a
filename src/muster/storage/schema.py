"""The schema's revision: its state relative to this version of muster, and upgrades."""

from enum import StrEnum
from functools import partial
from typing import Final

from sqlalchemy import Connection, Engine, inspect, select, text

from muster.storage.engine import write_transaction
from muster.storage.errors import SchemaTooNewError, StorageError, scrub_errors
from muster.storage.postgres.bounded_connection import without_timeout
from muster.storage.postgres.citus import fetch_value, is_worker_node
from muster.storage.tables import revisions

# The migrations, oldest first; a test compares them with the files. Stated here because loading Alembic takes a quarter
# of a second, and the health check needs them every few seconds.
REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
)
HEAD_REVISION: Final = REVISIONS[-1]

# The row of `revisions` with the oldest `HEAD_REVISION` whose code can work on the schema.
MIN_COMPATIBLE: Final = "min_compatible_revision"

# Why the schema can't be changed here, and what to do.
IS_WORKER: Final = "this node is a worker of a Citus cluster, which takes no changes of the schema"
NAME_COORDINATOR: Final = "name the coordinator with --database"

_UPGRADE_LOCK: Final = 0x6D7573746572  # an advisory lock that nothing else uses: "muster" in ASCII


class SchemaState(StrEnum):
    """The state of a database's schema, relative to this version of muster."""

    CURRENT = "current"
    OUTDATED = "outdated"  # needs an upgrade
    EMPTY = "empty"  # has no tables of muster
    NEWER_COMPATIBLE = "newer_compatible"  # from a later version of muster; this version can work on it
    NEWER_INCOMPATIBLE = "newer_incompatible"  # from a later version of muster; this version can't work on it


# Includes the newer one: during an upgrade without downtime, services of two versions share the database.
USABLE_STATES: Final = frozenset({SchemaState.CURRENT, SchemaState.NEWER_COMPATIBLE})


@scrub_errors
def read_schema_state(engine: Engine) -> SchemaState:
    """Raises `StorageUnavailableError`."""
    with engine.connect() as connection:
        return _read_state(connection)


@scrub_errors
def upgrade(engine: Engine) -> bool:
    """Creates or upgrades the schema in one transaction. False when nothing was to be done.

    Several processes may call it at once: one upgrades, the others wait for it. Raises `SchemaTooNewError`,
    `StorageUnavailableError`.
    """
    if read_schema_state(engine) in USABLE_STATES:
        return False
    with write_transaction(engine) as connection, without_timeout(connection):
        if connection.dialect.name == "postgresql":
            lock_upgrades(connection)
            _check_encoding(connection)
            _check_node(connection)
        state = _read_state(connection)
        if state is SchemaState.NEWER_INCOMPATIBLE:
            raise SchemaTooNewError("the database's schema was made by a later version of muster")
        if state in USABLE_STATES:
            return False
        migrate(connection)
        return True


def lock_upgrades(connection: Connection) -> None:
    """Waits until no other process changes the schema of a PostgreSQL database."""
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})


def migrate(connection: Connection, revision: str = HEAD_REVISION) -> None:
    """Runs the migrations up to a revision, in the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "muster.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _read_state(connection: Connection) -> SchemaState:
    if not inspect(connection).has_table("alembic_version"):
        return SchemaState.EMPTY
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if revision is None:
        return SchemaState.EMPTY
    if revision not in REVISIONS:
        return SchemaState.NEWER_COMPATIBLE if _is_compatible(connection) else SchemaState.NEWER_INCOMPATIBLE
    return SchemaState.CURRENT if revision == HEAD_REVISION else SchemaState.OUTDATED


def _is_compatible(connection: Connection) -> bool:
    """Whether a schema of an unknown revision states that code of our revision can work on it."""
    if not inspect(connection).has_table(revisions.name):
        return False
    query = select(revisions.c.revision).where(revisions.c.name == MIN_COMPATIBLE)
    min_compatible = connection.execute(query).scalar_one_or_none()
    return min_compatible is not None and min_compatible <= int(HEAD_REVISION)


def _check_node(connection: Connection) -> None:
    if is_worker_node(partial(fetch_value, connection)):
        error = StorageError(IS_WORKER)
        error.remedy = NAME_COORDINATOR
        raise error


def _check_encoding(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StorageError(
            f"the database has the encoding {encoding}, which can't store every name; create it with UTF8"
        )
