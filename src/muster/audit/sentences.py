"""A sentence for each entry of the audit log, for people. All its texts stand here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muster.audit.events import Action, AuditEntry
from muster.audit.export import escape_unprintable

# What the actor did. `{subject}` and the names of details stand for their values; an absent one for nothing.
_PHRASES: Final[Mapping[Action, str]] = {
    Action.SIGN_IN_REFUSED: "failed to authenticate as {subject}",
    Action.SESSION_STARTED: "signed in to the console with the session {subject}",
    Action.SESSION_ENDED: "ended the session {subject}",
    Action.USER_ADDED: "added the user {subject}",
    Action.USER_CHANGED: "changed the roles and business units of the user {subject}",
    Action.USER_DISABLED: "disabled the user {subject}",
    Action.USER_ENABLED: "enabled the user {subject}",
    Action.USER_PASSWORD: "set the password of the user {subject}",
    Action.TOKEN_CREATED: "created the token {subject} of the user {user}",
    Action.TOKEN_REVOKED: "revoked the token {subject} of the user {user}",
    Action.CLASSIFIERS_IMPORTED: "added codes to {subject}",
    Action.CLASSIFIER_CODES_REMOVED: "removed codes from {subject}",
    Action.CUSTOMER_READ: "read the customer {subject} of {businessUnit}",
    Action.HISTORY_READ: "read the history of the customer {subject} of {businessUnit}",
    Action.HISTORY_VALUES_READ: "read the history of the customer {subject} of {businessUnit} with its values",
    Action.RESULTS_READ: "read {results} results of the batch {subject}",
    Action.REJECTIONS_READ: "read rejections of {subject}",
    Action.REJECTIONS_EXPORTED: "downloaded rejections of {subject}",
    Action.CODE_USES_READ: "looked which customers use codes of {subject}",
    Action.READ_REFUSED: "asked for what it may not see: {resource} {subject}",
    Action.AUDIT_READ: "read the audit log",
    Action.LOAD_STARTED: "started the load {subject}",
    Action.LOAD_CANCELLED: "cancelled the load {subject}",
    Action.LOAD_ENDED: "ended the load {subject}",
    Action.REFUSED_ROWS_READ: "downloaded the refused rows of the load {subject}",
    Action.FIRST_REFUSED_ROWS_READ: "read the first refused rows of the load {subject}",
    Action.LOAD_RESULTS_READ: "downloaded the results of the load {subject}",
    Action.MAPPING_SAVED: "saved the mapping {subject}",
    Action.MAPPING_DELETED: "deleted the mapping {subject}",
    Action.LOADS_PURGED: "deleted refused rows and abandoned uploads that were kept long enough",
    Action.BACKUP_MADE: "backed up the database",
    Action.PURGE_BEGUN: "began to purge data from before {before}",
    Action.PURGE_ENDED: "ended the purge of data from before {before}",
}
_PHRASES_BY_TEXT: Final = {action.text: phrase for action, phrase in _PHRASES.items()}
_MORE: Final = "caused {more} more entries of the kind {action}, which were not written one by one"
# Names of details in words.
_DETAILS: Final[Mapping[str, str]] = {
    "businessUnits": "business units",
    "expiresAt": "expires at",
    "dryRun": "dry run",
    "role": "roles",
}
_SUBJECT: Final = "{subject}"
_CREDENTIAL_KIND: Final = re.compile("^(token|session):")
_UNKNOWN_ACTOR: Final = "somebody"
_UNKNOWN_SUBJECT: Final = {
    Action.SIGN_IN_REFUSED.text: "an unknown user or token",
    Action.REJECTIONS_READ.text: "several customers",
    Action.REJECTIONS_EXPORTED.text: "several customers",
}


@dataclass(frozen=True, slots=True)
class EntryDescription:
    """An entry in words: who did what, and how. All texts are without control characters; an absent one is empty.

    What was done is `before`, `subject` and `after`. `details` are the names and values that do not stand there.
    """

    actor: str
    before: str
    subject: str
    after: str
    details: Sequence[tuple[str, str]]
    address: str
    credential: str


def describe_parts(entry: AuditEntry) -> EntryDescription:
    """The words for an entry."""
    details = {name: _format_value(value) for name, value in entry.details.items()}
    phrase = _MORE if "more" in details else _PHRASES_BY_TEXT.get(entry.action, "{action} {subject}")
    values = _Values(details, action=entry.action)
    before, _, after = (_fill(part, values) for part in phrase.partition(_SUBJECT))
    rest = {name: value for name, value in details.items() if f"{{{name}}}" not in phrase}
    address, credential = rest.pop("address", ""), rest.pop("credential", "")
    subject = entry.subject or _UNKNOWN_SUBJECT.get(entry.action, "")
    return EntryDescription(
        escape_unprintable(entry.actor or _UNKNOWN_ACTOR),
        before,
        escape_unprintable(subject) if _SUBJECT in phrase else "",
        after,
        [(escape_unprintable(_DETAILS.get(name, name)), escape_unprintable(value)) for name, value in rest.items()],
        escape_unprintable(address),
        escape_unprintable(_CREDENTIAL_KIND.sub(r"the \1 ", credential)),
    )


def describe_entry(entry: AuditEntry) -> str:
    """Who did what to what, when, and from where: one line without control characters."""
    words = describe_parts(entry)
    parts = [
        entry.at.strftime("%Y-%m-%d %H:%M:%SZ"),
        words.actor,
        words.before,
        words.subject,
        words.after,
        f"({', '.join(f'{name} {value}' for name, value in words.details)})" if words.details else "",
        f"from {words.address}" if words.address else "",
        f"with {words.credential}" if words.credential else "",
    ]
    return f"{entry.number}  " + " ".join(part for part in parts if part)


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _fill(words: str, values: _Values) -> str:
    return escape_unprintable(" ".join(filter(None, (word.format_map(values) for word in words.split()))))


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
