from concurrent.futures import ThreadPoolExecutor

from muster.classifiers.entries import ClassifierEntry
from muster.storage import Storage


def codes(store: Storage, classifier: str) -> dict[str, str]:
    return {entry.code: entry.title for entry in store.classifiers.entries()[1] if entry.classifier == classifier}


def test_codes_are_added_and_given_new_titles(store: Storage) -> None:
    store.classifiers.write(
        [ClassifierEntry("businessUnit", "RIGA", "Rīga"), ClassifierEntry("businessUnit", "MAIN", "Head")],
        replace=False,
    )

    assert codes(store, "businessUnit") == {"MAIN": "Head", "RIGA": "Rīga"}
    assert len(codes(store, "addressType")) == 2


def test_a_replaced_classifier_holds_the_new_codes_and_no_others(store: Storage) -> None:
    store.classifiers.write(
        [ClassifierEntry("legalForm", "NEW", "New"), ClassifierEntry("another", "X", "🦊'")], replace=True
    )

    assert codes(store, "legalForm") == {"NEW": "New"}
    assert codes(store, "another") == {"X": "🦊'"}
    assert codes(store, "businessUnit") == {"MAIN": "Main business unit"}


def test_of_entries_with_one_code_the_last_counts(store: Storage) -> None:
    store.classifiers.write([ClassifierEntry("a", "X", "first"), ClassifierEntry("a", "X", "last")], replace=True)
    store.classifiers.write([ClassifierEntry("a", "Y", "first"), ClassifierEntry("a", "Y", "last")], replace=False)

    assert codes(store, "a") == {"X": "last", "Y": "last"}


def test_the_revision_grows_with_every_change(store: Storage) -> None:
    before = store.classifiers.revision()
    store.classifiers.write([ClassifierEntry("a", "X", "x")], replace=False)
    store.classifiers.write([ClassifierEntry("a", "X", "x")], replace=True)
    store.classifiers.write([], replace=True)

    assert store.classifiers.revision() == store.classifiers.entries()[0] == before + 2


def test_entries_come_by_classifier_and_code(store: Storage) -> None:
    store.classifiers.write([ClassifierEntry("b", code, code) for code in ("é", "a", "Z", "_")], replace=False)

    _, entries = store.classifiers.entries()
    keys = [(entry.classifier, entry.code) for entry in entries]
    assert keys == sorted(keys)


def test_concurrent_writers_lose_nothing(store: Storage) -> None:
    def write(n: int) -> None:
        for turn in range(5):
            store.classifiers.write(
                [ClassifierEntry("a", f"{n}-{turn}", ""), ClassifierEntry("a", "common", str(n))], replace=False
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(codes(store, "a")) == 41
    assert store.classifiers.revision() == 41


def test_readers_never_see_half_of_a_change(store: Storage) -> None:
    def write(n: int) -> None:
        store.classifiers.write([ClassifierEntry("a", f"{code}", f"{n}") for code in range(20)], replace=True)

    def looked_up(_: int) -> bool:
        revision, entries = store.classifiers.entries()
        titles = {entry.title for entry in entries if entry.classifier == "a"}
        return len(titles) == 1 and titles == {str(revision)}

    def write_many() -> None:
        for n in range(3, 30):
            write(n)

    write(2)
    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write_many)
        assert all(pool.map(looked_up, range(60)))
        writer.result()
