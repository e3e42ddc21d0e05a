"""The installation's code lists in the database."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, true, update

from muster.audit.events import AuditEvent
from muster.classifiers.entries import ClassifierEntry, RevisionChangedError
from muster.storage.audit import append_event
from muster.storage.engine import Clock, read_own_clock, write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.tables import classifier_entries, revisions

_IS_CLASSIFIER_REVISION = revisions.c.name == "classifiers"
_ENTRY = classifier_entries.c

# The first statement of every change, because it locks the row: writers run one after the other.
_INCREMENT_REVISION = update(revisions).where(_IS_CLASSIFIER_REVISION).values(revision=revisions.c.revision + 1)


class SqlClassifierStore:
    """The installation's own classifiers, a `ClassifierStore`."""

    def __init__(self, engine: Engine, now: Clock = read_own_clock) -> None:
        self._engine = engine
        self._now = now

    @scrub_errors
    def revision(self) -> int:
        """A number that grows with every change of any classifier; reads one row."""
        with self._engine.connect() as connection:
            query = select(revisions.c.revision).where(_IS_CLASSIFIER_REVISION)
            revision: int = connection.execute(query).scalar_one()
        return revision

    @scrub_errors
    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        """The revision and all its entries, sorted by classifier and code."""
        # One statement, so that the revision and the entries are of the same snapshot.
        query = (
            select(revisions.c.revision, _ENTRY.classifier, _ENTRY.code, _ENTRY.title)
            .select_from(revisions)
            .join(classifier_entries, true(), isouter=True)
            .where(_IS_CLASSIFIER_REVISION)
            .order_by(_ENTRY.classifier, _ENTRY.code)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        entries = [
            ClassifierEntry(classifier, code, title) for _, classifier, code, title in rows if classifier is not None
        ]
        return rows[0].revision, entries

    @scrub_errors
    def write(
        self,
        entries: Sequence[ClassifierEntry],
        *,
        replace: bool,
        event: AuditEvent | None = None,
        revision: int | None = None,
    ) -> None:
        """Upserts codes; with `replace`, removes all other codes of the same classifiers.

        Of entries with the same code, the last one wins. The audit event is written in the same transaction. With
        `revision`, raises `RevisionChangedError` unless it is still the current one.
        """
        if not entries:
            return
        with write_transaction(self._engine) as connection:
            _increment_revision(connection, revision)
            _delete_entries(connection, entries, whole_classifiers=replace)
            rows = {(e.classifier, e.code): e.title for e in entries}
            connection.execute(
                insert(classifier_entries),
                [{"classifier": name, "code": code, "title": title} for (name, code), title in rows.items()],
            )
            append_event(connection, event, self._now)

    @scrub_errors
    def remove(
        self, classifier: str, codes: Sequence[str], *, event: AuditEvent | None = None, revision: int | None = None
    ) -> None:
        """Removes codes of one classifier. The audit event is written in the same transaction.

        `revision` is as in `write`.
        """
        with write_transaction(self._engine) as connection:
            _increment_revision(connection, revision)
            connection.execute(
                delete(classifier_entries).where(_ENTRY.classifier == classifier, _ENTRY.code.in_(codes))
            )
            append_event(connection, event, self._now)


def _increment_revision(connection: Connection, expected: int | None) -> None:
    statement = _INCREMENT_REVISION if expected is None else _INCREMENT_REVISION.where(revisions.c.revision == expected)
    if connection.execute(statement).rowcount == 0:
        raise RevisionChangedError


def _delete_entries(connection: Connection, entries: Sequence[ClassifierEntry], *, whole_classifiers: bool) -> None:
    statement = delete(classifier_entries).where(_ENTRY.classifier == bindparam("of_classifier"))
    if whole_classifiers:
        connection.execute(statement, [{"of_classifier": name} for name in sorted({e.classifier for e in entries})])
        return
    keys = [{"of_classifier": e.classifier, "of_code": e.code} for e in entries]
    connection.execute(statement.where(_ENTRY.code == bindparam("of_code")), keys)
