"""The classifiers of a new installation."""

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from muster.classifiers.entries import ClassifierEntry


@cache
def default_entries() -> Sequence[ClassifierEntry]:
    """The packaged entries, in the order of the file."""
    text = files("muster.classifiers").joinpath("installation.csv").read_text(encoding="utf-8")
    return tuple(ClassifierEntry(**row) for row in csv.DictReader(text.splitlines()))
