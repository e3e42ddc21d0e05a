"""Fakes of the services behind the application, and the application on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec

from muster.audit.reader import AuditReader
from muster.auth.administration import UserAdministration
from muster.auth.audit_reading import AuditLogService
from muster.auth.authentication import CredentialRejection, CredentialVerifier
from muster.auth.code_list_administration import CodeListAdministration
from muster.auth.metrics_token import MetricsToken
from muster.auth.sessions import SessionService
from muster.auth.users import Role, User
from muster.classifiers.snapshot import ClassifierCache
from muster.intake.large_body import ResponseBody
from muster.intake.request import BatchOptions
from muster.intake.service import Intake, IntakeResult
from muster.intake.stage_timings import StageTimings
from muster.loads.file_preview import FilePreview
from muster.loads.formats import open_rows
from muster.loads.mapping import make_mapper
from muster.loads.observer import LoadObserver
from muster.loads.reading import LoadReader
from muster.loads.saved_mappings import SavedMappings
from muster.loads.service import LoadService
from muster.loads.uploads import LoadUploads, UploadLimits
from muster.records.code_uses import CodeUseSearch, CurrentCustomerStore
from muster.records.reading import Page, RecordReader, VersionChange
from muster.records.record_filter import RecordFilter, Rejection, RejectionKey
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.records.search import RecordSearch, RejectionReport
from muster.records.visibility import UnitRequiredError
from muster.settings import Settings
from muster.storage.pool import ConnectionUsage
from muster.web.app import Application, TraceRecorder, make_app
from muster.web.body import BodyTimeouts
from muster.web.readiness import CACHE_SECONDS, READY_SECONDS
from muster.web.services import Background, OidcVerifier, Services
from muster.web.transport import LingerLimits
from tests.audit.fakes import MemoryAuditLog
from tests.auth.fakes import MemorySessions, MemoryUsers
from tests.classifiers.fakes import MemoryClassifierStore
from tests.loads.fakes import MemoryLoadStore
from tests.loads.service_fakes import AuditList, FakeResults, MemoryMappingStore
from tests.shared import Gate as Gate
from tests.shared import SharedList

SAVE = "/amlyze-ws-rest/batch-customers"
VALIDATE = "/amlyze-ws-rest/validate-batch-customers"
BODY = b'{"resultType":"REQUEST_ACCEPTED","results":[],"timeElapsedMs":1}'
BATCH = b'{"customers":[]}'
ANNA = ("anna", "pässwörd")
RITA = ("rita", "reads only")
WATCHER = ("prometheus", "watches only")
TOKEN = "good-token"
REJECTED_TOKENS = {f"{reason.name.lower()}-token": reason for reason in CredentialRejection}
BATCH_ID = UUID("01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90")
VERSION = CustomerVersion(
    "n", "c/1", "MAIN", 2, BATCH_ID, datetime(2024, 5, 26, tzinfo=UTC), "anna", b'{"firstName":"Jose","amount":0.10}'
)
RECORD = BatchSummary(BATCH_ID, datetime(2024, 5, 26, tzinfo=UTC), "anna", 2, 1)


class FakeIntake:
    """Records its arguments. `action` is called with the content, to raise or to wait. Each batch has `warnings`."""

    def __init__(
        self,
        action: Callable[[bytes], object] = lambda content: None,
        warnings: Mapping[str, int] | None = None,
        body: ResponseBody = BODY,
    ) -> None:
        self.body = body
        self.action = action
        self.warnings = warnings or {}
        self.contents = SharedList[bytes]()
        self.calls: list[tuple[str, bool, bool]] = []
        self.batch_ids: list[UUID] = []
        self.keys: list[str | None] = []
        self.accept: list[int] = []
        self.reject_unknown: list[bool] = []

    def process(
        self,
        content: bytes | bytearray,
        sender: User,
        options: BatchOptions,
        stages: StageTimings,
    ) -> IntakeResult:
        """Replays a request whose key was used before."""
        key, save = options.idempotency_key, options.save
        replayed = key is not None and key in self.keys
        self.keys.append(key)
        self.accept.append(options.min_accepted_percent)
        self.reject_unknown.append(options.reject_unknown)
        self.contents.append(bytes(content))
        self.calls.append((sender.name, save, options.detail))
        with stages.decide:
            self.action(bytes(content))
        batch_id = uuid4() if save else None
        self.batch_ids += [batch_id] if batch_id else []
        codes, warnings = ({}, {}) if replayed else ({"C019": 1}, self.warnings)
        return IntakeResult(self.body, batch_id, 2, 1, replayed, codes, sum(self.warnings.values()), warnings)


class FakeVerifier:
    """Knows three users, one token, and one token for each rejection by its value; counts verifications."""

    def __init__(self, is_broken: bool = False) -> None:
        self.is_broken = is_broken
        self.verifications = 0
        self.failures: list[tuple[str | None, str]] = []

    def verify_password(self, name: str, password: str) -> User | None:
        self._count()
        roles = {ANNA: Role.SUBMIT, RITA: Role.READ, WATCHER: Role.WATCH}
        role = roles.get((name, password))
        return User(name, role) if role else None

    def verify_token(self, token: str) -> User | CredentialRejection | None:
        self._count()
        if token in REJECTED_TOKENS:
            return REJECTED_TOKENS[token]
        return User("tom", Role.ADMIN) if token == TOKEN else None

    def record_failure(self, name: str | None, address: str) -> None:
        self.failures.append((name, address))

    def _count(self) -> None:
        self.verifications += 1
        if self.is_broken:
            raise RuntimeError("the database says: Garcia")


class FakeRecords:
    """Has one batch and one communication, which only their sender may see. Records its arguments."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def communication(self, number: str, user: User) -> Communication | None:
        self.calls.append(number)
        at = datetime(2024, 5, 26, tzinfo=UTC)
        return Communication("n/1", "c", "MAIN", 1, BATCH_ID, at, "anna") if user.name == "anna" else None

    def customer(self, ext_id: str, unit: str | None, user: User, *, at: datetime | None) -> CustomerVersion | None:
        self.calls.append((ext_id, unit, at))
        if unit == "WHICH":
            raise UnitRequiredError
        return VERSION if unit is None else None

    def history(
        self, ext_id: str, unit: str | None, user: User, *, below: int | None, limit: int, with_values: bool
    ) -> Page[VersionChange, int] | None:
        self.calls.append((ext_id, unit, below, limit, *(["values"] if with_values else [])))
        if unit == "WHICH":
            raise UnitRequiredError
        return Page([VersionChange(VERSION, ["/firstName"])], 2) if unit is None else None

    def batch(self, batch_id: UUID, user: User) -> BatchSummary | None:
        self.calls.append(batch_id)
        return RECORD if (batch_id, user.name) == (BATCH_ID, "anna") else None

    def batches(self, wanted: RecordFilter, user: User, *, before: UUID | None, limit: int) -> Page[BatchSummary, UUID]:
        self.calls.append((before, limit))
        return Page([RECORD] * min(limit, 3), BATCH_ID if limit < 3 else None)

    def rejections(
        self, wanted: RecordFilter, user: User, *, after: RejectionKey | None, limit: int
    ) -> Page[Rejection, RejectionKey]:
        self.calls.append((wanted, after, limit))
        return Page([], None)

    def report(self, wanted: RecordFilter, user: User, since: datetime, until: datetime) -> RejectionReport:
        self.calls.append((wanted, since, until))
        return RejectionReport(since, until, [], [])

    def results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> Page[Any, int] | None:
        self.calls.append((batch_id, start, limit))
        return Page([msgspec.Raw(b'{"a":1.0}')], 7) if batch_id == BATCH_ID else None


