"""Saved mappings of files, by the same statements on both databases."""

from collections.abc import Sequence

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from muster.audit.events import AuditEvent
from muster.loads.saved_mappings import MappingInfo, SavedMapping
from muster.storage.audit import append_event
from muster.storage.engine import read_own_clock, write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.tables import mappings


class SqlMappingStore:
    """A `MappingStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @scrub_errors
    def find_mappings(self, header_sha256: bytes, *, limit: int) -> Sequence[SavedMapping]:
        c = mappings.c
        query = select(c.name, c.saved_by, c.saved_at, c.header_sha256, c.mapping)
        query = query.where(c.header_sha256 == header_sha256).order_by(c.saved_at.desc(), c.name).limit(limit)
        with self._engine.connect() as connection:
            return [SavedMapping(*row) for row in connection.execute(query)]

    @scrub_errors
    def list_mappings(self) -> Sequence[MappingInfo]:
        c = mappings.c
        with self._engine.connect() as connection:
            found = connection.execute(select(c.name, c.saved_by, c.saved_at).order_by(c.name))
            return [MappingInfo(*row) for row in found]

    @scrub_errors
    def save_mapping(self, saved: SavedMapping, event: AuditEvent, *, max_saved: int) -> bool:
        row = {
            "name": saved.name,
            "header_sha256": saved.header_sha256,
            "mapping": saved.mapping,
            "saved_by": saved.saved_by,
            "saved_at": saved.saved_at,
        }
        insert = (postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert)(mappings).values(
            row
        )
        replaced = {name: insert.excluded[name] for name in row if name != "name"}
        with write_transaction(self._engine) as connection:
            others = select(func.count()).select_from(mappings).where(mappings.c.name != saved.name)
            if connection.execute(others).scalar_one() >= max_saved:
                return False
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=replaced))
            append_event(connection, event, read_own_clock)
        return True

    @scrub_errors
    def delete_mapping(self, name: str, event: AuditEvent) -> bool:
        with write_transaction(self._engine) as connection:
            is_deleted = connection.execute(delete(mappings).where(mappings.c.name == name)).rowcount > 0
            if is_deleted:
                append_event(connection, event, read_own_clock)
        return is_deleted
