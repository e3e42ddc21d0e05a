"""The services behind the HTTP application."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from muster.auth.administration import UserAdministration
from muster.auth.audit_reading import AuditLogService
from muster.auth.authentication import CredentialVerifier
from muster.auth.code_list_administration import CodeListAdministration
from muster.auth.metrics_token import MetricsToken
from muster.auth.oidc.errors import TokenRejection
from muster.auth.read_audit import ReadAudit
from muster.auth.sessions import SessionService
from muster.auth.sign_in_attempt import AuthorizationResponse, SignInAttempt
from muster.auth.users import User
from muster.classifiers.snapshot import ClassifierCache
from muster.intake.service import Intake
from muster.loads.observer import LoadObserver
from muster.loads.service import LoadService
from muster.observability.prometheus import ObservedConnections
from muster.records.code_uses import CodeUseSearch
from muster.records.reading import RecordReader
from muster.records.search import RecordSearch


class OidcVerifier(Protocol):
    """Verifies tokens of an OpenID provider. A protocol, because its adapter needs the extra `muster[oidc]`."""

    def verify(self, token: str) -> User | TokenRejection:
        """The user of the token, or the reason to reject it. Raises `ProviderUnavailableError`."""
        ...


class ProviderSignIn(Protocol):
    """Signs people in at an OpenID provider. All methods block and raise `ProviderUnavailableError`."""

    @property
    def provider(self) -> str:
        """The provider's name for people."""
        ...

    def build_url(self, attempt: SignInAttempt, redirect_uri: str) -> str:
        """The page of the provider at which the user signs in, and which leads back to `redirect_uri`."""
        ...

    def build_sign_out_url(self, return_uri: str) -> str | None:
        """The page of the provider at which the user signs out there; None where the provider has none."""
        ...

    def redeem(
        self, response: AuthorizationResponse, attempt: SignInAttempt, redirect_uri: str
    ) -> User | TokenRejection:
        """The user that the provider signed in, or the reason to refuse. The state was compared before."""
        ...


class Background(Protocol):
    """What a process does beside its requests, between the start of the application and its end."""

    def start(self, observer: LoadObserver, is_busy: Callable[[], bool]) -> None: ...

    def request_stop(self) -> None:
        """Returns at once."""
        ...

    def stop(self) -> None:
        """Returns when everything has stopped."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the application calls. Everything blocks, except `read_connections`, and is called by several threads.

    Without `oidc_verifier`, tokens of an OpenID provider are invalid; without `oidc_sign_in`, nobody signs in there.
    `find_obstacle` gives what keeps batches from being saved now, or None. `administer_users` and
    `administer_code_lists` act for the user of a request. `close` is called when all requests are done.
    """

    intake: Intake
    credentials: CredentialVerifier
    sessions: SessionService
    classifiers: ClassifierCache
    records: RecordReader
    search: RecordSearch
    loads: LoadService
    audit: AuditLogService
    read_audit: ReadAudit
    administer_users: Callable[[User], UserAdministration]
    administer_code_lists: Callable[[User], CodeListAdministration]
    code_uses: CodeUseSearch
    background: Background
    oidc_verifier: OidcVerifier | None
    find_obstacle: Callable[[], str | None]
    read_connections: Callable[[], ObservedConnections]
    close: Callable[[], None]
    metrics_token: MetricsToken | None = None
    oidc_sign_in: ProviderSignIn | None = None
