"""The installation's code lists in the database."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, true, update

from muster.audit.events import AuditEvent
from muster.classifiers.entries import ClassifierEntry
from muster.storage.audit import append_event
from muster.storage.engine import write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.tables import classifier_entries, revisions

_OURS = revisions.c.name == "classifiers"  # the row that counts the changes
_entry = classifier_entries.c


class SqlClassifierStore:
    """The installation's own classifiers, a `ClassifierStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @scrub_errors
    def revision(self) -> int:
        """A number that grows with every change of any classifier; one row to read."""
        with self._engine.connect() as connection:
            revision: int = connection.execute(select(revisions.c.revision).where(_OURS)).scalar_one()
        return revision

    @scrub_errors
    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        """The revision and all entries that belong to it, in the order of classifier and then of code."""
        # One statement, so that both are of one moment.
        query = (
            select(revisions.c.revision, _entry.classifier, _entry.code, _entry.title)
            .select_from(revisions)
            .join(classifier_entries, true(), isouter=True)
            .where(_OURS)
            .order_by(_entry.classifier, _entry.code)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        found = [
            ClassifierEntry(classifier, code, title) for _, classifier, code, title in rows if classifier is not None
        ]
        return rows[0].revision, found

    @scrub_errors
    def write(self, entries: Sequence[ClassifierEntry], *, replace: bool, event: AuditEvent | None = None) -> None:
        """Adds the codes or gives them their new title; with `replace` the named classifiers hold no others.

        Of entries with the same code the last one counts. The event is kept in the audit log with them.
        """
        if not entries:
            return
        with write_transaction(self._engine) as connection:
            # First of all, since it locks the row: writers come one after the other.
            connection.execute(update(revisions).where(_OURS).values(revision=revisions.c.revision + 1))
            _remove(connection, entries, replace=replace)
            rows = {(e.classifier, e.code): e.title for e in entries}
            connection.execute(
                insert(classifier_entries),
                [{"classifier": name, "code": code, "title": title} for (name, code), title in rows.items()],
            )
            append_event(connection, event)


def _remove(connection: Connection, entries: Sequence[ClassifierEntry], *, replace: bool) -> None:
    if replace:
        of_classifier = delete(classifier_entries).where(_entry.classifier == bindparam("of"))
        connection.execute(of_classifier, [{"of": name} for name in sorted({e.classifier for e in entries})])
        return
    of_code = delete(classifier_entries).where(_entry.classifier == bindparam("of"), _entry.code == bindparam("its"))
    connection.execute(of_code, [{"of": e.classifier, "its": e.code} for e in entries])
