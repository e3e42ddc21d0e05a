"""Audit entries that no request waits for: bounded in number, written by a thread of their own."""

import threading
from dataclasses import dataclass

from muster.audit.events import Action, AuditEvent
from muster.audit.queue import MAX_ENTRIES_PER_MINUTE, MAX_QUEUED, WINDOW_SECONDS, AuditQueue, QueuedEvent
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import ManualClock


def build_event(source: str = "anna") -> QueuedEvent:
    def build(more: int | None = None) -> AuditEvent:
        return AuditEvent(source, Action.READ_REFUSED, "", {} if more is None else {"more": more})

    return QueuedEvent(source, build, build)


def submit(queue: AuditQueue, count: int, source: str = "anna") -> None:
    for _ in range(count):
        queue.submit(build_event(source))


def summarize(sink: MemoryAuditSink) -> tuple[int, list[object]]:
    """The number of single entries, and the counts of all further events."""
    counts: list[object] = [event.details["more"] for event in sink.events if "more" in event.details]
    return len(sink.events) - len(counts), counts


def wait_for_reads(clock: ManualClock, reads: int) -> None:
    """Waits until the queue's thread has read the clock so often, which it does once for each event."""
    while clock.reads < reads:
        threading.Event().wait(0.01)


def test_events_beyond_the_limit_of_a_minute_are_only_counted() -> None:
    sink = MemoryAuditSink()
    queue = AuditQueue(sink, ManualClock())
    submit(queue, MAX_ENTRIES_PER_MINUTE + 7)
    queue.close()
    assert summarize(sink) == (MAX_ENTRIES_PER_MINUTE, [7])


def test_events_of_one_source_do_not_hide_those_of_another() -> None:
    sink = MemoryAuditSink()
    queue = AuditQueue(sink, ManualClock())
    submit(queue, MAX_ENTRIES_PER_MINUTE + 7)
    submit(queue, 3, "berta")
    queue.close()
    assert [event.actor for event in sink.events].count("berta") == 3
    assert sink.events[-1] == AuditEvent("anna", Action.READ_REFUSED, "", {"more": 7})


def test_next_minute_begins_with_the_count_of_the_last_one() -> None:
    clock, sink = ManualClock(), MemoryAuditSink()
    queue = AuditQueue(sink, clock)
    submit(queue, MAX_ENTRIES_PER_MINUTE + 7)
    wait_for_reads(clock, MAX_ENTRIES_PER_MINUTE + 7)
    clock.seconds += WINDOW_SECONDS
    submit(queue, 1)
    queue.close()
    assert summarize(sink) == (MAX_ENTRIES_PER_MINUTE + 1, [7])
    assert sink.events[MAX_ENTRIES_PER_MINUTE].details == {"more": 7}


@dataclass
class BlockedSink(MemoryAuditSink):
    """Writes block until `unblocked` is set."""

    unblocked: threading.Event | None = None

    def append(self, event: AuditEvent) -> None:
        assert self.unblocked is not None
        self.unblocked.wait(20)
        super().append(event)


def test_submitting_does_not_wait_for_a_slow_log_and_the_queue_is_bounded() -> None:
    sink = BlockedSink(unblocked=threading.Event())
    queue = AuditQueue(sink, ManualClock())
    submit(queue, MAX_QUEUED + 100)
    assert not queue.run(lambda: None)
    assert sink.unblocked is not None
    sink.unblocked.set()
    queue.close()
    entries, counts = summarize(sink)
    assert entries == MAX_ENTRIES_PER_MINUTE
    assert entries + sum(int(str(count)) for count in counts) == MAX_QUEUED + 100


class RecoveringSink(MemoryAuditSink):
    """Fails for the first event, and stores the others."""

    def append(self, event: AuditEvent) -> None:
        self.failure, failure = None, self.failure
        if failure is not None:
            raise failure
        super().append(event)


def test_event_that_the_log_did_not_store_is_counted_once_it_does() -> None:
    sink = RecoveringSink(failure=RuntimeError("unavailable"))
    queue = AuditQueue(sink, ManualClock())
    submit(queue, 1)
    queue.close()
    assert summarize(sink) == (0, [1])


def test_write_that_fails_does_not_end_the_thread() -> None:
    sink = MemoryAuditSink()
    queue = AuditQueue(sink, ManualClock())

    def fail() -> None:
        raise RuntimeError

    assert queue.run(fail)
    submit(queue, 1)
    queue.close()
    assert summarize(sink) == (1, [])
