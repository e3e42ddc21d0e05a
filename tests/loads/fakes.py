"""A store of loads in memory, for tests of everything that works with loads."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from muster.intake.checkpoint import Checkpoint, LeaseLostError, Totals
from muster.loads.load_store import (
    ALL_LOADS,
    FINAL_STATES,
    MAX_PART_BYTES,
    MAX_PARTS,
    Load,
    LoadListFilter,
    LoadOptions,
    LoadState,
    NewLoad,
    Part,
    RefusedChunk,
)
from muster.loads.rows import Layout

MAX_TAKEOVERS = 5


def build_load(id: UUID, created_at: datetime = datetime(2024, 5, 26, tzinfo=UTC), **changes: Any) -> NewLoad:  # noqa: A002
    """A load of `anna`'s file, as it is before anything was received."""
    load = NewLoad(id, created_at, "anna", ("MAIN",), "customers.csv", LoadOptions(), b"fingerprint")
    return replace(load, **changes)


@dataclass
class _Kept:
    """A load, and what belongs to it."""

    load: Load
    parts: dict[int, tuple[Part, bytes, datetime]] = field(default_factory=dict)
    refused: dict[int, bytes] = field(default_factory=dict)
    batches: list[UUID] = field(default_factory=list)
    is_uploaded: bool = False
    lease: UUID | None = None
    leased_at: datetime | None = None
    leased_until: datetime | None = None
    takeovers: int = 0


