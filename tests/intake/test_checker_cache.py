"""The checker follows the classifiers, and is compiled only when they change."""

from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import ClassifierCache
from muster.intake.checker_cache import CheckerCache
from tests.classifiers.fakes import MemoryClassifierStore
from tests.events import some_event
from tests.samples import make_entries


def test_checker_is_compiled_again_when_a_code_is_added() -> None:
    store = MemoryClassifierStore(make_entries())
    checkers = CheckerCache(ClassifierCache(store, refresh_seconds=0))
    first = checkers.current()
    assert checkers.current() is first
    store.write([ClassifierEntry("businessUnit", "SOUTH", "South")], replace=False, event=some_event())
    assert checkers.current().business_units == {"MAIN", "SOUTH"}
