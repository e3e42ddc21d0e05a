"""The sample as the service shows it, on both databases. A small one: each takes 0.7 s of CPU time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select

from muster.audit.events import Action, AuditEntry, EntryFilter
from muster.audit.queue import AuditQueue
from muster.audit.reader import verify_log
from muster.auth.passwords import verify_password
from muster.auth.read_audit import ReadAudit
from muster.auth.users import Role, User
from muster.loads.load_store import LoadState
from muster.records.reading import RecordReader
from muster.sample_data import BUSINESS_UNITS, SampleUsers, add_sample_data
from muster.sample_data.accounts import CARDS, DEBIT_CARD
from muster.sample_data.case_histories import read_case_histories
from muster.sample_data.schedule import SamplePeriod
from muster.storage import Storage, open_storage
from muster.storage.tables import batch_units, batches, customer_history, customers, rejection_counts, rejections

TODAY = date(2024, 5, 26)  # a Sunday
SIZE = 0.05
PASSWORD = "correct horse"
PERIOD = SamplePeriod(TODAY)
END = datetime.combine(TODAY, time(0, 1), UTC)  # what other tests read is in the audit log later


@dataclass(frozen=True)
class Sample:
    store: Storage
    users: SampleUsers

    def read(self, query: Select[Any]) -> list[Any]:
        with self.store.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]


@pytest.fixture(scope="module")
def sample(shared_database_url: str) -> Iterator[Sample]:
    store = open_storage(shared_database_url)
    yield Sample(store, add_sample_data(store, TODAY, size=SIZE, password=PASSWORD))
    store.close()


@pytest.fixture(scope="module")
def repeated(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """The sample once more, of the same day."""
    path = tmp_path_factory.mktemp("repeated") / "muster.db"
    path.write_bytes(_migrated_sqlite.read_bytes())
    store = open_storage(f"sqlite:///{path}")
    yield Sample(store, add_sample_data(store, TODAY, size=SIZE, password=PASSWORD))
    store.close()


def is_repeatable(entry: AuditEntry) -> bool:
    """Whether the subject is not an id of a load or a token."""
    return not entry.action.startswith(("load.", "token."))


def list_content(sample: Sample) -> list[Any]:
    """All that is the same for the same day."""
    documents = [
        (*row[:-1], row[-1] if isinstance(row[-1], dict) else json.loads(row[-1]))
        for table in (customers, customer_history)
        for row in sample.read(
            select(table.c.customer_ext_id, table.c.business_unit, table.c.version, table.c.document).order_by(
                table.c.customer_ext_id, table.c.business_unit, table.c.version
            )
        )
    ]
    sent = sample.read(
        select(batches.c.received_at, batches.c.sender, batches.c.accepted, batches.c.rejected).order_by(batches.c.id)
    )
    refused = sample.read(
        select(rejections.c.communication_number, rejections.c.violations).order_by(
            rejections.c.batch_id, rejections.c.position
        )
    )
    entries = [
        (entry.at, entry.actor, entry.action, entry.subject if is_repeatable(entry) else "")
        for entry in sample.store.audit.entries(EntryFilter(until=END), after=0, limit=1_000)
    ]
    return [documents, sent, refused, entries]


def test_same_day_gives_the_same_data(sample: Sample, repeated: Sample) -> None:
    assert list_content(sample) == list_content(repeated)


def test_every_day_has_accepted_and_refused_customers_and_none_is_later(sample: Sample) -> None:
    rows = sample.read(select(batch_units.c.day, batch_units.c.accepted, batch_units.c.rejected))
    accepted = {day for day, accepted, _ in rows if accepted}
    rejected = {day for day, _, rejected in rows if rejected}
    assert accepted == rejected == set(PERIOD.days)
    (last,) = sample.read(select(batches.c.received_at).order_by(batches.c.id.desc()).limit(1))
    assert last[0] < END


def test_cards_are_refused_for_an_unknown_code_until_an_admin_adds_it(sample: Sample) -> None:
    wanted = (rejection_counts.c.code == "Q006.OS01") & (rejection_counts.c.sender == CARDS)
    days = {day for (day,) in sample.read(select(rejection_counts.c.day).where(wanted))}
    assert PERIOD.new_code_sent in days
    assert max(days) < PERIOD.new_code_added
    (entry,) = sample.store.audit.entries(
        EntryFilter(actor=sample.users.admin, action=Action.CLASSIFIERS_IMPORTED.text), after=0, limit=2
    )
    assert (entry.at.date(), entry.subject) == (PERIOD.new_code_added, DEBIT_CARD.classifier)


def test_history_shows_who_changed_what_and_when(sample: Sample) -> None:
    audit_queue = AuditQueue(sample.store.audit)
    reader = RecordReader(
        sample.store.records, lambda: frozenset(BUSINESS_UNITS), ReadAudit(sample.store.audit, audit_queue)
    )
    anna = User("anna", Role.READ, BUSINESS_UNITS)
    for case in read_case_histories():
        page = reader.history(case.ext_id, case.unit, anna, below=None, limit=20, with_values=True)
        steps = [step for step in case.steps if step.refused is None]
        assert page is not None
        versions = [change.version for change in page.items]
        assert [version.version for version in versions] == list(range(len(steps), 0, -1))
        for version, step in zip(reversed(versions), steps, strict=True):
            assert (version.accepted_by, version.accepted_at.date()) == (step.sender, PERIOD.get_day(step.days_ago))
    audit_queue.close()


def test_migration_is_tried_mended_and_loaded_and_its_refused_rows_are_kept(sample: Sample) -> None:
    given_up, loaded, tried, failed, clean = sample.store.loads.list(sender=None, before=None, limit=9)
    states = [load.state for load in (given_up, loaded, tried, failed, clean)]
    completed = LoadState.COMPLETED
    assert states == [LoadState.CANCELLED, completed, completed, LoadState.FAILED, completed]
    assert tried.options.dry_run
    assert tried.totals.rows == loaded.totals.rows
    assert tried.totals.refused > loaded.totals.refused > 0
    assert (loaded.has_refused, clean.totals.refused) == (True, 0)
    assert failed.problem is not None
    assert clean.ended_at is not None
    assert clean.ended_at - clean.created_at < timedelta(minutes=1)


def test_audit_log_is_whole_and_in_the_order_of_time(sample: Sample) -> None:
    entries = sample.store.audit.entries(EntryFilter(), after=0, limit=1_000)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert verify_log(sample.store.audit).number == len(entries)  # raises for a broken chain
    actions = {entry.action for entry in entries}
    expected = {Action.SIGN_IN_REFUSED, Action.HISTORY_VALUES_READ, Action.READ_REFUSED, Action.REFUSED_ROWS_READ}
    assert {action.text for action in expected | {Action.TOKEN_REVOKED, Action.USER_DISABLED}} <= actions


def test_people_of_all_roles_can_sign_in(sample: Sample) -> None:
    users = sample.users
    names = (users.admin, users.compliance, users.operator, users.reader, users.auditor, users.metrics)
    found = [sample.store.users.user(name) for name in names]
    roles = Role(0)
    for user in found:
        assert user is not None
        assert not user.disabled
        roles |= user.roles
    assert roles == Role.SUBMIT | Role.READ | Role.WATCH | Role.AUDIT | Role.ADMIN
    assert found[0] is not None
    assert verify_password(found[0].password_hash or "", PASSWORD)
    former = sample.store.users.user(users.former)
    assert former is not None
    assert former.disabled
    assert all(token.last_used_at or token.revoked_at for token in sample.store.users.tokens(CARDS))


def test_every_document_says_that_it_is_made_up(sample: Sample) -> None:
    for table in (customers, customer_history):
        for ext_id, document in sample.read(select(table.c.customer_ext_id, table.c.document)):
            assert ext_id.startswith("SAMPLE-")
            assert "sample_data" in (document if isinstance(document, str) else json.dumps(document))
