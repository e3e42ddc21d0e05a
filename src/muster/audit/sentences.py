"""A sentence for each entry of the audit log, for people. All its texts stand here."""

from collections.abc import Mapping, Sequence
from typing import Final

from muster.audit.events import Action, AuditEntry
from muster.audit.export import escape_unprintable

# What the actor did. `{subject}` and the names of details stand for their values; an absent one for nothing.
_PHRASES: Final[Mapping[Action, str]] = {
    Action.SIGN_IN_REFUSED: "failed to authenticate as {subject}",
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
    Action.READ_REFUSED: "asked for what it may not see: {resource} {subject}",
    Action.AUDIT_READ: "read the audit log",
    Action.LOAD_STARTED: "started the load {subject}",
    Action.LOAD_CANCELLED: "cancelled the load {subject}",
    Action.LOAD_ENDED: "ended the load {subject}",
    Action.REFUSED_ROWS_READ: "downloaded the refused rows of the load {subject}",
    Action.LOAD_RESULTS_READ: "downloaded the results of the load {subject}",
    Action.LOADS_PURGED: "deleted refused rows and abandoned uploads that were kept long enough",
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
_UNKNOWN_ACTOR: Final = "somebody"
_UNKNOWN_SUBJECT: Final = {
    Action.SIGN_IN_REFUSED.text: "an unknown user or token",
    Action.REJECTIONS_READ.text: "several customers",
}


def describe_entry(entry: AuditEntry) -> str:
    """Who did what to what, when, and from where: one line without control characters."""
    details = {name: _format_value(value) for name, value in entry.details.items()}
    phrase = _MORE if "more" in details else _PHRASES_BY_TEXT.get(entry.action, "{action} {subject}")
    subject = entry.subject or _UNKNOWN_SUBJECT.get(entry.action, "")
    values = _Values(details, subject=subject, action=entry.action)
    said = " ".join(filter(None, (word.format_map(values) for word in phrase.split())))
    rest = {name: value for name, value in details.items() if f"{{{name}}}" not in phrase}
    address, credential = rest.pop("address", ""), rest.pop("credential", "")
    parts = [
        entry.at.strftime("%Y-%m-%d %H:%M:%SZ"),
        entry.actor or _UNKNOWN_ACTOR,
        said,
        f"({', '.join(f'{_DETAILS.get(name, name)} {value}' for name, value in rest.items())})" if rest else "",
        f"from {address}" if address else "",
        f"with {credential.replace('token:', 'the token ')}" if credential else "",
    ]
    return escape_unprintable(f"{entry.number}  " + " ".join(part for part in parts if part))


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
