"""The classifiers of a new installation."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from muster.classifiers.entries import ClassifierEntry, parse_entries


@cache
def default_entries() -> Sequence[ClassifierEntry]:
    """The packaged entries, in the order of the file."""
    return parse_entries(files("muster.classifiers").joinpath("installation.csv").read_text(encoding="utf-8"))
