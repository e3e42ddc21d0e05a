"""The parts of uploaded files: one row each, compressed. They are deleted one by one, so that no writer waits long."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, Insert, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from muster.loads.load_store import MAX_PART_BYTES, MAX_PARTS, LoadOptions, LoadState, Part
from muster.storage.compression import compress_part, decompress_part
from muster.storage.engine import ReadClock, read_clock, write_transaction
from muster.storage.erasure import erasing_transaction
from muster.storage.errors import StorageError, scrub_errors
from muster.storage.tables import load_parts, loads

_PART_KEY: Final = ("load_id", "number")


class SqlPartStore:
    """The part of a `LoadStore` that receives files."""

    def __init__(self, engine: Engine, read_time: ReadClock = read_clock) -> None:
        self._engine = engine
        self._read_time = read_time

    @scrub_errors
    def add_part(self, load_id: UUID, part: Part, content: bytes) -> bool:
        if len(content) > MAX_PART_BYTES or not 1 <= part.number <= MAX_PARTS:
            raise ValueError("the part is too large, or its number is out of range")
        compressed = compress_part(content)
        with write_transaction(self._engine) as connection:
            # Shared: parts of one file may arrive together, and wait for nothing but the start or the end of the load.
            if not _is_receiving(connection, load_id, is_shared=True):
                return False
            row = {"load_id": load_id, "number": part.number, "received_at": self._read_time(connection)}
            row |= {"size": part.size, "sha256": part.sha256, "content": compressed}
            connection.execute(_build_upsert(connection.dialect.name, row))
        return True

    @scrub_errors
    def parts(self, load_id: UUID) -> Sequence[Part]:
        query = select(load_parts.c.number, load_parts.c.size, load_parts.c.sha256)
        query = query.where(load_parts.c.load_id == load_id).order_by(load_parts.c.number)
        with self._engine.connect() as connection:
            return [Part(*row) for row in connection.execute(query)]

    @scrub_errors
    def read_part(self, load_id: UUID, number: int) -> bytes | None:
        query = select(load_parts.c.content).where(load_parts.c.load_id == load_id, load_parts.c.number == number)
        with self._engine.connect() as connection:
            content = connection.execute(query).scalar_one_or_none()
        return None if content is None else decompress_part(content)

    @scrub_errors
    def configure(self, load_id: UUID, options: LoadOptions) -> bool:
        is_receiving = loads.c.id == load_id, loads.c.state == LoadState.RECEIVING.value
        values = {"options": msgspec.to_builtins(options), "is_dry_run": options.dry_run}
        query = update(loads).where(*is_receiving).values(values)
        with write_transaction(self._engine) as connection:
            return connection.execute(query).rowcount == 1

    @scrub_errors
    def start(self, load_id: UUID, *, size: int, content_sha256: bytes) -> bool:
        c = load_parts.c
        received = select(func.count(), func.max(c.number), func.sum(c.size)).where(c.load_id == load_id)
        values = {"state": LoadState.WAITING.value, "is_uploaded": True, "size": size, "content_sha256": content_sha256}
        with write_transaction(self._engine) as connection:
            # Locked first: afterwards no part can be added or replaced.
            if not _is_receiving(connection, load_id, is_shared=False):
                return False
            count, last, total = connection.execute(received).one()
            if (count, size) != (last or 0, total or 0):
                return False
            connection.execute(update(loads).where(loads.c.id == load_id).values(values))
        return True


def delete_parts(engine: Engine, load_id: UUID) -> None:
    """Deletes the parts of a load that has ended. Never raises: the next purge deletes those that are left."""
    with suppress(StorageError):
        while _delete_first_part(engine, load_id):
            pass


@scrub_errors
def _delete_first_part(engine: Engine, load_id: UUID) -> bool:
    of_load = load_parts.c.load_id == load_id
    with erasing_transaction(engine) as connection:
        number = connection.execute(select(func.min(load_parts.c.number)).where(of_load)).scalar_one()
        if number is None:
            return False
        connection.execute(delete(load_parts).where(of_load, load_parts.c.number == number))
    return True


def _is_receiving(connection: Connection, load_id: UUID, *, is_shared: bool) -> bool:
    """Locks the load until the end of the transaction."""
    query: Select[Any] = select(loads.c.state).where(loads.c.id == load_id).with_for_update(read=is_shared)
    return connection.execute(query).scalar_one_or_none() == LoadState.RECEIVING


def _build_upsert(dialect: str, row: dict[str, Any]) -> Insert:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(load_parts).values(row)
    replaced = {name: insert.excluded[name] for name in row if name not in _PART_KEY}
    return insert.on_conflict_do_update(index_elements=_PART_KEY, set_=replaced)
