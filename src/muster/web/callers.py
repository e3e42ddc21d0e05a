"""Who is calling: from the credentials of a request to a user."""

import time
from typing import Final

from muster.access.attempts import Attempts
from muster.access.ports import ProviderUnavailable, Refusal, User
from muster.web.credentials import Basic, Bearer
from muster.web.exchange import Exchange
from muster.web.ports import Access, Provider
from muster.web.problems import unauthorized

_NO_CREDENTIALS: Final = "send one Authorization header, Basic with name and password or Bearer with a token"
_WRONG_CREDENTIALS: Final = "these credentials are not valid; check name and password, or get a new token"

Credentials = Basic | Bearer


class Callers:
    """Recognises who is calling, the same way on every path. Without a provider its tokens are wrong ones."""

    def __init__(self, access: Access, attempts: Attempts | None = None, *, provider: Provider | None = None) -> None:
        self._access = access
        self._provider = provider
        self._attempts = attempts or Attempts(time.monotonic)

    @staticmethod
    def required(credentials: Credentials | None) -> Credentials:
        """Raises the 401 for a request without credentials, which costs no look at the database."""
        if credentials is None:
            raise unauthorized(_NO_CREDENTIALS)
        return credentials

    def user(self, credentials: Credentials | None, exchange: Exchange) -> User:
        """The user, whom the log then names.

        Blocks. Raises `Problem`, a 401, `TooManyAttempts`, `TooManyRequests`, and what access raises.
        """
        given, address = self.required(credentials), exchange.address
        user = self._named(given, address) if isinstance(given, Basic) else self._bearing(given, exchange)
        if user is None:
            exchange.wrong_credentials = True
        else:
            exchange.user = user.name
        if exchange.counted is not None:
            exchange.counted.is_of(exchange.user)
        if user is None:
            raise unauthorized(_WRONG_CREDENTIALS)
        return user

    def _named(self, given: Basic, address: str) -> User | None:
        """While its sender has to wait, not even a right password is looked at: else it could be guessed meanwhile."""
        self._attempts.check(given.name, address)
        user = self._access.basic(given.name, given.password)
        if user is None:
            self._wrong(given.name, address)
        else:
            self._attempts.right(given.name, address)
        return user

    def _bearing(self, given: Bearer, exchange: Exchange) -> User | None:
        """A token can't be guessed, so a right one is right at any time, whatever others do at the same address."""
        if self._provider is not None and given.token.count(".") == 2:  # our own tokens have none
            user = self._provided(self._provider, given.token, exchange)
        else:
            user = self._access.bearer(given.token)
        if user is None:
            self._attempts.check(None, exchange.address)
            self._wrong(None, exchange.address)
        return user

    def _wrong(self, name: str | None, address: str) -> None:
        self._attempts.wrong(name, address)
        self._access.refused(name, address)

    @staticmethod
    def _provided(provider: Provider, token: str, exchange: Exchange) -> User | None:
        """The log says why it is nobody; whoever sent the token is not told, as with all other credentials."""
        try:
            user = provider.user(token)
        except ProviderUnavailable as error:
            exchange.refused = str(error)
            raise
        if isinstance(user, Refusal):
            exchange.refused = user.value
            return None
        return user
