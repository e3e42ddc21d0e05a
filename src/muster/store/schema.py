"""The schema's version: which one a database has, and bringing it to ours."""

from enum import StrEnum

from sqlalchemy import Connection, Engine, inspect, text

from .engine import writing
from .errors import SchemaIsNewer, StoreError, without_values

# The migrations by name, oldest first; a test holds them to the files. Named here, since loading Alembic takes a
# quarter of a second, and the health check asks every few seconds.
REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]

# Any number that nothing else in the database locks: "muster" in ASCII.
_UPGRADE_LOCK = 0x6D7573746572


class SchemaState(StrEnum):
    """What a database's schema is to this version of muster."""

    CURRENT = "current"
    OLD = "old"  # an upgrade is needed
    EMPTY = "empty"  # nothing of ours is there yet
    NEWER = "newer"  # made by a later version of muster


@without_values
def schema_state(engine: Engine) -> SchemaState:
    """Raises `StoreUnavailable`."""
    with engine.connect() as connection:
        return _state(connection)


@without_values
def upgrade(engine: Engine) -> bool:
    """Creates or upgrades the schema in one transaction; False when there was nothing to do.

    Several may do so at once: one does the work and the others wait for it. Raises `SchemaIsNewer`,
    `StoreUnavailable`.
    """
    if schema_state(engine) is SchemaState.CURRENT:
        return False
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            _check_encoding(connection)
        state = _state(connection)
        if state is SchemaState.NEWER:
            raise SchemaIsNewer("the database's schema was made by a later version of muster")
        if state is SchemaState.CURRENT:
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
        return SchemaState.NEWER
    return SchemaState.CURRENT if revision == HEAD else SchemaState.OLD


def _check_encoding(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StoreError(f"the database is encoded in {encoding} and can't hold every name; create it with UTF8")


def migrate(connection: Connection, revision: str = HEAD) -> None:
    """Brings the schema up to this revision."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "muster.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
