"""Who is calling: from the credentials of a request to a user."""

import time
from typing import Final

from muster.access.attempts import Attempts
from muster.access.ports import User
from muster.web.credentials import Basic, Bearer
from muster.web.exchange import Exchange
from muster.web.ports import Access
from muster.web.problems import unauthorized

_NO_CREDENTIALS: Final = "send one Authorization header, Basic with name and password or Bearer with a token"
_WRONG_CREDENTIALS: Final = "these credentials are not valid; check name and password, or create a new token"

Credentials = Basic | Bearer


class Callers:
    """Recognises who is calling, the same way on every path."""

    def __init__(self, access: Access, attempts: Attempts | None = None) -> None:
        self._access = access
        self._attempts = attempts or Attempts(time.monotonic)

    @staticmethod
    def required(credentials: Credentials | None) -> Credentials:
        """Raises the 401 for a request without credentials, which costs no look at the database."""
        if credentials is None:
            raise unauthorized(_NO_CREDENTIALS)
        return credentials

    def user(self, credentials: Credentials | None, exchange: Exchange) -> User:
        """The user, whom the log then names.

        Blocks. Raises `Problem`, a 401, `TooManyAttempts`, and what access raises.
        """
        given, address = self.required(credentials), exchange.address
        name = given.name if isinstance(given, Basic) else None
        self._attempts.check(name, address)
        user = self._recognised(given)
        if user is None:
            self._attempts.wrong(name, address)
            raise unauthorized(_WRONG_CREDENTIALS)
        if name is not None:
            self._attempts.right(name, address)
        exchange.user = user.name
        return user

    def _recognised(self, credentials: Credentials) -> User | None:
        if isinstance(credentials, Basic):
            return self._access.basic(credentials.name, credentials.password)
        return self._access.bearer(credentials.token)
