"""What the service says of a load."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

# States that a load never leaves.
_FINAL_STATES: Final = frozenset({"completed", "failed", "cancelled"})


class RefusedCode(msgspec.Struct, rename="camel"):
    """How many rows of a file were refused with this code, its text, and where the first of them is.

    `cell` names the cell as a spreadsheet does, `Q17`.
    """

    code: str
    count: int
    description: str
    first_row: int
    cell: str | None = None


class LoadInfo(msgspec.Struct, rename="camel"):
    """The state of a load: a file that the service takes in.

    `state` is `receiving`, `waiting`, `running`, `completed`, `failed` or `cancelled`. All times are UTC. `problem`
    says why a load failed. `has_refused` says whether there are refused rows that can be downloaded.
    """

    id: UUID
    name: str
    state: str
    dry_run: bool = False
    sender: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    format: str | None = None
    size: int | None = None
    bytes_read: int = 0
    sha256: str | None = None
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    warnings: int = 0
    rows_per_second: float | None = None
    codes: tuple[RefusedCode, ...] = ()
    problem: str | None = None
    has_refused: bool = False
    options: dict[str, Any] = {}

    @property
    def is_final(self) -> bool:
        """Whether the load has ended, in whatever way."""
        return self.state in _FINAL_STATES

    def __repr__(self) -> str:
        # Without the file's name and the texts, which may tell of customers.
        return f"LoadInfo(id={self.id}, state={self.state}, rows={self.rows}, refused={self.refused})"
