"""Builds the services behind the HTTP application. Imported late, because it loads the web framework."""

from contextlib import ExitStack

from muster.audit.queue import AuditQueue
from muster.audit.reader import AuditReader
from muster.auth.administration import UserAdministration
from muster.auth.audit_reading import AuditLogService
from muster.auth.authentication import CredentialVerifier
from muster.auth.code_list_administration import CodeListAdministration
from muster.auth.metrics_token import MetricsToken
from muster.auth.read_audit import ReadAudit
from muster.auth.sessions import SessionService
from muster.bootstrap.intake import make_intake
from muster.bootstrap.loads import make_loads
from muster.classifiers.snapshot import ClassifierCache
from muster.loads.worker import WorkerTimes
from muster.records.code_uses import CodeUseSearch
from muster.records.reading import RecordReader
from muster.records.search import RecordSearch
from muster.settings import Settings
from muster.storage import Storage
from muster.web.services import OidcVerifier, ProviderSignIn, Services


def make_services(
    settings: Settings,
    store: Storage,
    resources: ExitStack,
    *,
    oidc_verifier: OidcVerifier | None,
    oidc_sign_in: ProviderSignIn | None,
    metrics_token: MetricsToken | None,
    load_times: WorkerTimes | None,
) -> Services:
    """The services on this store, which they close at their end, with all else that `resources` holds."""
    audit_queue = AuditQueue(store.audit)
    resources.callback(store.close)
    resources.callback(audit_queue.close)
    read_audit = ReadAudit(store.read_audit, audit_queue)
    classifiers = ClassifierCache(store.classifiers)

    def read_units() -> frozenset[str]:
        return classifiers.current().codes["businessUnit"]

    records = RecordReader(store.records, read_units, read_audit)
    loads, background = make_loads(settings, store, records, read_units, read_audit, load_times)
    return Services(
        intake=make_intake(settings, store, classifiers),
        credentials=CredentialVerifier(store.users, audit_queue),
        sessions=SessionService(store.sessions),
        classifiers=classifiers,
        records=records,
        search=RecordSearch(store.search, read_units, read_audit),
        loads=loads,
        audit=AuditLogService(AuditReader(store.audit), read_audit),
        read_audit=read_audit,
        administer_users=lambda user: UserAdministration(store.users, user, keeps_administrator=True),
        administer_code_lists=lambda user: CodeListAdministration(store.classifiers, store.users, user),
        code_uses=CodeUseSearch(store.current_customers, read_audit),
        background=background,
        oidc_verifier=oidc_verifier,
        oidc_sign_in=oidc_sign_in,
        find_obstacle=store.find_obstacle,
        read_connections=store.connections,
        close=resources.close,
        metrics_token=metrics_token,
    )
