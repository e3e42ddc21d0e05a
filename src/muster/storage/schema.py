"""The schema's version: which one a database has, and bringing it to ours."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Engine, inspect, select, text

from muster.storage.engine import write_transaction
from muster.storage.errors import SchemaTooNewError, StorageError, scrub_errors
from muster.storage.tables import revisions

# The migrations by name, oldest first; a test holds them to the files. Named here, since loading Alembic takes a
# quarter of a second, and the health check asks every few seconds.
REVISIONS = ("0001", "0002", "0003")
HEAD_REVISION = REVISIONS[-1]

# The row of `revisions` that says which is the oldest code, by its `HEAD_REVISION`, that can work on the schema.
MIN_COMPATIBLE = "oldest code"

# Any number that nothing else in the database locks: "muster" in ASCII.
_UPGRADE_LOCK = 0x6D7573746572


class SchemaState(StrEnum):
    """What a database's schema is to this version of muster."""

    CURRENT = "current"
    OUTDATED = "outdated"  # an upgrade is needed
    EMPTY = "empty"  # nothing of ours is there yet
    NEWER_COMPATIBLE = "newer_compatible"  # made by a later version of muster, and this one can work on it
    NEWER_INCOMPATIBLE = "newer_incompatible"  # made by a later version of muster, and this one must not touch it


# What this version can work on. Services of two versions run side by side while they are upgraded one by one.
USABLE_STATES: Final = frozenset({SchemaState.CURRENT, SchemaState.NEWER_COMPATIBLE})


@scrub_errors
def schema_state(engine: Engine) -> SchemaState:
    """Raises `StorageUnavailableError`."""
    with engine.connect() as connection:
        return _state(connection)


@scrub_errors
def upgrade(engine: Engine) -> bool:
    """Creates or upgrades the schema in one transaction; False when there was nothing to do.

    Several may do so at once: one does the work and the others wait for it. Raises `SchemaTooNewError`,
    `StorageUnavailableError`.
    """
    if schema_state(engine) in USABLE_STATES:
        return False
    with write_transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # who waits here waits for the work to be done
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            _check_encoding(connection)
        state = _state(connection)
        if state is SchemaState.NEWER_INCOMPATIBLE:
            raise SchemaTooNewError("the database's schema was made by a later version of muster")
        if state in USABLE_STATES:
            return False
        migrate(connection)
        return True


def _state(connection: Connection) -> SchemaState:
    if not inspect(connection).has_table("alembic_version"):
        return SchemaState.EMPTY
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if revision is None:
        return SchemaState.EMPTY
    if revision not in REVISIONS:
        return SchemaState.NEWER_COMPATIBLE if _is_open_to_older_code(connection) else SchemaState.NEWER_INCOMPATIBLE
    return SchemaState.CURRENT if revision == HEAD_REVISION else SchemaState.OUTDATED


def _is_open_to_older_code(connection: Connection) -> bool:
    """Whether a schema that we don't know says that code of our revision can work on it."""
    if not inspect(connection).has_table(revisions.name):
        return False
    oldest = connection.execute(
        select(revisions.c.revision).where(revisions.c.name == MIN_COMPATIBLE)
    ).scalar_one_or_none()
    return oldest is not None and oldest <= int(HEAD_REVISION)


def _check_encoding(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StorageError(f"the database is encoded in {encoding} and can't hold every name; create it with UTF8")


def migrate(connection: Connection, revision: str = HEAD_REVISION) -> None:
    """Brings the schema up to this revision."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "muster.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