@dataclass
class MemoryLoadStore:
    """A `LoadStore`. A fake of the customers' store calls `save_checkpoint` where `Session.save` would write it."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _loads: dict[UUID, _Kept] = field(default_factory=dict)

    def save_checkpoint(self, checkpoint: Checkpoint, batch_id: UUID) -> None:
        """Raises `LeaseLostError`, and then has changed nothing."""
        kept = self._leased(checkpoint.load_id, checkpoint.lease)
        if kept.load.position != checkpoint.before:
            raise LeaseLostError
        self._change(kept, position=checkpoint.after, totals=checkpoint.totals)
        kept.takeovers = 0
        kept.batches.append(batch_id)
        if checkpoint.refused is not None:
            kept.refused[checkpoint.first_row] = checkpoint.refused

    def create(self, load: NewLoad) -> None:
        values = {name: getattr(load, name) for name in NewLoad.__dataclass_fields__}
        self._loads[load.id] = _Kept(Load(**values), is_uploaded=load.parts_of is not None)

    def create_once(self, load: NewLoad) -> bool:
        if self.find_same(load.fingerprint):
            return False
        self.create(load)
        return True

    def count_open(self, sender: str) -> int:
        return sum(load.state not in FINAL_STATES for load in self.list(sender=sender, before=None, limit=1_000))

    def count_waiting(self) -> int:
        return sum(kept.load.state is LoadState.WAITING for kept in self._loads.values())

    def get(self, load_id: UUID) -> Load | None:
        kept = self._loads.get(load_id)
        return replace(kept.load, has_refused=bool(kept.refused)) if kept else None

    def list(
        self, wanted: LoadListFilter = ALL_LOADS, *, sender: str | None, before: UUID | None, limit: int
    ) -> Sequence[Load]:
        return [
            load
            for load in self._newest_first()
            if (sender is None or load.sender == sender)
            and (before is None or load.id < before)
            and (wanted.since is None or load.created_at >= wanted.since)
            and (wanted.until is None or load.created_at < wanted.until)
            and wanted.sender in (None, load.sender)
            and wanted.state in (None, load.state)
            and wanted.is_dry_run in (None, load.options.dry_run)
        ][:limit]

    def find_same(self, fingerprint: bytes) -> Sequence[Load]:
        return [
            load
            for load in self._newest_first()
            if load.fingerprint == fingerprint and load.state is not LoadState.CANCELLED
        ]

    def add_part(self, load_id: UUID, part: Part, content: bytes) -> bool:
        if len(content) > MAX_PART_BYTES or not 1 <= part.number <= MAX_PARTS:
            raise ValueError("the part is too large, or its number is out of range")
        kept = self._loads.get(load_id)
        if kept is None or kept.load.state is not LoadState.RECEIVING:
            return False
        kept.parts[part.number] = (part, content, self.now())
        return True

    def parts(self, load_id: UUID) -> Sequence[Part]:
        kept = self._loads.get(load_id)
        return [part for _, (part, _, _) in sorted(kept.parts.items())] if kept else []

    def read_part(self, load_id: UUID, number: int) -> bytes | None:
        kept = self._loads.get(load_id)
        return kept.parts[number][1] if kept and number in kept.parts else None

    def configure(self, load_id: UUID, options: LoadOptions) -> bool:
        kept = self._loads.get(load_id)
        if kept is None or kept.load.state is not LoadState.RECEIVING:
            return False
        self._change(kept, options=options)
        return True

    def start(self, load_id: UUID, *, size: int, content_sha256: bytes) -> bool:
        kept = self._loads.get(load_id)
        if kept is None or kept.load.state is not LoadState.RECEIVING:
            return False
        parts = self.parts(load_id)
        if len(parts) != max(kept.parts, default=0) or sum(part.size for part in parts) != size:
            return False
        kept.is_uploaded = True
        self._change(kept, state=LoadState.WAITING, size=size, content_sha256=content_sha256)
        return True

    def lease_next(self, lease: UUID, duration: timedelta) -> Load | None:
        while (kept := self._find_candidate()) is not None:
            if kept.lease is None or kept.takeovers < MAX_TAKEOVERS:
                return self._grant(kept, lease, duration)
            self._end(kept, LoadState.FAILED, problem=f"workers ended {MAX_TAKEOVERS + 1} times")
        return None

    def lease(self, load_id: UUID, lease: UUID, duration: timedelta) -> Load | None:
        kept = self._loads.get(load_id)
        if kept is None or kept.load.state in FINAL_STATES:
            return None
        return self._grant(kept, lease, duration) if kept.lease == lease or self._is_free(kept) else None

    def renew(self, load_id: UUID, lease: UUID, duration: timedelta) -> None:
        self._leased(load_id, lease).leased_until = self.now() + duration

    def release(self, load_id: UUID, lease: UUID) -> None:
        kept = self._loads.get(load_id)
        if kept and kept.lease == lease:
            kept.lease, kept.leased_until = None, self.now()

    def describe(self, load_id: UUID, lease: UUID, *, layout: Layout, bytes_read: int) -> None:
        self._change(self._leased(load_id, lease), layout=layout, bytes_read=bytes_read)

    def save_dry_checkpoint(self, load_id: UUID, lease: UUID, totals: Totals, refused: RefusedChunk | None) -> None:
        kept = self._leased(load_id, lease)
        self._change(kept, totals=totals)
        kept.takeovers = 0
        if refused is not None:
            kept.refused[refused.first_row] = refused.content

    def restart_dry_run(self, load_id: UUID, lease: UUID) -> None:
        kept = self._leased(load_id, lease)
        self._change(kept, totals=Totals(), bytes_read=0)
        kept.refused.clear()

    def batches(self, load_id: UUID) -> Sequence[UUID]:
        kept = self._loads.get(load_id)
        return list(kept.batches) if kept else []

    def finish(
        self, load_id: UUID, lease: UUID, state: LoadState, *, content_sha256: bytes | None, problem: str | None = None
    ) -> None:
        kept = self._leased(load_id, lease)
        digest = kept.load.content_sha256 if content_sha256 is None else content_sha256
        self._end(kept, state, content_sha256=digest, problem=kept.load.problem if problem is None else problem)

    def cancel(self, load_id: UUID, *, only_receiving: bool = False) -> bool:
        kept = self._loads.get(load_id)
        if kept is None or kept.load.state in FINAL_STATES:
            return False
        if only_receiving and kept.load.state is not LoadState.RECEIVING:
            return False
        self._end(kept, LoadState.CANCELLED)
        return True

    def refused(self, load_id: UUID) -> Iterator[RefusedChunk]:
        kept = self._loads.get(load_id)
        return iter([RefusedChunk(*item) for item in sorted(kept.refused.items())] if kept else [])

    def delete_refused(self, load_id: UUID) -> None:
        if load_id in self._loads:
            self._loads[load_id].refused.clear()

    def purge_refused(self, ended_before: datetime) -> int:
        old = [kept for kept in self._loads.values() if kept.refused and self._is_old(kept, ended_before)]
        for kept in old:
            kept.refused.clear()
            if kept.load.ended_at is None:
                self._change(kept, problem="refused rows were deleted")
        return len(old)

    def cancel_abandoned(self, received_before: datetime) -> int:
        abandoned = [kept for kept in self._loads.values() if self._is_abandoned(kept, received_before)]
        for kept in abandoned:
            self._end(kept, LoadState.CANCELLED, problem="abandoned")
        return len(abandoned)

    def _newest_first(self) -> Sequence[Load]:
        found = (self.get(load_id) for load_id in sorted(self._loads, reverse=True))
        return [load for load in found if load is not None]

    def _leased(self, load_id: UUID, lease: UUID) -> _Kept:
        kept = self._loads.get(load_id)
        if kept is None or kept.lease != lease:
            raise LeaseLostError
        return kept

    def _is_free(self, kept: _Kept) -> bool:
        return kept.lease is None or kept.leased_until is None or kept.leased_until <= self.now()

    def _find_candidate(self) -> _Kept | None:
        turns: dict[str, datetime] = {}
        for kept in self._loads.values():
            if kept.leased_at is not None:
                turns[kept.load.sender] = max(kept.leased_at, turns.get(kept.load.sender, kept.leased_at))
        never = datetime.min.replace(tzinfo=UTC)
        candidates = [
            kept
            for kept in self._loads.values()
            if kept.is_uploaded and kept.load.state not in FINAL_STATES and self._is_free(kept)
        ]
        return min(candidates, key=lambda kept: (turns.get(kept.load.sender, never), kept.load.id), default=None)

    def _grant(self, kept: _Kept, lease: UUID, duration: timedelta) -> Load | None:
        now = self.now()
        kept.takeovers += kept.lease not in (None, lease)
        kept.lease, kept.leased_at, kept.leased_until = lease, now, now + duration
        self._change(kept, state=LoadState.RUNNING, started_at=kept.load.started_at or now)
        return self.get(kept.load.id)

    def _is_old(self, kept: _Kept, before: datetime) -> bool:
        if kept.load.ended_at is not None:
            return kept.load.ended_at < before
        return not kept.is_uploaded and (kept.leased_until or kept.load.created_at) < before

    def _is_abandoned(self, kept: _Kept, before: datetime) -> bool:
        if kept.load.state is not LoadState.RECEIVING or kept.load.created_at >= before:
            return False
        dry_runs = (other.load for other in self._loads.values() if other.load.parts_of == kept.load.id)
        if any(load.ended_at is None or load.ended_at >= before for load in dry_runs):
            return False
        return all(received_at < before for _, _, received_at in kept.parts.values())

    def _end(self, kept: _Kept, state: LoadState, **values: Any) -> None:
        self._change(kept, state=state, ended_at=self.now(), **values)
        kept.lease = kept.leased_until = None
        kept.parts.clear()

    def _change(self, kept: _Kept, **values: Any) -> None:
        kept.load = replace(kept.load, **values)
