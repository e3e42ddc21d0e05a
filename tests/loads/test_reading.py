"""Loads as users see them: who sees which, and what is left of them after their end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from muster.audit.events import Action, AuditEvent
from muster.audit.queue import AuditQueue
from muster.auth.read_audit import ReadAudit
from muster.auth.users import Role, User
from muster.intake.checkpoint import START, Checkpoint, Position, Totals
from muster.intake.service import generate_batch_id
from muster.loads.load_store import LoadOptions, LoadState, Part
from muster.loads.reading import WITHHELD_NAME, LoadNotEndedError, LoadReader
from muster.loads.refused_rows import RefusedRow, pack_refused_rows
from tests.loads.fakes import MemoryLoadStore, build_load
from tests.loads.service_fakes import ADA, ANNA, BEN, LAYOUT, RITA, AuditList, FakeResults

BOTH = User("both", Role.SUBMIT | Role.READ, ("MAIN",))
FIRST_BATCH, SECOND_BATCH = UUID(int=1), UUID(int=2)


@dataclass
class Library:
    """Loads of `anna` in memory."""

    store: MemoryLoadStore = field(default_factory=MemoryLoadStore)
    audit: AuditList = field(default_factory=AuditList)
    results: FakeResults = field(default_factory=FakeResults)
    units: frozenset[str] = frozenset({"MAIN"})

    def __post_init__(self) -> None:
        self.queue = AuditQueue(self.audit)
        self.reader = LoadReader(self.store, self.results, lambda: self.units, ReadAudit(self.audit, self.queue))

    def add(self, *, dry_run: bool = False, has_ended: bool = True, options: LoadOptions | None = None) -> UUID:
        """A load of two chunks, each with a refused row."""
        load = build_load(generate_batch_id(self.store.now()), options=options or LoadOptions(dry_run=dry_run))
        self.store.create(load)
        self.store.add_part(load.id, Part(1, 3, b""), b"abc")
        self.store.start(load.id, size=3, content_sha256=b"")
        lease = UUID(int=1)
        assert self.store.lease(load.id, lease, timedelta(minutes=1))
        self.store.describe(load.id, lease, layout=LAYOUT, bytes_read=3)
        before = START
        for row, batch in ((1, FIRST_BATCH), (2, SECOND_BATCH)):
            after = Position(row, 0, b"")
            refused = pack_refused_rows([RefusedRow(row, f"row {row}", None, ("C001",), ("wrong",))])
            totals = Totals(rows=row, refused=row)
            self.store.save_checkpoint(Checkpoint(load.id, lease, before, after, row, totals, refused), batch)
            before = after
        if has_ended:
            self.store.finish(load.id, lease, LoadState.COMPLETED, content_sha256=None)
        return load.id


@pytest.mark.parametrize(("user", "is_visible"), [(ANNA, True), (BEN, False), (RITA, True), (ADA, True), (BOTH, True)])
def test_a_load_is_visible_to_whom_its_batches_are(user: User, is_visible: bool) -> None:
    library = Library()
    load_id = library.add(has_ended=False)
    assert (library.reader.load(load_id, user) is not None) is is_visible
    assert (library.reader.parts(load_id, user) is not None) is is_visible
    assert [load.id for load in library.reader.loads(user, before=None, limit=9).items] == [load_id] * is_visible


@pytest.mark.parametrize(
    ("user", "is_named"),
    [
        (ANNA, True),
        (ADA, True),
        (User("main", Role.READ, ("MAIN",)), True),
        (User("riga", Role.READ, ("RIGA",)), False),
        (User("anna", Role.SUBMIT | Role.READ, ("RIGA",)), True),
        (User("gone", Role.READ, ("GONE",)), False),
    ],
    ids=["sender", "admin", "same unit", "other unit", "sender and reader of another unit", "no unit"],
)
def test_names_that_a_sender_of_other_units_has_given_are_withheld(user: User, is_named: bool) -> None:
    library = Library(units=frozenset({"MAIN", "RIGA"}))
    load_id = library.add(options=LoadOptions(mapping={"ignore": ["secret"]}, sheet="secret"))
    for load in (library.reader.load(load_id, user), *library.reader.loads(user, before=None, limit=9).items):
        assert load is not None
        assert load.name == ("customers.csv" if is_named else WITHHELD_NAME)
        assert (load.options.mapping is not None, load.options.sheet is not None) == (is_named, is_named)
        assert load.totals.rows == 2


@pytest.mark.parametrize(
    ("user", "is_visible"), [(ANNA, True), (BEN, False), (RITA, False), (ADA, True), (BOTH, False)]
)
def test_refused_rows_are_visible_to_sender_and_admin_and_noted(user: User, is_visible: bool) -> None:
    library = Library()
    load_id = library.add()
    refused = library.reader.refused(load_id, user)
    assert (refused is not None) is is_visible
    if refused is not None:
        assert [row.raw for row in refused.rows] == ["row 1", "row 2"]
        assert refused.layout == LAYOUT
    library.queue.close()
    noted = [(event.actor, event.action, event.subject) for event in library.audit.events]
    action = Action.REFUSED_ROWS_READ if is_visible else Action.READ_REFUSED
    assert noted == [(user.name, action, str(load_id))]


@pytest.mark.parametrize(("user", "is_visible"), [(ANNA, True), (RITA, False), (ADA, True), (BOTH, False)])
def test_the_first_refused_rows_are_read_before_the_end_too_and_noted(user: User, is_visible: bool) -> None:
    library = Library()
    load = library.store.get(library.add(has_ended=False))
    assert load is not None
    assert library.reader.sees_refused(load, user) is is_visible
    refused = library.reader.first_refused(load, user, limit=1)
    assert (refused is not None) is is_visible
    if refused is not None:
        assert [row.raw for row in refused.rows] == ["row 1"]
    details = {"rows": 1}
    expected = [AuditEvent(user.name, Action.FIRST_REFUSED_ROWS_READ, str(load.id), details)] if is_visible else []
    assert library.audit.events == expected


def test_refused_rows_that_are_no_longer_kept_are_none() -> None:
    library = Library()
    load_id = library.add()
    library.store.delete_refused(load_id)
    assert library.reader.refused(load_id, ANNA) is None
    assert library.audit.events == []


def test_refused_rows_and_results_wait_for_the_end_of_the_load() -> None:
    library = Library()
    load_id = library.add(has_ended=False)
    for read in (library.reader.refused, library.reader.results):
        with pytest.raises(LoadNotEndedError):
            read(load_id, ANNA)


def lines(library: Library, load_id: UUID, user: User) -> Sequence[bytes] | None:
    groups = library.reader.results(load_id, user)
    return None if groups is None else [bytes(result) for group in groups for result in group]


def test_results_are_those_of_the_batches_in_order() -> None:
    library = Library()
    load_id = library.add()
    both = [f'{{"batch":"{batch}"}}'.encode() for batch in (FIRST_BATCH, SECOND_BATCH)]
    assert lines(library, load_id, ANNA) == both
    assert lines(library, load_id, BEN) is None
    library.results.purged.add(FIRST_BATCH)
    assert lines(library, load_id, ANNA) == both[1:]


def test_results_are_noted_as_a_whole_before_the_first() -> None:
    library = Library()
    load_id = library.add()
    assert library.reader.results(load_id, ANNA) is not None
    assert library.audit.events == [AuditEvent("anna", Action.LOAD_RESULTS_READ, str(load_id), {"batches": 2})]


@pytest.mark.parametrize(
    ("name", "resource"),
    [("load", "load"), ("parts", "parts"), ("refused", "refused rows"), ("results", "results")],
)
def test_load_of_another_user_is_noted_as_refused(name: str, resource: str) -> None:
    library = Library()
    load_id = library.add()
    assert getattr(library.reader, name)(load_id, BEN) is None
    assert getattr(library.reader, name)(UUID(int=9), BEN) is None
    library.queue.close()
    details = {"resource": resource, "reason": "other sender"}
    assert library.audit.events == [AuditEvent("ben", Action.READ_REFUSED, str(load_id), details)]


def test_a_dry_run_has_no_results() -> None:
    library = Library()
    assert lines(library, library.add(dry_run=True), ANNA) is None


def test_pages_of_loads_are_newest_first() -> None:
    library = Library()
    ids = sorted(library.add() for _ in range(3))
    page = library.reader.loads(ANNA, before=None, limit=2)
    assert [load.id for load in page.items] == [ids[2], ids[1]]
    assert page.next == ids[1]
    rest = library.reader.loads(ANNA, before=page.next, limit=2)
    assert ([load.id for load in rest.items], rest.next) == ([ids[0]], None)
