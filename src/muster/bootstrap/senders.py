"""Senders that are no users of a request: an operator with all business units."""

from dataclasses import dataclass
from typing import Final

from muster.storage import Storage

# The first of several units is the default one of a sender. An operator has none: which unit a customer without one
# belongs to can't be guessed.
_NO_DEFAULT_UNIT: Final = ""


@dataclass(frozen=True, slots=True)
class LoadSender:
    """Who sends customers. The first of `business_units` is the default one."""

    name: str
    business_units: tuple[str, ...]


def make_operator(store: Storage, name: str) -> LoadSender:
    """The operator of this name, who may use all units. Raises the errors of the storage."""
    units = sorted(entry.code for entry in store.classifiers.entries()[1] if entry.classifier == "businessUnit")
    return LoadSender(name, (_NO_DEFAULT_UNIT, *units) if len(units) > 1 else tuple(units))
