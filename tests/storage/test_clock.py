"""A storage with another clock: what it writes has that time."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, select

from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.auth.users import Role, User
from muster.intake.service import generate_batch_id
from muster.loads.load_store import LoadState, Part
from muster.storage import Storage
from muster.storage.tables import load_parts, users
from tests.loads.fakes import build_load
from tests.storage.samples import AT


def read_row(storage: Storage, query: Select[Any]) -> tuple[Any, ...]:
    with storage.engine.connect() as connection:
        return tuple(connection.execute(query).one())


def test_users_entries_and_loads_have_the_time_of_the_clock(storage: Storage) -> None:
    dated = storage.with_clock(lambda: AT)
    dated.users.add_user(User("anna", Role.SUBMIT), AuditEvent("os:root", Action.USER_ADDED, "anna"))
    dated.audit.append(AuditEvent("anna", Action.AUDIT_READ))
    load_id, lease = generate_batch_id(AT), uuid4()
    dated.loads.create(build_load(load_id, AT))
    dated.loads.add_part(load_id, Part(1, 4, b"digest"), b"part")
    dated.loads.start(load_id, size=4, content_sha256=b"digest")
    assert read_row(storage, select(load_parts.c.received_at)) == (AT,)
    dated.loads.lease(load_id, lease, timedelta(minutes=1))
    dated.loads.finish(load_id, lease, LoadState.COMPLETED, content_sha256=None)

    load = storage.loads.get(load_id)
    assert load is not None
    assert (load.started_at, load.ended_at) == (AT, AT)
    assert read_row(storage, select(users.c.created_at, users.c.changed_at)) == (AT, AT)
    assert [entry.at for entry in storage.audit.entries(EntryFilter(), after=0, limit=9)] == [AT, AT]


def test_clock_of_the_other_storage_stays_as_it_was(storage: Storage) -> None:
    storage.with_clock(lambda: AT)
    storage.audit.append(AuditEvent("anna", Action.AUDIT_READ))
    (entry,) = storage.audit.entries(EntryFilter(), after=0, limit=1)
    assert entry.at > AT
