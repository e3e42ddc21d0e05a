"""The threads of one process that work on loads."""

import threading
from datetime import timedelta

from muster.intake.service import generate_batch_id
from muster.loads.background import LoadBackground
from muster.loads.job import LoadJob
from muster.loads.load_store import Load, LoadState, Part
from muster.loads.maintenance import MaintenanceTimes
from muster.loads.worker import LoadEnvironment, WorkerTimes
from tests.loads.fakes import MemoryLoadStore, build_load
from tests.loads.service_fakes import AuditList, EventList, FakeRunner, make_name_mapper, open_lines


class EndedLoads(EventList):
    """Tells when loads have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = threading.Semaphore(0)

    def record_end(self, load: Load) -> None:
        super().record_end(load)
        self.ended.release()


def build(store: MemoryLoadStore, workers: int) -> LoadBackground:
    environment = LoadEnvironment(
        store, AuditList(), is_passing=lambda error: False, times=WorkerTimes(poll=timedelta(hours=1))
    )
    job = LoadJob(store, FakeRunner(store), open_lines, make_name_mapper)
    return LoadBackground(job, environment, MaintenanceTimes(timedelta(days=1)), workers=workers)


def add(store: MemoryLoadStore) -> None:
    load = build_load(generate_batch_id(store.now()))
    store.create(load)
    store.add_part(load.id, Part(1, 4, b""), b"one\n")
    store.start(load.id, size=4, content_sha256=b"")


def test_workers_run_what_waits_at_the_start_and_what_they_are_woken_for() -> None:
    store, observer = MemoryLoadStore(), EndedLoads()
    add(store)
    background = build(store, workers=2)
    background.start(observer, lambda: False)
    assert observer.ended.acquire(timeout=10)
    add(store)
    background.wake()
    assert observer.ended.acquire(timeout=10)
    background.stop()
    states = [load.state for load in store.list(sender=None, before=None, limit=9)]
    assert states == [LoadState.COMPLETED] * 2


def test_a_process_without_workers_leaves_loads_to_others() -> None:
    store = MemoryLoadStore()
    add(store)
    background = build(store, workers=0)
    background.start(EventList(), lambda: False)
    background.wake()
    background.stop()
    (load,) = store.list(sender=None, before=None, limit=9)
    assert load.state is LoadState.WAITING
