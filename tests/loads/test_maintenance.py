"""What the service deletes by itself, and when."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from muster.audit.events import Action
from muster.intake.service import generate_batch_id
from muster.loads.load_store import LoadState
from muster.loads.maintenance import LoadMaintenance, MaintenanceTimes
from tests.loads.fakes import MemoryLoadStore, build_load
from tests.loads.service_fakes import LAYOUT, AuditList, Clock, EventList

DAY = timedelta(days=1)


@dataclass
class House:
    """A store with one load that ended with a refused row, and one upload that began."""

    keep: timedelta = 7 * DAY
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.store = MemoryLoadStore(self.clock)
        self.audit, self.observer = AuditList(), EventList()
        self.maintenance = LoadMaintenance(
            self.store,
            self.audit,
            self.observer,
            MaintenanceTimes(self.keep, between_counts=timedelta(milliseconds=1)),
            self.clock,
        )
        self.ended = self._add(has_ended=True)
        self.upload = self._add(has_ended=False)

    def _add(self, *, has_ended: bool) -> UUID:
        load = build_load(generate_batch_id(self.clock()), created_at=self.clock())
        self.store.create(load)
        if has_ended:
            lease = UUID(int=1)
            assert self.store.lease(load.id, lease, DAY)
            self.store.describe(load.id, lease, layout=LAYOUT, bytes_read=1)
            self.store._loads[load.id].refused[1] = b"row"
            self.store.finish(load.id, lease, LoadState.COMPLETED, content_sha256=None)
        return load.id

    def has_refused(self) -> bool:
        load = self.store.get(self.ended)
        assert load is not None
        return load.has_refused

    def is_cancelled(self) -> bool:
        load = self.store.get(self.upload)
        assert load is not None
        return load.state is LoadState.CANCELLED


def test_refused_rows_are_deleted_after_the_days_of_the_setting() -> None:
    house = House()
    house.clock.advance(7 * DAY - timedelta(seconds=1))
    house.maintenance.purge()
    assert house.has_refused()
    house.clock.advance(timedelta(seconds=2))
    house.maintenance.purge()
    assert not house.has_refused()
    assert house.audit.events[-1].details == {"refusedOf": 1, "abandoned": 0}


def test_an_upload_that_nothing_was_added_to_for_a_day_is_cancelled() -> None:
    house = House()
    house.clock.advance(DAY - timedelta(seconds=1))
    house.maintenance.purge()
    assert not house.is_cancelled()
    house.clock.advance(timedelta(seconds=2))
    house.maintenance.purge()
    assert house.is_cancelled()
    (event,) = house.audit.events
    assert (event.actor, event.action) == ("setting:keep_refused_days", Action.LOADS_PURGED)
    assert house.observer.events == [("purge", (0, 1))]


def test_a_purge_that_finds_nothing_leaves_no_entry() -> None:
    house = House()
    house.maintenance.purge()
    assert house.audit.events == []
    assert house.observer.events == []


def test_the_thread_survives_an_error_and_purges_in_time() -> None:
    house = House()
    house.clock.advance(8 * DAY)
    purged = threading.Event()
    errors = iter([RuntimeError()])
    purge_refused = house.store.purge_refused

    def fail_once(ended_before: object) -> int:
        house.clock.advance(timedelta(hours=1))
        if error := next(errors, None):
            raise error
        purged.set()
        return purge_refused(ended_before)  # type: ignore[arg-type]

    house.store.purge_refused = fail_once  # type: ignore[method-assign]
    thread = threading.Thread(target=house.maintenance.run)
    thread.start()
    house.clock.advance(timedelta(minutes=1))
    assert purged.wait(10)
    house.maintenance.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert [type(error) for error in house.observer.errors] == [RuntimeError]
    assert ("waiting", 0) in house.observer.events
