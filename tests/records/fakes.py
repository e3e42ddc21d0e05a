"""A record store in memory, and users of every role."""

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from muster.audit.queue import AuditQueue
from muster.auth.read_audit import ReadAudit
from muster.auth.users import Role, User
from muster.records.reading import MAX_PAGE_BYTES, RecordReader
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from tests.audit.fakes import MemoryAuditSink

AT = datetime(2024, 5, 26, tzinfo=UTC)
BATCH = BatchSummary(UUID("01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"), AT, "sender", 3, 1)
UNITS = ["NORTH", "SOUTH", "NORTH", None]
RESULTS = [{"communicationNumber": str(index), "businessUnit": unit} for index, unit in enumerate(UNITS)]
VERSIONS = [
    CustomerVersion(str(version), "c", "NORTH", version, BATCH.id, AT, BATCH.sender, document)
    for version, document in ((3, b'{"a":2}'), (2, b'{"a":1,"b":1}'), (1, b'{"a":1}'))
]

ADMIN = User("admin", Role.ADMIN)
SENDER = User("sender", Role.SUBMIT, ("SOUTH",))
OTHER_SENDER = User("other", Role.SUBMIT, ("NORTH",))
NORTH = User("north", Role.READ, ("NORTH",))
SOUTH = User("south", Role.READ, ("SOUTH",))
READER_WITHOUT_UNITS = User("reader", Role.READ)
WATCHER = User("watcher", Role.WATCH, ("NORTH",))
AUDITOR = User("auditor", Role.AUDIT, ("NORTH",))
SENDER_AND_READER = User("sender", Role.SUBMIT | Role.READ, ("SOUTH",))
OTHER_SENDER_AND_READER = User("other", Role.SUBMIT | Role.READ, ("SOUTH",))


@dataclass
class MemoryRecords:
    """One batch with one accepted communication, in the unit NORTH, and one customer with three versions."""

    responses: dict[UUID, bytes] = field(default_factory=lambda: {BATCH.id: json.dumps({"results": RESULTS}).encode()})
    limits: list[tuple[int, int]] = field(default_factory=list)  # of the calls of `versions`

    def communication(self, number: str) -> Communication | None:
        return Communication("0", "c", "NORTH", 1, BATCH.id, AT, BATCH.sender) if number == "0" else None

    def batch(self, batch_id: UUID) -> BatchSummary | None:
        return BATCH if batch_id == BATCH.id else None

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        return VERSIONS[0] if (ext_id, unit) == ("c", "NORTH") and (at is None or at >= AT) else None

    def version(self, ext_id: str, unit: str, number: int) -> CustomerVersion | None:
        found = [found for found in VERSIONS if (ext_id, unit, number) == ("c", "NORTH", found.version)]
        return found[0] if found else None

    def customer_units(self, ext_id: str, units: Set[str] | None) -> Sequence[str]:
        return ["NORTH"] if ext_id == "c" and (units is None or "NORTH" in units) else []

    def replacement(self, ext_id: str, unit: str, version: int) -> Communication | None:
        found = [found for found in VERSIONS if (ext_id, unit, version + 1) == ("c", "NORTH", found.version)]
        return found[0] if found else None

    def versions(
        self, ext_id: str, unit: str, *, below: int | None, limit: int, max_bytes: int
    ) -> Sequence[CustomerVersion]:
        self.limits.append((limit, max_bytes))
        versions = VERSIONS if (ext_id, unit) == ("c", "NORTH") else []
        found = [version for version in versions if below is None or version.version < below]
        fitting = [number for number in range(2, 4) if sum(len(v.document) for v in found[:number]) >= max_bytes]
        return found[: min([limit, *fitting])]

    def response(self, batch_id: UUID) -> bytes | None:
        return self.responses.get(batch_id)


def build_reader(
    *units: str,
    store: MemoryRecords | None = None,
    audit: MemoryAuditSink | None = None,
    audit_queue: AuditQueue | None = None,
    max_page_bytes: int = MAX_PAGE_BYTES,
) -> RecordReader:
    """A reader of an installation with these units; NORTH and SOUTH by default."""
    existing = frozenset(units or ("NORTH", "SOUTH"))
    sink = audit or MemoryAuditSink()
    read_audit = ReadAudit(sink, audit_queue or AuditQueue(sink))
    return RecordReader(store or MemoryRecords(), lambda: existing, read_audit, max_page_bytes=max_page_bytes)
