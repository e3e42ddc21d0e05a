"""Who is calling: from the credentials of a request to a user."""

from typing import Final

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

    def __init__(self, access: Access) -> None:
        self._access = access

    @staticmethod
    def required(credentials: Credentials | None) -> Credentials:
        """Raises the 401 for a request without credentials, which costs no look at the database."""
        if credentials is None:
            raise unauthorized(_NO_CREDENTIALS)
        return credentials

    def user(self, credentials: Credentials | None, exchange: Exchange) -> User:
        """The user, whom the log then names. Blocks; raises `Problem`, a 401, and what access raises."""
        user = self._recognised(self.required(credentials))
        if user is None:
            raise unauthorized(_WRONG_CREDENTIALS)
        exchange.user = user.name
        return user

    def _recognised(self, credentials: Credentials) -> User | None:
        if isinstance(credentials, Basic):
            return self._access.basic(credentials.name, credentials.password)
        return self._access.bearer(credentials.token)