@dataclass(frozen=True)
class FakeSnapshot:
    titles: Mapping[str, Mapping[str, str]]


class FakeClassifiers:
    def current(self) -> FakeSnapshot:
        return FakeSnapshot({"country": {"LT": "Lithuania", "CI": "Côte d'Ivoire"}, "legalForm": {}})


def make_load_service(store: MemoryLoadStore | None = None, limits: UploadLimits | None = None) -> LoadService:
    """The use case of loads on a store in memory."""
    store, audit = store or MemoryLoadStore(), AuditList()
    reader = LoadReader(store, FakeResults(), lambda: frozenset({"MAIN"}), audit.read_audit())
    uploads = LoadUploads(store, reader, audit, limits=limits)
    return LoadService(uploads, reader, FilePreview(store, open_rows, make_mapper), SavedMappings(MemoryMappingStore()))


class NoBackground:
    """Does nothing beside the requests."""

    def start(self, observer: LoadObserver, is_busy: Callable[[], bool]) -> None:
        pass

    def request_stop(self) -> None:
        pass

    def stop(self) -> None:
        pass


def application(
    intake: FakeIntake | None = None,
    verifier: FakeVerifier | None = None,
    records: FakeRecords | None = None,
    loads: LoadService | None = None,
    background: Background | None = None,
    oidc_verifier: OidcVerifier | None = None,
    is_ready: Callable[[], bool] = lambda: True,
    on_shutdown: Callable[[], None] = lambda: None,
    connections: Callable[[], ConnectionUsage] = lambda: ConnectionUsage(3, 12),
    record_trace: TraceRecorder | None = None,
    audit: AuditList | None = None,
    body_timeouts: BodyTimeouts | None = None,
    linger: LingerLimits | None = None,
    ready_seconds: float = READY_SECONDS,
    ready_cache_seconds: float = CACHE_SECONDS,
    metrics_token: MetricsToken | None = None,
    **settings: Any,
) -> Application:
    """The application on fakes. They have the methods that it calls, and no more."""
    read_audit, records = (audit or AuditList()).read_audit(), records or FakeRecords()
    services = Services(
        intake=cast(Intake, intake or FakeIntake()),
        credentials=cast(CredentialVerifier, verifier or FakeVerifier()),
        sessions=SessionService(MemorySessions()),
        classifiers=cast(ClassifierCache, FakeClassifiers()),
        records=cast(RecordReader, records),
        search=cast(RecordSearch, records),
        loads=loads or make_load_service(),
        audit=AuditLogService(AuditReader(MemoryAuditLog()), read_audit),
        read_audit=read_audit,
        administer_users=lambda user: UserAdministration(MemoryUsers(), user),
        administer_code_lists=lambda user: CodeListAdministration(MemoryClassifierStore(), MemoryUsers(), user),
        code_uses=CodeUseSearch(cast(CurrentCustomerStore, records), read_audit),
        background=background or NoBackground(),
        oidc_verifier=oidc_verifier,
        find_obstacle=lambda: None if is_ready() else "the database is unavailable",
        read_connections=connections,
        close=on_shutdown,
        metrics_token=metrics_token,
    )
    return make_app(
        services,
        Settings(**settings),
        record_trace,
        body_timeouts=body_timeouts,
        linger=linger,
        ready_seconds=ready_seconds,
        ready_cache_seconds=ready_cache_seconds,
    )
