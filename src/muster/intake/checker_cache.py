"""The checker for the current classifiers."""

from muster.classifiers.snapshot import ClassifierCache
from muster.customer import Checker


class CheckerCache:
    """Compiles the checker again when the classifiers have changed. Threads may share it."""

    def __init__(self, classifiers: ClassifierCache) -> None:
        self._classifiers = classifiers
        self._compiled: tuple[int, Checker] | None = None  # with the revision of its classifiers

    def current(self) -> Checker:
        """The checker. Raises the errors of the store when the classifiers have to be read."""
        snapshot = self._classifiers.current()
        compiled = self._compiled
        if compiled is None or compiled[0] != snapshot.revision:
            compiled = self._compiled = snapshot.revision, Checker.of(snapshot.codes)
        return compiled[1]
