"""Authentication: from the credentials of a request to a user."""

import time
from typing import Final

from muster.auth.authentication import CredentialVerifier
from muster.auth.login_throttle import LoginThrottle
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.users import User
from muster.web.concurrency import Permit
from muster.web.credentials import BasicCredentials, BearerToken, Credentials
from muster.web.problems import unauthorized
from muster.web.request_context import AuthenticationOutcome, RequestContext
from muster.web.services import OidcVerifier

_NO_CREDENTIALS: Final = "send one Authorization header, Basic with name and password or Bearer with a token"
_WRONG_CREDENTIALS: Final = "these credentials are not valid; check name and password, or get a new token"


class Authenticator:
    """Authenticates requests, the same way on every path. Without `oidc_verifier`, tokens of a provider are invalid."""

    def __init__(
        self,
        verifier: CredentialVerifier,
        throttle: LoginThrottle | None = None,
        *,
        oidc_verifier: OidcVerifier | None = None,
    ) -> None:
        self._verifier = verifier
        self._oidc_verifier = oidc_verifier
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
        rejection = None
        if isinstance(credentials, BasicCredentials):
            user = self._verify_password(credentials, context.client_address)
        else:
            try:
                verified = self._verify_token(credentials)
            except ProviderUnavailableError as error:
                context.authentication = AuthenticationOutcome(None, False, str(error))
                raise
            # The log says why a token was rejected; the client is not told, as with all other credentials.
            user, rejection = (None, verified.value) if isinstance(verified, TokenRejection) else (verified, None)
            if user is None:
                self._throttle.check(None, context.client_address)
                self._record_failure(None, context.client_address)
        context.authentication = AuthenticationOutcome(user.name if user else None, user is None, rejection)
        permit.assign(context.authentication.user)
        if user is None:
            raise unauthorized(_WRONG_CREDENTIALS)
        return user

    def _verify_password(self, credentials: BasicCredentials, address: str) -> User | None:
        """During a delay of the throttle not even a right password is verified: else it could be guessed meanwhile."""
        self._throttle.check(credentials.name, address)
        user = self._verifier.verify_password(credentials.name, credentials.password)
        if user is None:
            self._record_failure(credentials.name, address)
        else:
            self._throttle.record_success(credentials.name, address)
        return user

    def _verify_token(self, credentials: BearerToken) -> User | TokenRejection | None:
        """A token can't be guessed, so a valid one is accepted during a delay of its address too."""
        if self._oidc_verifier is not None and credentials.token.count(".") == 2:  # our own tokens hold no dots
            return self._oidc_verifier.verify(credentials.token)
        return self._verifier.verify_token(credentials.token)

    def _record_failure(self, name: str | None, address: str) -> None:
        self._throttle.record_failure(name, address)
        self._verifier.record_failure(name, address)
