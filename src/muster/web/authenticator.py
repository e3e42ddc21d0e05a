"""Authentication: from the credentials of a request to a user."""

import time
from dataclasses import replace
from typing import Final

from muster.auth.authentication import CredentialRejection, CredentialVerifier
from muster.auth.login_throttle import LoginThrottle
from muster.auth.metrics_token import MetricsToken
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.users import Role, User
from muster.web.concurrency import Permit
from muster.web.credentials import BasicCredentials, BearerToken, Credentials
from muster.web.problems import unauthorized
from muster.web.request_context import AuthenticationOutcome, RequestContext
from muster.web.services import OidcVerifier

_NO_CREDENTIALS: Final = (
    "the credentials are missing or can't be read; send one Authorization header, Basic with name and password or "
    "Bearer with a token"
)
_WRONG_CREDENTIALS: Final = "the credentials are wrong; check name and password, or get a new token"
# These say something only to who holds a token that was valid, or one that the OpenID provider signed.
_REJECTIONS: Final[dict[CredentialRejection | TokenRejection, str]] = {
    CredentialRejection.EXPIRED: "the token has expired; an administrator makes a new one with `muster token create`",
    CredentialRejection.REVOKED: "the token was revoked; an administrator makes a new one with `muster token create`",
    CredentialRejection.DISABLED: "the user of the token is disabled; an administrator enables it with `muster user "
    "enable`",
    TokenRejection.EXPIRED: "the token has expired; get a new one from the OpenID provider",
    TokenRejection.NO_ROLE: "the token gives the user no role; add one at the OpenID provider",
}

# No name of a stored user holds a colon.
_SCRAPER: Final = User("setting:metrics_token_file", Role.WATCH)


class Authenticator:
    """Authenticates requests, the same way on every path. Without `oidc_verifier`, tokens of a provider are invalid.

    With `metrics_token`, the bearer of that token is a user who may read the metrics, which takes no database query.
    """

    def __init__(
        self,
        verifier: CredentialVerifier,
        throttle: LoginThrottle | None = None,
        *,
        oidc_verifier: OidcVerifier | None = None,
        metrics_token: MetricsToken | None = None,
    ) -> None:
        self._verifier = verifier
        self._oidc_verifier = oidc_verifier
        self._metrics_token = metrics_token
        self._throttle = throttle or LoginThrottle(time.monotonic)

    @staticmethod
    def require(credentials: Credentials | None) -> Credentials:
        """Raises `Problem`, a 401, for a request without credentials; that takes no database query."""
        if credentials is None:
            raise unauthorized(_NO_CREDENTIALS)
        return credentials

    def authenticate(self, credentials: Credentials, context: RequestContext, permit: Permit) -> User:
        """The user of the request. Sets `context.authentication` and counts the permit for the user.

        Blocks. Raises `Problem` (401), `TooManyAttemptsError`, `TooManyRequestsError`, `ProviderUnavailableError`, and
        errors of the user store.
        """
        rejection: CredentialRejection | TokenRejection | None = None
        if isinstance(credentials, BasicCredentials):
            user = self._verify_password(credentials, context.client_address)
        else:
            try:
                verified = self._verify_token(credentials)
            except ProviderUnavailableError as error:
                context.authentication = AuthenticationOutcome(None, False, str(error))
                raise
            user = verified if isinstance(verified, User) else None
            if not isinstance(verified, User):
                rejection = verified
                self._throttle.check(None, context.client_address)
                self._record_failure(None, context.client_address)
        context.authentication = AuthenticationOutcome(
            user.name if user else None, user is None, rejection and rejection.value
        )
        permit.assign(context.authentication.user)
        if user is None:
            raise unauthorized(_REJECTIONS.get(rejection, _WRONG_CREDENTIALS) if rejection else _WRONG_CREDENTIALS)
        return replace(user, address=context.client_address)

    def _verify_password(self, credentials: BasicCredentials, address: str) -> User | None:
        """During a delay of the throttle not even a right password is verified: else it could be guessed meanwhile."""
        self._throttle.check(credentials.name, address)
        user = self._verifier.verify_password(credentials.name, credentials.password)
        if user is None:
            self._record_failure(credentials.name, address)
        else:
            self._throttle.record_success(credentials.name, address)
        return user

    def _verify_token(self, credentials: BearerToken) -> User | CredentialRejection | TokenRejection | None:
        """A token can't be guessed, so a valid one is accepted during a delay of its address too."""
        if self._metrics_token is not None and self._metrics_token.matches(credentials.token):
            return _SCRAPER
        if self._oidc_verifier is not None and credentials.token.count(".") == 2:  # our own tokens hold no dots
            return self._oidc_verifier.verify(credentials.token)
        return self._verifier.verify_token(credentials.token)

    def _record_failure(self, name: str | None, address: str) -> None:
        self._throttle.record_failure(name, address)
        self._verifier.record_failure(name, address)
