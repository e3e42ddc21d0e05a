"""The page of all entries of the audit log."""

from muster.audit.events import Action
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
`muster audit` lists the entries of the audit log, oldest first, and `muster audit verify` checks that none was changed,
removed or put in: each has the SHA-256 of itself and of the hash before it. The database refuses changes of entries.

An entry has a number, a time (UTC), an actor, an action, a subject and details. The actor is a user, `os:` and the
operating system's name for whoever used the command line, or empty for wrong credentials. What is changed and the entry
that tells it are kept together or not at all, and a customer is given to a reader when the entry is kept."""


def page() -> str:
    rows = ((code(action.text), action.subject, action.meaning) for action in Action)
    return document("Audit log", _INTRODUCTION, table(("action", "subject", "when"), rows))
