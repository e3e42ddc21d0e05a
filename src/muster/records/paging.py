"""Pages of a longer list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item, Key]):
    """Some items, and the key with which the next page continues: None when there are no more items."""

    items: Sequence[Item]
    next: Key | None
