"""Mappings that users save under a name, and find again by the header of a file.

All users who load files share them. A mapping holds names of columns and fields, texts of cells of code lists, and
constants; the latter are the only values of customers that it may have.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec

from muster.audit.events import Action, AuditEvent
from muster.auth.user_events import build_user_event
from muster.auth.users import User
from muster.loads.refused_rows import REFUSED_COLUMNS

MAX_NAME_LENGTH: Final = 80
# A mapping of 200 columns, with its value maps, has some 30 KB.
MAX_SAVED_BYTES: Final = 256 * 1024
MAX_SAVED: Final = 500
MAX_FOUND: Final = 20  # for one header


class UnsavableMappingError(Exception):
    """The mapping can't be saved: its name, its size, or the number of those that are saved. The text says why."""


@dataclass(frozen=True, slots=True)
class MappingInfo:
    """The name of a saved mapping, and who saved it last."""

    name: str
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class SavedMapping(MappingInfo):
    """The same with the digest of the header that it is for, and the mapping in its JSON shape."""

    header_sha256: bytes
    mapping: Mapping[str, Any]


class MappingStore(Protocol):
    def find_mappings(self, header_sha256: bytes, *, limit: int) -> Sequence[SavedMapping]:
        """The mappings for a header, the last saved one first."""
        ...

    def list_mappings(self) -> Sequence[MappingInfo]:
        """All of them by name."""
        ...

    def save_mapping(self, saved: SavedMapping, event: AuditEvent, *, max_saved: int) -> bool:
        """Replaces the mapping of the same name. False when that would be one too many."""
        ...

    def delete_mapping(self, name: str, event: AuditEvent) -> bool:
        """False when there is none of this name."""
        ...


class SavedMappings:
    """The saved mappings of the installation."""

    def __init__(
        self,
        store: MappingStore,
        *,
        max_saved: int = MAX_SAVED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._max_saved = max_saved
        self._now = now

    def find(self, header: Sequence[str]) -> Sequence[SavedMapping]:
        """The mappings for files with these columns, the last saved one first."""
        return self._store.find_mappings(hash_header(header), limit=MAX_FOUND)

    def list(self) -> Sequence[MappingInfo]:
        return self._store.list_mappings()

    def save(self, name: str, header: Sequence[str], mapping: Mapping[str, Any], user: User) -> None:
        """Saves a mapping, which replaces one of the same name. Raises `UnsavableMappingError`."""
        if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
            raise UnsavableMappingError(f"a name has 1 to {MAX_NAME_LENGTH} letters, digits, signs and blanks")
        if len(msgspec.json.encode(mapping)) > MAX_SAVED_BYTES:
            raise UnsavableMappingError(f"a saved mapping has at most {MAX_SAVED_BYTES // 1024} KiB")
        saved = SavedMapping(name, user.name, self._now(), hash_header(header), mapping)
        event = build_user_event(user, Action.MAPPING_SAVED, name)
        if not self._store.save_mapping(saved, event, max_saved=self._max_saved):
            raise UnsavableMappingError(f"{self._max_saved} mappings are saved; delete one first")

    def delete(self, name: str, user: User) -> bool:
        return self._store.delete_mapping(name, build_user_event(user, Action.MAPPING_DELETED, name))


def hash_header(header: Sequence[str]) -> bytes:
    """The digest of the names of the columns: their order, and the columns of refused rows, do not count."""
    names = sorted({name.strip() for name in header} - {"", *REFUSED_COLUMNS})
    return hashlib.sha256("\0".join(names).encode(errors="replace")).digest()
