"""Audit events, the log entries that record them, and the store that the log needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

Details = Mapping[str, str | int | bool | Sequence[str] | None]


class Action(Enum):
    """The audited actions: the text in the log (which never changes), the subject, and when an entry is written."""

    # Not a StrEnum: each member has three texts, and the reference page shows all of them.
    SIGN_IN_REFUSED = "sign-in.refused", "the user, if a user of that name exists", "authentication failed"
    SESSION_STARTED = "session.started", "the session's id", "a user signed in to the console"
    SESSION_ENDED = "session.ended", "the session's id", "a user signed out, or ended a session"
    USER_ADDED = "user.added", "the user", "a user was added, with these roles and business units"
    USER_CHANGED = "user.changed", "the user", "the user's roles and business units were changed to these"
    USER_DISABLED = "user.disabled", "the user", "a user was disabled"
    USER_ENABLED = "user.enabled", "the user", "a disabled user was enabled"
    USER_PASSWORD = "user.password", "the user", "a user's password was set"
    TOKEN_CREATED = "token.created", "the token's id", "a token was created for this user"
    TOKEN_REVOKED = "token.revoked", "the token's id", "a token of this user was revoked"
    CLASSIFIERS_IMPORTED = (
        "classifiers.imported",
        "the classifiers",
        "codes were added or imported from a file; the details have their number",
    )
    CLASSIFIER_CODES_REMOVED = "classifier.codes-removed", "the classifier", "these codes were removed"
    CUSTOMER_READ = "customer.read", "the `customerExtId`", "a user read the document, current or at a moment"
    HISTORY_READ = "history.read", "the `customerExtId`", "a user read the versions and what each of them changed"
    RESULTS_READ = "results.read", "the batch's id", "a user read results of a batch: this number, from this position"
    READ_REFUSED = (
        "read.refused",
        "the `customerExtId`, or the id of the batch or load, if it exists; empty for want of a role",
        "a user asked for what it may not see, for want of a role, a business unit, or because another user sent it",
    )
    AUDIT_READ = "audit.read", "", "a user read the audit log over HTTP; once an hour for the same filter"
    HISTORY_VALUES_READ = (
        "history.values-read",
        "the `customerExtId`",
        "a user read the versions with the old and the new values of each change",
    )
    REJECTIONS_READ = (
        "rejections.read",
        "the `customerExtId` that the user asked for, if any",
        "a user read this many rejected customers, of the batches between these two",
    )
    REJECTIONS_EXPORTED = (
        "rejections.exported",
        "the `customerExtId` that the user asked for, if any",
        "a user downloaded the rejected customers that match this filter",
    )
    CODE_USES_READ = (
        "code-uses.read",
        "the classifiers",
        "a user was told which customers use codes that it may remove: so many codes, and so many customers by name",
    )
    LOAD_STARTED = "load.started", "the load's id", "a user started a load of this many bytes"
    LOAD_CANCELLED = "load.cancelled", "the load's id", "a user cancelled a load"
    LOAD_ENDED = "load.ended", "the load's id", "a load of this sender ended, with these numbers of rows"
    REFUSED_ROWS_READ = "load.refused-read", "the load's id", "a user downloaded the refused rows, of this number"
    FIRST_REFUSED_ROWS_READ = (
        "load.refused-viewed",
        "the load's id",
        "a user saw the first refused rows on the load's page, so many of them",
    )
    LOAD_RESULTS_READ = "load.results-read", "the load's id", "a user downloaded the results of the customers"
    MAPPING_SAVED = "mapping.saved", "the mapping's name", "a user saved a mapping of files under this name"
    MAPPING_DELETED = "mapping.deleted", "the mapping's name", "a user deleted a saved mapping"
    LOADS_PURGED = (
        "loads.purged",
        "",
        "the service deleted the refused rows of this many loads, and cancelled this many abandoned uploads",
    )
    BACKUP_MADE = "backup.made", "", "the database was copied, by `muster backup` or by the tool that reported it there"
    PURGE_BEGUN = "purge.begun", "", "a purge of data from before this date started"
    PURGE_ENDED = (
        "purge.ended",
        "",
        "the purge ended, with the counts removed; if it is missing, the purge was interrupted",
    )

    def __init__(self, text: str, subject: str, meaning: str) -> None:
        self.text = text
        self.subject = subject
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An action of a user.

    `actor` is a user's name, or `os:` and the name of the operating system's user for the command line, or empty when
    the user is unknown. User names contain no colon, so the two can't be confused.
    """

    actor: str
    action: Action
    subject: str = ""
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event in the log. Numbers start at 1; `action` is text because later versions may add actions."""

    number: int
    at: datetime  # UTC
    actor: str
    action: str
    subject: str
    details: Details
    sha256: bytes  # covers this entry and the previous hash, see `chain.chain_entry`


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The number and hash of the last entry; 0 and `chain.GENESIS_HASH` for an empty log."""

    number: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Selects the entries that match every given field; `since` is inclusive, `until` exclusive."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None


class AuditSink(Protocol):
    """Takes events that are not part of another transaction."""

    def append(self, event: AuditEvent) -> None:
        """Returns once the entry is durable; on failure the caller must abort the action."""
        ...


class AuditStore(AuditSink, Protocol):
    def entries(self, criteria: EntryFilter, *, after: int, limit: int) -> Sequence[AuditEntry]:
        """At most `limit` matching entries with a number above `after`, oldest first.

        An entry that muster did not write in this form is returned as far as it can be read, with a hash that fails
        verification.
        """
        ...

    def latest_entries(
        self, criteria: EntryFilter, *, after: int = 0, below: int | None = None, limit: int
    ) -> Sequence[AuditEntry]:
        """As `entries`, newest first by time, and only what follows the entry `below` in this order."""
        ...

    def head(self) -> ChainHead | None:
        """The recorded end of the log; None when its row was deleted."""
        ...

    def is_guarded(self) -> bool:
        """Whether the triggers that reject changes of entries are in place."""
        ...
