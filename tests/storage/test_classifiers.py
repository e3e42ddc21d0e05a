"""The installation's code lists in the database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from muster.classifiers.entries import ClassifierEntry, RevisionChangedError
from muster.storage import Storage


def fetch_codes(storage: Storage, classifier: str) -> dict[str, str]:
    return {entry.code: entry.title for entry in storage.classifiers.entries()[1] if entry.classifier == classifier}


def test_codes_are_added_and_titles_replaced(storage: Storage) -> None:
    storage.classifiers.write(
        [ClassifierEntry("businessUnit", "RIGA", "Rīga"), ClassifierEntry("businessUnit", "MAIN", "Head")],
        replace=False,
    )

    assert fetch_codes(storage, "businessUnit") == {"MAIN": "Head", "RIGA": "Rīga"}
    assert len(fetch_codes(storage, "addressType")) == 2


def test_replace_removes_other_codes_of_the_same_classifier(storage: Storage) -> None:
    storage.classifiers.write(
        [ClassifierEntry("legalForm", "NEW", "New"), ClassifierEntry("another", "X", "🦊'")], replace=True
    )

    assert fetch_codes(storage, "legalForm") == {"NEW": "New"}
    assert fetch_codes(storage, "another") == {"X": "🦊'"}
    assert fetch_codes(storage, "businessUnit") == {"MAIN": "Main business unit"}


def test_last_entry_of_a_code_wins(storage: Storage) -> None:
    storage.classifiers.write([ClassifierEntry("a", "X", "first"), ClassifierEntry("a", "X", "last")], replace=True)
    storage.classifiers.write([ClassifierEntry("a", "Y", "first"), ClassifierEntry("a", "Y", "last")], replace=False)

    assert fetch_codes(storage, "a") == {"X": "last", "Y": "last"}


def test_revision_grows_with_every_change(storage: Storage) -> None:
    before = storage.classifiers.revision()
    storage.classifiers.write([ClassifierEntry("a", "X", "x")], replace=False)
    storage.classifiers.write([ClassifierEntry("a", "X", "x")], replace=True)
    storage.classifiers.write([], replace=True)

    assert storage.classifiers.revision() == storage.classifiers.entries()[0] == before + 2


def test_entries_are_sorted_by_classifier_and_code(storage: Storage) -> None:
    storage.classifiers.write([ClassifierEntry("b", code, code) for code in ("é", "a", "Z", "_")], replace=False)

    _, entries = storage.classifiers.entries()
    keys = [(entry.classifier, entry.code) for entry in entries]
    assert keys == sorted(keys)


def test_concurrent_writes_lose_nothing(storage: Storage) -> None:
    def write(n: int) -> None:
        for attempt in range(5):
            storage.classifiers.write(
                [ClassifierEntry("a", f"{n}-{attempt}", ""), ClassifierEntry("a", "common", str(n))], replace=False
            )

    before = storage.classifiers.revision()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(fetch_codes(storage, "a")) == 41
    assert storage.classifiers.revision() == before + 40


def test_reader_never_sees_a_partial_change(storage: Storage) -> None:
    def write(n: int) -> None:
        storage.classifiers.write([ClassifierEntry("a", f"{code}", f"{n}") for code in range(20)], replace=True)

    def is_consistent(_: int) -> bool:
        revision, entries = storage.classifiers.entries()
        titles = {entry.title for entry in entries if entry.classifier == "a"}
        return len(titles) == 1 and titles == {str(revision)}

    def write_many() -> None:
        for n in range(first + 1, first + 28):
            write(n)

    first = storage.classifiers.revision() + 1
    write(first)
    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write_many)
        assert all(pool.map(is_consistent, range(60)))
        writer.result()


def test_a_change_of_a_revision_that_is_no_longer_current_is_refused(storage: Storage) -> None:
    previewed = storage.classifiers.revision()
    storage.classifiers.write([ClassifierEntry("a", "X", "x")], replace=False, revision=previewed)

    with pytest.raises(RevisionChangedError):
        storage.classifiers.write([ClassifierEntry("a", "X", "y")], replace=True, revision=previewed)
    with pytest.raises(RevisionChangedError):
        storage.classifiers.remove("a", ["X"], revision=previewed)
    assert fetch_codes(storage, "a") == {"X": "x"}
    assert storage.classifiers.revision() == previewed + 1
