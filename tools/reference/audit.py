"""The reference page of audited actions."""

from muster.audit.events import Action
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
`muster audit` lists the entries of the audit log, oldest first; `GET /api/v1/audit`, and the console under
`/console/audit`, give them to users with the role `audit`. `muster audit verify`, `GET /api/v1/audit/verification` and
the console verify that no entry was changed, removed or inserted: each entry has a SHA-256 hash of its content and of
the previous hash. Triggers in the database reject changes of entries.

An entry has a number, a time (UTC), an actor, an action, a subject and details. The actor is the name of a user, `os:`
and the name of the operating system's user for the command line, or empty for a failed authentication. A change and its
entry are committed in one transaction. A customer, results and refused rows are sent to a reader only after the entry
is committed.

Where a user of the API or of the console acts, the details have its `credential` (`password`, `oidc`, or `token:` or
`session:` and an id) and the client's `address`. Entries of refused requests are written apart from them, at most 60 a
minute and user; an entry with the detail `more` has the number of the others."""


def page() -> str:
    rows = ((code(action.text), action.subject, action.meaning) for action in Action)
    return document("Audit log", _INTRODUCTION, table(("action", "subject", "when"), rows))
