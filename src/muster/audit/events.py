"""Events that must be shown later, the entries that the log keeps of them, and what it needs of a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

Details = Mapping[str, str | int | bool | Sequence[str] | None]


class Action(Enum):
    """What can be done: how the log writes it, what its subject is, and when it is written."""

    # No enum of text: each has three texts, and the reference page has all of them.
    SIGN_IN_REFUSED = "sign-in.refused", "the user, when there is one of that name", "wrong credentials came"
    USER_ADDED = "user.added", "the user", "a user was added, with this role and these business units"
    USER_CHANGED = "user.changed", "the user", "a user has this role and these business units from now on"
    USER_DISABLED = "user.disabled", "the user", "a user was shut out"
    USER_ENABLED = "user.enabled", "the user", "a user who was shut out was let in again"
    USER_PASSWORD = "user.password", "the user", "a user got a new password"
    TOKEN_CREATED = "token.created", "the token's id", "a token was made for this user"
    TOKEN_REVOKED = "token.revoked", "the token's id", "a token of this user was ended"
    CLASSIFIERS_IMPORTED = "classifiers.imported", "the classifiers", "so many codes of each came from a file"
    CUSTOMER_READ = "customer.read", "the `customerExtId`", "the document was given to a reader, as it is or stood"
    HISTORY_READ = "history.read", "the `customerExtId`", "versions and what each changed were given to a reader"
    PURGE_BEGUN = "purge.begun", "", "what is older than this date is being removed"
    PURGE_ENDED = "purge.ended", "", "so much of each kind was removed; without it the purge was broken off"

    def __init__(self, text: str, subject: str, meaning: str) -> None:
        self.text = text
        self.subject = subject
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What somebody did.

    `actor` is a user's name, `os:` and the operating system's name for whoever used the command line, or empty where
    nobody knows. A name of a user has no colon, so one is never taken for the other.
    """

    actor: str
    action: Action
    subject: str = ""
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event as kept. The first has the number 1; `action` is text, as a later version may know more of them."""

    number: int
    at: datetime  # UTC
    actor: str
    action: str
    subject: str
    details: Details
    sha256: bytes  # of this entry and the one before: `chain.seal`


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the log ends: the last entry's number and hash, 0 and `chain.START` before the first."""

    number: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are asked for: those of which everything holds that is given. `until` itself is left out."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None


class AuditSink(Protocol):
    """Where events go that have no transaction of their own."""

    def append(self, event: AuditEvent) -> None:
        """Returns when the event is durably kept; whoever can't keep it must not do what it says."""
        ...


class AuditStore(AuditSink, Protocol):
    def entries(self, wanted: EntryFilter, *, after: int, limit: int) -> Sequence[AuditEntry]:
        """Those with a number above `after`, oldest first, at most `limit`.

        One that was not written by us is given as far as it can be read, with a hash that is not its own.
        """
        ...

    def head(self) -> ChainHead | None:
        """None when it was taken away."""
        ...

    def is_guarded(self) -> bool:
        """Whether the database refuses changes of entries, as it was set up to do."""
        ...
