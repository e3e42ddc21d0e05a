"""The codes of classifiers with their titles, for commands that work without a database, too."""

from collections.abc import Mapping

from muster.classifiers.defaults import default_entries
from muster.classifiers.snapshot import ClassifierSnapshot
from muster.cli.context import open_command_storage


def read_titles(database: str | None) -> Mapping[str, Mapping[str, str]]:
    """The codes of the database if one is named, else those of a new installation: classifier -> code -> title."""
    if database is None:
        return ClassifierSnapshot.from_entries(0, default_entries()).titles
    with open_command_storage(database) as store:
        return ClassifierSnapshot.from_entries(*store.classifiers.entries()).titles
