"""Audit events of users who authenticated with a request."""

from typing import Final

from muster.audit.events import Action, AuditEvent, Details
from muster.auth.users import User

_MAX_ADDRESS_LENGTH: Final = 64  # characters; an IPv6 address with its zone is shorter


def build_user_event(user: User, action: Action, subject: str = "", details: Details | None = None) -> AuditEvent:
    """The event, with how the user authenticated, and from where.

    Both are absent for a user that was read from the store, as on the command line.
    """
    login: dict[str, str] = {}
    if user.credential:
        login["credential"] = user.credential
    if user.address:
        login["address"] = clean_address(user.address)
    return AuditEvent(user.name, action, subject, {**(details or {}), **login})


def clean_address(address: str) -> str:
    """A proxy's header can hold any text as the address."""
    return "".join(letter for letter in address[:_MAX_ADDRESS_LENGTH] if letter.isprintable())
