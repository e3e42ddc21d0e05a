"""References to users in the addresses of pages, which names of people must not stand in.

A reference is a keyed hash of the name. Its key is the hash that the session is stored by, so the page of a user keeps
its address while a browser is signed in, the reference means nothing to whoever reads it in a log, and nothing needs
to be stored.
"""

import hmac
from collections.abc import Iterable
from typing import Final

from muster.auth.sessions import UserSession
from muster.auth.users import User

_LENGTH: Final = 24  # hex digits


def build_reference(session: UserSession, name: str) -> str:
    """The reference of the user with this name, for one session."""
    return hmac.new(session.sha256, name.encode(errors="surrogatepass"), "sha256").hexdigest()[:_LENGTH]


def find_user(session: UserSession, users: Iterable[User], reference: str) -> User | None:
    """The user that a page's address refers to."""
    sent = reference.encode(errors="replace")
    return next(
        (user for user in users if hmac.compare_digest(build_reference(session, user.name).encode(), sent)), None
    )
