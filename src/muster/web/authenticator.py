"""Who is calling: from the credentials of a request to a user."""

import time
from typing import Final

from muster.auth.login_throttle import LoginThrottle
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.users import User
from muster.web.credentials import BasicCredentials, BearerToken
from muster.web.ports import Access, Provider
from muster.web.problems import unauthorized
from muster.web.request_context import RequestContext

_NO_CREDENTIALS: Final = (
    "send one Authorization header, BasicCredentials with name and password or BearerToken with a token"
)
_WRONG_CREDENTIALS: Final = "these credentials are not valid; check name and password, or get a new token"

Credentials = BasicCredentials | BearerToken


class Authenticator:
    """Recognises who is calling, the same way on every path. Without a provider its tokens are wrong ones."""

    def __init__(
        self, access: Access, throttle: LoginThrottle | None = None, *, provider: Provider | None = None
    ) -> None:
        self._access = access
        self._provider = provider
        self._throttle = throttle or LoginThrottle(time.monotonic)

    @staticmethod
    def required(credentials: Credentials | None) -> Credentials:
        """Raises the 401 for a request without credentials, which costs no look at the database."""
        if credentials is None:
            raise unauthorized(_NO_CREDENTIALS)
        return credentials

    def user(self, credentials: Credentials | None, exchange: RequestContext) -> User:
        """The user, whom the log then names.

        Blocks. Raises `CommandError`, a 401, `TooManyAttemptsError`, `TooManyRequestsError`, and what access raises.
        """
        given, address = self.required(credentials), exchange.address
        user = self._named(given, address) if isinstance(given, BasicCredentials) else self._bearing(given, exchange)
        if user is None:
            exchange.wrong_credentials = True
        else:
            exchange.user = user.name
        if exchange.counted is not None:
            exchange.counted.is_of(exchange.user)
        if user is None:
            raise unauthorized(_WRONG_CREDENTIALS)
        return user

    def _named(self, given: BasicCredentials, address: str) -> User | None:
        """While its sender has to wait, not even a right password is looked at: else it could be guessed meanwhile."""
        self._throttle.check(given.name, address)
        user = self._access.verify_password(given.name, given.password)
        if user is None:
            self._wrong(given.name, address)
        else:
            self._throttle.record_success(given.name, address)
        return user

    def _bearing(self, given: BearerToken, exchange: RequestContext) -> User | None:
        """A token can't be guessed, so a right one is right at any time, whatever others do at the same address."""
        if self._provider is not None and given.token.count(".") == 2:  # our own tokens have none
            user = self._provided(self._provider, given.token, exchange)
        else:
            user = self._access.verify_token(given.token)
        if user is None:
            self._throttle.check(None, exchange.address)
            self._wrong(None, exchange.address)
        return user

    def _wrong(self, name: str | None, address: str) -> None:
        self._throttle.record_failure(name, address)
        self._access.record_failure(name, address)

    @staticmethod
    def _provided(provider: Provider, token: str, exchange: RequestContext) -> User | None:
        """The log says why it is nobody; whoever sent the token is not told, as with all other credentials."""
        try:
            user = provider.verify(token)
        except ProviderUnavailableError as error:
            exchange.refused = str(error)
            raise
        if isinstance(user, TokenRejection):
            exchange.refused = user.value
            return None
        return user
